"""Keys of systems at the machine itself, where they take effect at once."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sla_engine.cli.desk import Desk, command, group
from sla_engine.cli.options import ByOption, LimitOption, ReasonOption, checked, within

if TYPE_CHECKING:
    from sla_engine.access.key import Key
    from sla_engine.cli.lists import Column

app = group("key", "密钥 · Keys by which other systems come in.")

_DAY = 86_400_000_000


@command(app, "list", help="目录 · Every key: what it is for, until when, when it was last used.")
def list_(desk: Desk, limit: LimitOption = 1000) -> None:
    from sla_engine.cli.lists import show

    with desk.engine() as engine:
        used = engine.access.doors.last_used()
        rows = [_row(each, used.get(each.id, 0)) for each in engine.access.rights.all_keys()]
    show(desk.voice, "密钥 keys", rows, _columns(), checked(limit))


@command(app, "issue", help="签发 · Make a key. It is printed once and kept nowhere.")
def issue(
    desk: Desk,
    *,
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Under which its facts are recorded.")
    ],
    scope: Annotated[
        list[str],
        typer.Option("--scope", metavar="PERMISSION", help="What it is for: facts:append, …"),
    ],
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="Whose key it is.")] = "",
    days: Annotated[int, typer.Option("--days", metavar="N", help="Days it is valid.")] = 365,
    network: Annotated[
        list[str] | None,
        typer.Option("--network", metavar="CIDR", help="From where alone it may be used."),
    ] = None,
    by: ByOption = "",
) -> None:
    from sla_engine.access.registrar import Wanted, at_machine

    within(days, "--days", 1, 3_650)
    with desk.engine() as engine:
        until = engine.clock.now() + days * _DAY
        wanted = Wanted(title or source, source, scope, until, network or ())
        issued = engine.access.registrar.issue(wanted, at_machine(by))
    if desk.voice.json:
        desk.voice.document({"id": issued.id, "key": issued.text})
    else:
        desk.voice.read([f"密钥 key {issued.text}"])


@command(app, "revoke", help="撤销 · Have a key no effect any more.")
def revoke(
    desk: Desk,
    id_: Annotated[str, typer.Argument(metavar="ID", help="As `key list` shows it.")],
    reason: ReasonOption = "",
    by: ByOption = "",
) -> None:
    from sla_engine.access.registrar import at_machine

    with desk.engine() as engine:
        engine.access.registrar.revoke(id_, reason, at_machine(by))
        row = _row(engine.access.rights.key(id_), 0)
    if desk.voice.json:
        desk.voice.document(row)
    else:
        desk.voice.read([f"密钥 key {id_} · {row['state']}"])


def _row(key: "Key", used: int) -> dict[str, Any]:
    from sla_engine.showing.plain import rfc3339

    return {
        "id": key.id,
        "title": key.title,
        "source": key.source,
        "state": key.state,
        "scopes": list(key.scopes),
        "networks": list(key.networks),
        "expires": rfc3339(key.expires_at or None),
        "last_used": rfc3339(used or None),
    }


def _columns() -> "list[Column]":
    from sla_engine.cli.lists import Column

    return [
        Column("编号 id", lambda row: row["id"]),
        Column("来源 source", lambda row: row["source"]),
        Column("用途 title", lambda row: row["title"]),
        Column("状态 state", lambda row: row["state"]),
        Column("权限 scopes", lambda row: row["scopes"]),
        Column("到期 expires", lambda row: row["expires"]),
        Column("最近使用 last used", lambda row: row["last_used"]),
    ]
