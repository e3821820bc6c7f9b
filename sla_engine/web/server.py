"""The web as a role of a process, beside those that sweep and follow."""

import gc
import sys
from collections.abc import Callable

from sla_engine.serving.role import WEB, Role, in_time
from sla_engine.serving.site import Shared
from sla_engine.web.app import create_app
from sla_engine.web.doorkeeper import Doorkeeper
from sla_engine.web.house import House

_TURN_S = 0.000_5
"""How long the writer may keep the loop waiting for its turn: with Python's own 5 ms, half of what
could be answered a second is not."""


class _Answering:
    """What is left when no more requests come: what the writer has accepted."""

    name = WEB
    alive = True
    trouble = ""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._close: Callable[[], None] = lambda: None

    def start(self) -> None:
        sys.setswitchinterval(_TURN_S)
        house = house_of(self._shared)
        self._shared.bell.on_moved.append(house.moved)
        self._close = house.close
        self._shared.app = create_app(house)
        # Rules, routes and modules are there for good; to go through them again and again for
        # cycles would hold up every request for a tenth of a second at a time.
        gc.collect()
        gc.freeze()

    def ask_to_stop(self) -> None:
        """Requests under way are answered; streams end, and the endpoint closes last."""
        self._close()

    def join(self, patience: float) -> bool:
        return in_time(self._shared.writer.close, patience)


def web(shared: Shared) -> Role:
    """API and console."""
    return Role(WEB, [_Answering(shared)], {})


def house_of(shared: Shared) -> House:
    """The house of a process."""
    engine = shared.engine
    return House(engine, shared.writer.submit, Doorkeeper(engine.access, shared.settings))
