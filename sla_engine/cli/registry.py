"""Registers that are read alone: supervision, callbacks, duplicates, stewards."""

from typing import Annotated

import typer

from sla_engine.cli.desk import Desk, command, group
from sla_engine.cli.options import LimitOption, PackOption, UnitOption, checked

supervision = group("supervision", "督办 · The register of what was ordered of whom.")
callback = group("callback", "回访 · Petitions to be called back.")
duplicates = group("duplicates", "疑似重复 · Candidates for a merge.")
steward = group("steward", "包保 · Enterprises and projects: items, papers owed, visits.")

app = typer.Typer()
for noun in (supervision, callback, duplicates, steward):
    app.add_typer(noun)


@command(supervision, "list", help="台账 · Orders that stand and are not settled, latest first.")
def list_orders(
    desk: Desk,
    all_: Annotated[
        bool, typer.Option("--all", help="Also those settled and those withdrawn.")
    ] = False,
    unit: UnitOption = "",
    act: Annotated[str, typer.Option(metavar="ACT", help="Only this act, e.g. supervise.")] = "",
    limit: LimitOption = 100,
) -> None:
    from sla_engine.cli.lists import supervision as shown

    with desk.engine() as engine:
        wanted = {"unit": unit, "act": act}
        shown(engine, desk.voice, wanted, all_, checked(limit))


@command(
    callback, "list", help="清单 · Resolved and not yet called back, the longest waiting first."
)
def list_callbacks(
    desk: Desk, pack: PackOption = "", unit: UnitOption = "", limit: LimitOption = 100
) -> None:
    from sla_engine.cli.lists import callbacks

    with desk.engine() as engine:
        callbacks(engine, desk.voice, {"pack": pack, "unit": unit}, checked(limit))


@command(
    duplicates,
    "list",
    help="清单 · Open petitions of one petitioner about one matter, over several channels.",
)
def list_duplicates(desk: Desk, limit: LimitOption = 100) -> None:
    from sla_engine.cli.lists import duplicates as shown

    with desk.engine() as engine:
        shown(engine, desk.voice, checked(limit))


@command(steward, "show", help="台账 · What each enterprise or project waits for, and who owes it.")
def show_stewards(
    desk: Desk,
    project: Annotated[
        str, typer.Argument(metavar="[PROJECT]", help="Only this enterprise or project.")
    ] = "",
    limit: LimitOption = 100,
) -> None:
    from sla_engine.cli.lists import stewards

    with desk.engine() as engine:
        stewards(engine, desk.voice, project, checked(limit))
