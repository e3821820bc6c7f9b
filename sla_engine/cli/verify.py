"""Does the log alone give the same state again?"""

import typer

from sla_engine.cli.desk import DEPARTED, Desk, command

app = typer.Typer()


@command(
    app,
    "verify",
    help="核验 · Replay the log alone and compare.\n\n"
    "Every clock, every act, every row of the live state must follow from the log and the rules. "
    "Records nothing: where acts are due that `run` has not recorded yet, the state just before "
    "them is compared. Ends with 1 if anything differs.",
)
def verify(desk: Desk) -> None:
    with (
        desk.engine() as engine,
        desk.voice.progress("重放 replay", engine.log.head()) as advance,
    ):
        engine.follow()
        found = engine.verify(advance.to)
    if desk.voice.json:
        from sla_engine.showing.plain import rfc3339

        desk.voice.document(
            {
                "identical": found.identical,
                "live": found.live,
                "replayed": found.replayed,
                "events": found.events,
                "dossiers": found.dossiers,
                "at": rfc3339(found.at),
            }
        )
    else:
        verdict = "一致 identical" if found.identical else "不一致 DIFFERENT"
        desk.voice.show(
            f"{verdict} · 事件 events {found.events} · 案卷 dossiers {found.dossiers}",
            f"现状 live    {found.live}",
            f"重放 replay  {found.replayed}",
        )
    if not found.identical:
        raise typer.Exit(DEPARTED)
