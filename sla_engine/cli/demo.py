"""The demonstration: one scenario on virtual time, shown as a supervisor would want to see it."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console

import scenarios
from scenarios.reader import read_file
from scenarios.runner import stage
from scenarios.script import Script
from sla_engine.cli import demo_page
from sla_engine.cli.demo_story import Story
from sla_engine.record import Instant

if TYPE_CHECKING:
    from rich.progress import Progress

SCENARIO = Path(scenarios.__path__[0]) / "library" / "demo-zaozhuang-mingguang.toml"
SHOWN_PETITION, SHOWN_TALK = "ZZ-2409-12", "明光约谈"

DEPARTED = 1


def run_demo(console: Console, store_path: Path | None = None, as_json: bool = False) -> int:
    """Play the demonstration and show it; the exit status is 1 if anything departs.

    `store_path` keeps the store it is played on (it must be empty); left out, a temporary one is
    used. Raises `Refusal` SCENARIO_STORE_USED.
    """
    script = read_file(SCENARIO)
    with stage(script, store_path) as play:
        if not as_json:
            console.print(demo_page.head(script, play.engine.rules))
        with _progress(console, script, as_json) as play.watch:
            report = play.run()
        talk = play.talk(script.talks[SHOWN_TALK])
        assert talk is not None, "the demonstration has the talk it shows"
        story = Story(script, play.engine, report, f"petition/{SHOWN_PETITION}", talk)
        if as_json:
            _write(console, story)
        else:
            for part in demo_page.body(story):
                console.print(part)
    return 0 if report.passed else DEPARTED


@contextmanager
def _progress(
    console: Console, script: Script, as_json: bool
) -> Iterator[Callable[[Instant], None]]:
    """A bar that fills step by step and names the virtual day, on a terminal alone."""
    if as_json or not console.is_terminal:
        yield lambda _now: None
        return
    with demo_page.bar(console) as progress:
        yield _mover(progress, script)


def _mover(progress: "Progress", script: Script) -> Callable[[Instant], None]:
    """Steps lie unevenly in virtual time, so it is steps that fill the bar."""
    instants = [moment.at for moment in script.moments]
    task = progress.add_task("", total=len(instants))

    def move(now: Instant) -> None:
        done = bisect_right(instants, now)
        progress.update(task, completed=done, description=demo_page.virtual_day(now))

    return move


def _write(console: Console, story: Story) -> None:
    document = msgspec.json.format(msgspec.json.encode(story.document()), indent=2)
    console.file.write(document.decode() + "\n")
