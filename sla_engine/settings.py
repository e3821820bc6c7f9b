"""What an operator may set. Values come from arguments, then the environment, then defaults."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Self

from sla_engine.errors import Fault, Refusal, register

SETTING_WRONG = register(
    "SETTING_WRONG",
    "设置 {where} 的值 {found} 不对：应为{allowed}",
    "the value {found} of {where} is not right: it should be {allowed}",
)

PREFIX = "SLA_ENGINE_"


@dataclass(frozen=True, slots=True)
class Settings:
    """`store`: a path (SQLite), a `postgresql://` address (`?schema=` unless "public"), or a file
    of regions (`.toml`), which can only be read. `redis`: a `redis://` address; "" does without.

    `tolerance_s`: how far ahead of us a source's clock may be. `line_limit`: bytes of one line.

    `batch`: submissions per transaction; `sweep_limit`: dossiers per transaction of a sweep, which
    is also how long every other writer waits; `busy_s`: how long a writer waits for its turn.
    `short_term_s`: how long a term may be, nominally, that is swept before longer ones.

    `erasures`: file of the register of erasures; "": beside an SQLite store. `intake`: name of the
    Redis stream that facts come by. `delivery`: file of endpoints; "": nothing is delivered.

    `probe_s`: how often a process looks after itself; `ready_lag_s`: how far behind its followers
    may be while it counts as ready; `clocks_s`: how far apart two clocks may be; `stop_s`: how long
    a process that is told to stop may take to finish what it began.
    """

    store: str = "sla-engine.sqlite"
    redis: str = ""
    tolerance_s: int = 120
    line_limit: int = 1_048_576
    batch: int = 200
    sweep_limit: int = 100
    busy_s: float = 30.0
    short_term_s: int = 86_400
    erasures: str = ""
    intake: str = "sla-engine:{intake}"
    delivery: str = ""
    probe_s: float = 2.0
    ready_lag_s: float = 60.0
    clocks_s: float = 30.0
    stop_s: float = 20.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Defaults overridden by SLA_ENGINE_STORE, SLA_ENGINE_BATCH and so on."""
        settings, faults = cls(), []
        for field in fields(cls):
            text = environment.get(PREFIX + field.name.upper())
            if text is not None:
                kind = type(getattr(settings, field.name))
                try:
                    settings = replace(settings, **{field.name: kind(text)})
                except ValueError:
                    faults.append(
                        Fault(SETTING_WRONG, PREFIX + field.name.upper(), text, kind.__name__)
                    )
        if faults:
            raise Refusal(faults)
        return settings
