"""What an operator may set. Values come from arguments, then the environment, then defaults."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
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

    `probes_from`: networks from which /health/ready and /metrics are told where the web is served
    at the same port, "*": any. `proxies`: addresses of reverse proxies whose word for who asks is
    taken.

    `origin`: the address that browsers know the console by, where it is not the one they connect
    to; if it begins with https, cookies are sent over nothing else. `session_idle_s`: how long a
    login lasts unused, `session_s`: at most. After `login_failures` of one account or
    `address_failures` from one address no login is heard for `lockout_s`. `password_length`: of
    the shortest password. `rate_key`, `rate_address`, `rate_guess`: requests a minute of one key,
    of one address without a key, and of one address to where codes and passwords could be guessed;
    0: any number. `oidc_issuer`, `oidc_client`, `oidc_secret`: the OIDC provider that vouches for
    people; "": none. `oidc_claim`: what it says of them that accounts are known by.

    `open311`: the policy pack whose kinds of petition are services under /open311/v2, where whoever
    asks may read how the petitions stand that came that way; "": there is no such interface.
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
    probes_from: str = "127.0.0.0/8,::1"
    proxies: str = ""
    body_limit: int = 8_388_608
    batch_limit: int = 1_000
    streams_limit: int = 200
    origin: str = ""
    session_idle_s: int = 1_800
    session_s: int = 43_200
    login_failures: int = 5
    address_failures: int = 50
    lockout_s: int = 1_800
    password_length: int = 10
    rate_key: int = 300_000
    rate_address: int = 12_000
    rate_guess: int = 60
    oidc_issuer: str = ""
    oidc_client: str = ""
    oidc_secret: str = field(default="", repr=False)
    oidc_claim: str = "preferred_username"
    open311: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Defaults overridden by SLA_ENGINE_STORE, SLA_ENGINE_BATCH and so on."""
        settings, faults = cls(), []
        for each in fields(cls):
            text = environment.get(PREFIX + each.name.upper())
            if text is not None:
                kind = type(getattr(settings, each.name))
                try:
                    settings = replace(settings, **{each.name: kind(text)})
                except ValueError:
                    faults.append(
                        Fault(SETTING_WRONG, PREFIX + each.name.upper(), text, kind.__name__)
                    )
        if not settings.store:
            faults.append(Fault(SETTING_WRONG, PREFIX + "STORE", "", "a file or postgresql://…"))
        if faults:
            raise Refusal(faults)
        return settings
