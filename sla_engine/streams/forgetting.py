"""Erasures reach Redis: who is erased in the log is forgotten in letters and answers as well.

The log says who was erased, so that it is made up for when Redis was away at the time, and again
for what was buried just afterwards.
"""

from collections.abc import Set

from sla_engine.clock import Clock
from sla_engine.petition.events import Registered
from sla_engine.ports import Log
from sla_engine.streams.letters import DAY_S, Letters, Whom

_EVERY_S = 60.0
_SUBJECTS = "subject/"


class Forgetter:
    """`step` is called from time to time by one thread. `keep_s`: how long letters are kept, after
    which an erasure has nothing more to find."""

    def __init__(self, log: Log, letters: Letters, clock: Clock, keep_s: int = 14 * DAY_S) -> None:
        self._log = log
        self._letters = letters
        self._clock = clock
        # What was on its way when its petitioner was erased may be buried a little later.
        self._reach = 2 * keep_s * 1_000_000
        self._settled: set[str] = set()

    def step(self) -> float:
        """Forget whoever was erased lately; returns the seconds until it is worth while again.

        Raises errors.Unavailable.
        """
        if erased := self._erased():
            self._letters.remove(lambda whom: self._is_about(whom, erased))
        return _EVERY_S

    def _erased(self) -> Set[str]:
        since, lately = self._clock.now() - self._reach, set()
        for stream in [*self._log.streams(_SUBJECTS)]:
            if stream not in self._settled:
                if self._log.read(stream)[-1].meta.recorded_at < since:
                    self._settled.add(stream)
                else:
                    lately.add(stream.removeprefix(_SUBJECTS))
        return lately

    def _is_about(self, whom: Whom, erased: Set[str]) -> bool:
        """Whether it names one of them, or is about a petition of theirs."""
        return any(map(whom.names, erased)) or self._petitioner(whom.stream) in erased

    def _petitioner(self, stream: str) -> str:
        opening = [each.event for each in self._log.read(stream)[:1]] if stream else []
        return opening[0].petitioner if opening and isinstance(opening[0], Registered) else ""
