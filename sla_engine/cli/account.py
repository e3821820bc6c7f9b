"""Accounts at the machine itself: how the first administrators come about, and the way back in.

What is done here is recorded as done at the machine. It needs nobody's approval but takes whoever
has the store in their hands anyway.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sla_engine.cli.desk import Desk, command, group
from sla_engine.cli.options import ByOption, LimitOption, ReasonOption, checked

if TYPE_CHECKING:
    from sla_engine.access.account import Account
    from sla_engine.access.table import Table
    from sla_engine.cli.lists import Column
    from sla_engine.wiring import Engine

app = group("account", "账号 · Who may come in, and in which roles.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the account.")]


@command(app, "list", help="目录 · Every account: its roles, and what waits for approval.")
def list_(desk: Desk, limit: LimitOption = 1000) -> None:
    from sla_engine.cli.lists import show

    with desk.engine() as engine:
        rows = [_row(each) for each in engine.access.rights.all_accounts()]
        table = engine.access.table
    show(desk.voice, "账号 accounts", rows, _columns(desk, table), checked(limit))


@command(
    app,
    "open",
    help="开户 · Ask for an account. Prints a temporary password, once.\n\n"
    "It takes effect when it is approved: at the console by a security administrator, or here "
    "with --approve.",
)
def open_(
    desk: Desk,
    *,
    name: NameArgument,
    role: Annotated[
        list[str],
        typer.Option(
            "--role",
            metavar="ROLE",
            help="intake, handler, supervisor, reviewer, system, security or audit.",
        ),
    ],
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="The person's name.")] = "",
    unit: Annotated[str, typer.Option("--unit", metavar="UNIT", help="A handler's own unit.")] = "",
    login: Annotated[
        str,
        typer.Option("--login", metavar="NAME", help="The person's name at the OIDC provider."),
    ] = "",
    approve: Annotated[
        bool, typer.Option("--approve", help="Have it take effect at once, from here.")
    ] = False,
    by: ByOption = "",
) -> None:
    from sla_engine.access.events import AccountOpened
    from sla_engine.access.registrar import at_machine

    opened = AccountOpened(name, title or name, tuple(role), unit, login)
    with desk.engine() as engine:
        registrar = engine.access.registrar
        enter = registrar.establish if approve else registrar.open
        _tell(desk, engine, name, enter(opened, at_machine(by)))


@command(app, "approve", help="批准 · Have what was asked for take effect, from the machine.")
def approve(desk: Desk, name: NameArgument, by: ByOption = "") -> None:
    from sla_engine.access.registrar import at_machine

    with desk.engine() as engine:
        engine.access.registrar.approve(name, at_machine(by))
        _tell(desk, engine, name)


@command(app, "password", help="口令 · Give a temporary password, printed once; sessions end.")
def password(desk: Desk, name: NameArgument, by: ByOption = "") -> None:
    from sla_engine.access.registrar import at_machine

    with desk.engine() as engine:
        _tell(desk, engine, name, engine.access.registrar.reset(name, at_machine(by)))


@command(app, "unlock", help="解锁 · Let a locked account in again.")
def unlock(desk: Desk, name: NameArgument, by: ByOption = "") -> None:
    from sla_engine.access.registrar import at_machine

    with desk.engine() as engine:
        engine.access.registrar.unlock(name, at_machine(by))
        _tell(desk, engine, name)


@command(app, "close", help="销户 · Close an account for good.")
def close(desk: Desk, name: NameArgument, reason: ReasonOption = "", by: ByOption = "") -> None:
    from sla_engine.access.registrar import at_machine

    with desk.engine() as engine:
        engine.access.registrar.close(name, reason, at_machine(by))
        _tell(desk, engine, name)


def _tell(desk: Desk, engine: "Engine", name: str, password: str = "") -> None:
    """How the account stands now, and its password if it was just made."""
    account = engine.access.rights.account(name)
    if desk.voice.json:
        shown = {"password": password} if password else {}
        desk.voice.document({**_row(account), **shown})
        return
    lines = [f"账号 account {name} · {account.state}"]
    if password:
        lines.append(f"临时口令 temporary password {password}")
    desk.voice.read(lines)


def _row(account: "Account") -> dict[str, Any]:
    from sla_engine.showing.plain import rfc3339

    ask = account.ask
    return {
        "account": account.name,
        "title": account.title,
        "state": account.state,
        "roles": list(account.roles),
        "unit": account.unit,
        "login": account.login,
        "asked": list(ask.roles) if ask else [],
        "asked_by": ask.by if ask else "",
        "last_login": rfc3339(account.last_login or None),
    }


def _columns(desk: Desk, table: "Table") -> "list[Column]":
    from sla_engine.cli.lists import Column

    def words(roles: list[str]) -> list[str]:
        return [getattr(table.words(role), desk.voice.lang) for role in roles]

    return [
        Column("账号 account", lambda row: row["account"]),
        Column("姓名 name", lambda row: row["title"]),
        Column("状态 state", lambda row: row["state"]),
        Column("角色 roles", lambda row: words(row["roles"])),
        Column("单位 unit", lambda row: row["unit"]),
        Column("待批准 asked", lambda row: words(row["asked"])),
        Column("最近登录 last login", lambda row: row["last_login"]),
    ]
