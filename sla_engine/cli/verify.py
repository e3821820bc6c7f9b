"""Does the log alone give the same state again?"""

from typing import TYPE_CHECKING, Any

import typer

from sla_engine.cli.desk import DEPARTED, Desk, command

if TYPE_CHECKING:
    from sla_engine.replay.verify import Verification
    from sla_engine.wiring import Engine

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
    with desk.engine() as engine:
        found = replayed(desk, engine)
    if desk.voice.json:
        from sla_engine.showing.plain import rfc3339

        desk.voice.document(
            {
                **compared(found),
                "events": found.events,
                "dossiers": found.dossiers,
                "at": rfc3339(found.at),
            }
        )
    else:
        desk.voice.show(
            f"{verdict(found)} · 事件 events {found.events} · 案卷 dossiers {found.dossiers}",
            f"现状 live    {found.live}",
            f"重放 replay  {found.replayed}",
        )
    insist(found)


def replayed(desk: Desk, engine: "Engine") -> "Verification":
    """The live state beside what the log alone gives, once every follower has caught up."""
    with desk.voice.progress("重放 replay", engine.log.head()) as advance:
        engine.follow()
        return engine.verify(advance.to)


def compared(found: "Verification") -> dict[str, Any]:
    """The verdict and both digests, for programs."""
    return {"identical": found.identical, "live": found.live, "replayed": found.replayed}


def verdict(found: "Verification") -> str:
    return "一致 identical" if found.identical else "不一致 DIFFERENT"


def insist(found: "Verification") -> None:
    """Ends the program with DEPARTED if anything differs."""
    if not found.identical:
        raise typer.Exit(DEPARTED)
