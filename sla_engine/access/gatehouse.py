"""Everything about who may come in, of one log."""

from collections.abc import Callable
from dataclasses import dataclass

from sla_engine.access.chance import Chance, of_machine
from sla_engine.access.doors import Doors, Patience
from sla_engine.access.passwords import Passwords
from sla_engine.access.registrar import Registrar
from sla_engine.access.rights import Rights
from sla_engine.access.sessions import Lengths, Sessions
from sla_engine.access.table import Table, shipped
from sla_engine.ports import Log, Vault
from sla_engine.record import Instant


@dataclass(frozen=True, slots=True)
class Gatehouse:
    """`table`: who may do what; `rights`: accounts and keys as they stand; `registrar`: changes
    them; `doors`: lets people and systems in."""

    table: Table
    rights: Rights
    registrar: Registrar
    doors: Doors


def gatehouse(
    log: Log,
    vault: Vault,
    now: Callable[[], Instant],
    *,
    lengths: Lengths,
    patience: Patience,
    passwords: Passwords | None = None,
    chance: Chance = of_machine,
) -> Gatehouse:
    """All of it, joined."""
    table = shipped()
    rights = Rights(log, table)
    hashes = passwords or Passwords()
    registrar = Registrar(log, vault=vault, rights=rights, passwords=hashes, now=now, chance=chance)
    sessions = Sessions(vault, chance, lengths)
    doors = Doors(
        registrar, rights=rights, vault=vault, passwords=hashes, sessions=sessions,
        patience=patience, now=now,
    )  # fmt: skip
    return Gatehouse(table, rights, registrar, doors)
