"""What other rules would have done to everything at once."""

from typing import Annotated

import typer

from sla_engine.cli.desk import Desk, Misuse, command
from sla_engine.cli.document import OutOption, WordingOption, format_of, tell
from sla_engine.cli.options import day
from sla_engine.cli.replay import CalendarOption, EditionOption, WithoutOption
from sla_engine.errors import Fault, Refusal

app = typer.Typer()


@command(
    app,
    "whatif",
    help="试算 · What other rules would have done to every petition.\n\n"
    "How many terms move, how many verdicts flip, for which units, the longest delay, ten "
    "examples. Nothing is written. --out draws the report with its figures.",
    rich_help_panel="复核 review",
)
def whatif(
    desk: Desk,
    *,
    since: Annotated[
        str, typer.Option("--since", metavar="DATE", help="Only those registered from this day on.")
    ] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="DATE", help="Only those registered before this day.")
    ] = "",
    pack: EditionOption = "",
    calendar: CalendarOption = "",
    without: WithoutOption = [],  # noqa: B006  typer copies it
    out: OutOption = None,
    wording: WordingOption = None,
) -> None:
    from sla_engine.cli.asking import wanted
    from sla_engine.showing.questions import brought
    from sla_engine.showing.whatifs import WHATIF_OF_NOTHING, WhatIf, installed, question_of

    if not (pack or calendar or without):
        raise Misuse(Fault(WHATIF_OF_NOTHING, "", "", "--pack, --calendar, --without"))
    first, after, to = day(since, "--since"), day(until, "--until"), format_of(out)
    installed()
    # Only now: they load what the extra brings.
    from sla_engine.cli.impact import render
    from sla_engine.showing.impacts import document_of, names_of

    with desk.engine() as engine:
        now = engine.clock.now()
        try:
            asked = brought(engine.rules, wanted(pack, calendar), now)
        except Refusal as refusal:
            raise Misuse(refusal.faults) from None
        question = question_of(asked, tuple(without), now)
        total = sum(1 for _ in engine.log.streams("petition/"))
        with desk.voice.progress("试算 what if", total) as advance:
            found = WhatIf(asked.rules, question, first, after).run(engine, advance.to)
    names = names_of(asked.rules)
    document = document_of(found, question, names, since, until)
    if desk.voice.json or out is not None:
        tell(desk, document, to, out, wording)
    if not desk.voice.json:
        desk.voice.show(*render(found, question, names, desk.voice))
