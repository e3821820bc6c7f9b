"""A lock that is handed on in the order of asking."""

from collections import deque
from threading import Lock


class FairLock:
    """Like `threading.Lock`, but a thread that asks again at once waits behind those who asked
    before: a sweep of many batches must not keep a command out until it is done."""

    def __init__(self) -> None:
        self._mutex = Lock()
        self._held = False
        self._waiting: deque[Lock] = deque()

    def acquire(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds; False if the turn did not come."""
        with self._mutex:
            if not self._held:
                self._held = True
                return True
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=timeout):
            return True
        with self._mutex:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        # It was handed over between the timeout and here.
        return True

    def release(self) -> None:
        """Hand on to whoever has waited longest."""
        with self._mutex:
            assert self._held, "only a held lock is released"
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False
