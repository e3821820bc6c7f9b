"""Campaigns: open dossiers brought up to rules that were loaded."""

from typing import Annotated

import typer

from sla_engine.cli.desk import Desk, command, group

app = group("campaign", "批次 · Open dossiers brought up to a notice or a pack that was loaded.")

EveryOption = Annotated[
    int,
    typer.Option(
        "--every",
        metavar="SECONDS",
        help="How often to say how far it has come, where there is no terminal.",
    ),
]
RestOption = Annotated[
    int,
    typer.Option(
        "--rest", metavar="MS", help="How long to rest between batches, so that others can write."
    ),
]
DryRunOption = Annotated[
    bool,
    typer.Option("--dry-run", help="Show what would move, which way and for whom; write nothing."),
]
EVERY, REST = 10, 50


@command(app, "list", help="目录 · Campaigns, the latest first.")
def list_(desk: Desk) -> None:
    from sla_engine.cli.campaigns import show_all

    with desk.engine() as engine:
        show_all(desk.voice, engine.campaigns.all())


CampaignArgument = Annotated[
    str, typer.Argument(metavar="CAMPAIGN", help="Its id, as `campaign list` shows it.")
]


@command(app, "show", help="进度 · How far a campaign has come, and what it did.")
def show(desk: Desk, name: CampaignArgument) -> None:
    from sla_engine.cli.campaigns import show as shown

    with desk.engine() as engine:
        shown(desk.voice, engine.campaigns.get(name))


@command(
    app,
    "continue",
    help="续行 · Go on with what was cut off.\n\n"
    "Any number of processes may do so at once; nothing is done twice. Without an id all that have "
    "not finished are gone on with, the oldest first.",
)
def continue_(
    desk: Desk,
    name: Annotated[
        str, typer.Argument(metavar="[CAMPAIGN]", help="Its id; else all that have not finished.")
    ] = "",
    every: EveryOption = EVERY,
    rest: RestOption = REST,
) -> None:
    from sla_engine.cli.campaigns import show as shown
    from sla_engine.cli.campaigns import show_all, watching

    with desk.engine() as engine:
        waiting, done = [each.id for each in engine.campaigns.unfinished()], []
        for each in [name] if name else waiting:
            with watching(desk, engine, each, every, rest) as watch:
                done.append(engine.continue_campaign(each, watch).campaign)
    if name:
        shown(desk.voice, done[0])
    else:
        show_all(desk.voice, done)
