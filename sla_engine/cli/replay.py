"""What a reviewer asks of the log: what was known then, under which rules, and what if."""

from typing import Annotated

import typer

from sla_engine.cli.desk import Desk, command
from sla_engine.cli.options import NoArgument

app = typer.Typer()

KnownAtOption = Annotated[
    str,
    typer.Option(
        "--known-at",
        metavar="TIME",
        help="Go by what had been recorded by then (default: now). RFC 3339 with offset.",
    ),
]
JudgedAtOption = Annotated[
    str, typer.Option("--at", metavar="TIME", help="The instant judged (default: --known-at).")
]
EditionOption = Annotated[
    str,
    typer.Option(
        "--pack",
        metavar="NAME@EDITION",
        help="Judge by this edition from the start, whatever governed; or by the pack in a file.",
    ),
]
CalendarOption = Annotated[
    str,
    typer.Option(
        "--calendar",
        metavar="TIME",
        help="Judge from the start by what was known of the calendar on that date or at that time; "
        "`now` by all that is known; or with the notice in a file.",
    ),
]
WithoutOption = Annotated[
    list[str],
    typer.Option("--without", metavar="NOTICE", help="Leave this notice out, by its number."),
]
EditOption = Annotated[
    list[str],
    typer.Option(
        "--edit",
        metavar="EDIT",
        help='What if: "move SOURCE:ID to TIME", "remove SOURCE:ID", or "add {…}" with a fact as '
        "`append` takes it. May be given several times.",
    ),
]


@command(
    app,
    "replay",
    help="重演 · What follows for a dossier, by what was known when, under which rules.\n\n"
    "Nothing is written. Acts are shown as decisions. Without options: what follows from all that "
    "is known now. The digests of inputs and result let anybody repeat it.",
    rich_help_panel="复核 review",
)
def replay(
    desk: Desk,
    *,
    no: NoArgument,
    known_at: KnownAtOption = "",
    at: JudgedAtOption = "",
    pack: EditionOption = "",
    calendar: CalendarOption = "",
    without: WithoutOption = [],  # noqa: B006  typer copies it
    edit: EditOption = [],  # noqa: B006
) -> None:
    from sla_engine.cli.asking import asking
    from sla_engine.cli.review import render_replay
    from sla_engine.showing.questions import Asked
    from sla_engine.showing.replays import replay_dict

    asked = Asked(known_at, at, pack, calendar, tuple(without), tuple(edit))
    with asking(desk, no, asked) as review:
        found = review.replay(review.question)
        if desk.voice.json:
            desk.voice.document(replay_dict(found))
        else:
            desk.voice.show(*render_replay(found, desk.voice))


@command(
    app,
    "diff",
    help="比对 · Where two replays of a dossier part, and why.\n\n"
    "One is what follows from all that is known now under the rules that governed (or as known "
    "--against a time), the other what the options ask. Shows every difference, the first step "
    "of the working at which they part, and the smallest set of causes of a flipped verdict.",
    rich_help_panel="复核 review",
)
def diff(
    desk: Desk,
    *,
    no: NoArgument,
    known_at: KnownAtOption = "",
    pack: EditionOption = "",
    calendar: CalendarOption = "",
    without: WithoutOption = [],  # noqa: B006
    edit: EditOption = [],  # noqa: B006
    against: Annotated[
        str,
        typer.Option("--against", metavar="TIME", help="Compare with what was known then."),
    ] = "",
) -> None:
    from sla_engine.cli.asking import asking
    from sla_engine.cli.review import render_difference
    from sla_engine.replay.diff import diff as compare
    from sla_engine.showing.questions import Asked
    from sla_engine.showing.replays import difference_dict

    asked = Asked(known_at, "", pack, calendar, tuple(without), tuple(edit), against)
    with asking(desk, no, asked) as review:
        found = compare(review.replay(review.plain), review.replay(review.question))
        causes = {each.key: review.causes((each.key[0], each.key[1])) for each in found.flipped}
        if desk.voice.json:
            desk.voice.document(difference_dict(found, causes))
        else:
            desk.voice.show(*render_difference(found, causes, desk.voice))
