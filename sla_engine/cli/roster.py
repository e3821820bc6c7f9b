"""The roster (职务名录): dated roles, for routing and for addressing warnings."""

from typing import TYPE_CHECKING, Annotated

import typer

from sla_engine.cli.desk import Desk, command, group
from sla_engine.cli.noun import Noun, Sent, given
from sla_engine.cli.options import MOST_ROWS, LimitOption, checked
from sla_engine.cli.output import Voice

if TYPE_CHECKING:
    from sla_engine.wiring import Engine

app = group("roster", "名录 · Who holds which role, since when.")


def _tell(engine: "Engine", region: str, voice: Voice) -> None:
    from sla_engine.cli.lists import roster

    roster(engine, voice, region, False, MOST_ROWS)


_ROSTER = Noun(app, "roster", None, "Appointments", opening="appointed", tell=_tell)

RegionArgument = Annotated[str, typer.Argument(metavar="REGION", help="Region, e.g. CN-3704.")]
RoleOption = Annotated[str, typer.Option(metavar="ROLE", help="A role of the pack.")]
HolderOption = Annotated[str, typer.Option(metavar="OFFICIAL", help="Who holds it.")]
AboutOption = Annotated[
    str,
    typer.Option(metavar="NAME", help="The unit, enterprise or project; the region if left out."),
]


@command(app, "show", help="名录 · Who holds which role, for whom, since when.")
def show(
    desk: Desk,
    region: Annotated[
        str, typer.Argument(metavar="[REGION]", help="Only of this region, e.g. CN-3704.")
    ] = "",
    all_: Annotated[bool, typer.Option("--all", help="Also those relieved.")] = False,
    limit: LimitOption = 1000,
) -> None:
    from sla_engine.cli.lists import roster

    with desk.engine() as engine:
        roster(engine, desk.voice, region, all_, checked(limit))


@_ROSTER.sending("appoint", "任命 · Somebody takes a role.")
def appoint(  # one argument for each option
    desk: Desk,
    sent: Sent,
    *,
    region: RegionArgument,
    role: RoleOption,
    holder: HolderOption,
    about: AboutOption = "",
    unit: Annotated[str, typer.Option(metavar="UNIT", help="The holder's own unit.")] = "",
) -> None:
    data = given(role=role, holder=holder, about=about, unit=unit)
    _ROSTER.send(desk, region, "appointed", data, sent)


@_ROSTER.sending("relieve", "免除 · Somebody gives a role up.")
def relieve(
    desk: Desk,
    sent: Sent,
    *,
    region: RegionArgument,
    role: RoleOption,
    holder: HolderOption,
    about: AboutOption = "",
) -> None:
    _ROSTER.send(desk, region, "relieved", given(role=role, holder=holder, about=about), sent)
