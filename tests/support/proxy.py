"""A TCP proxy on loopback that loses, delays and cuts what goes through it."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import Self

_CHUNK = 1 << 16


class Fate(StrEnum):
    """What becomes of a piece of what the server answers."""

    PASS = "pass"
    LOSE = "lose"
    """It never arrives, and the connection is cut: the request was carried out all the same."""
    SWALLOW = "swallow"
    """It never arrives, and the connection stays open in silence."""


def always(_: bytes) -> Fate:
    return Fate.PASS


class Proxy:
    """Stands before the server at `target`, a port of this machine. `fate` is asked about every
    piece that the server sends; `delay_s` passes before each. Use it as a context manager."""

    def __init__(self, target: int, fate: Callable[[bytes], Fate] = always) -> None:
        self.target = target
        self.fate = fate
        self.delay_s = 0.0
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """End every connection there is; new ones are accepted."""
        for each in [*self._open]:
            self._end(each)

    def _accept(self) -> None:
        while not self._closing.is_set():
            with suppress(OSError):
                client, _ = self._listener.accept()
                self._open.add(client)
                self._join(client)

    def _join(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            self._end(client)
            return
        self._open.add(server)
        for source, sink, fate in ((client, server, always), (server, client, self._fate)):
            threading.Thread(target=self._pump, args=(source, sink, fate), daemon=True).start()

    def _fate(self, piece: bytes) -> Fate:
        if self.delay_s:
            self._closing.wait(self.delay_s)
        return self.fate(piece)

    def _pump(
        self, source: socket.socket, sink: socket.socket, fate: Callable[[bytes], Fate]
    ) -> None:
        with suppress(OSError):
            while piece := source.recv(_CHUNK):
                decided = fate(piece)
                if decided is Fate.LOSE:
                    break
                if decided is Fate.PASS:
                    sink.sendall(piece)
        self._end(source)
        self._end(sink)

    def _end(self, each: socket.socket) -> None:
        self._open.discard(each)
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
