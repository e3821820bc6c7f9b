"""Time passes: acts go out when they are due, until the program is told to stop."""

from typing import TYPE_CHECKING, Annotated

import typer

from sla_engine.cli.desk import DEPARTED, Desk, command
from sla_engine.cli.options import within

if TYPE_CHECKING:
    from sla_engine.scheduler.sweep import SweepReport
    from sla_engine.wiring import Engine

app = typer.Typer()


@command(
    app,
    "run",
    help="运行 · Record every act when it falls due.\n\n"
    "And the talks that follow from them, until Ctrl-C or SIGTERM. Any number of these may run on "
    "one store. What fell due while none ran is recorded at the start.",
)
def run(
    desk: Desk,
    once: Annotated[
        bool, typer.Option("--once", help="Do what is due now and leave; for cron and tests.")
    ] = False,
    every: Annotated[
        int, typer.Option("--every", metavar="SECONDS", help="How often to print a line.")
    ] = 60,
) -> None:
    with desk.engine() as engine:
        if once:
            report = engine.run_due()
            _tell(desk, engine, report.touched, dict(report.failed), healthy=True)
            if report.failed:
                raise typer.Exit(DEPARTED)
            return
        _until_told(desk, engine, within(every, "--every", 1, 86_400))


def _until_told(desk: Desk, engine: "Engine", every: int) -> None:
    import signal
    from threading import Event

    from sla_engine.scheduler.waker import Waker

    stop, log = Event(), _Journal(engine)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    waker = Waker(log.sweep, engine.clock)
    waker.start()
    try:
        while not stop.wait(every):
            _tell(desk, engine, *log.since_last(), waker.healthy())
    finally:
        waker.stop()
        _tell(desk, engine, *log.since_last(), healthy=True)
    desk.voice.note("已停止 · stopped")


class _Journal:
    """Sweeps, and remembers what they did since the last line was printed."""

    def __init__(self, engine: "Engine") -> None:
        self.engine = engine
        self.touched = 0
        self.failed: dict[str, str] = {}

    def sweep(self) -> float | None:
        """One sweep; seconds until the next has work. Runs on the scheduler's thread."""
        from sla_engine.scheduler.sweep import delay_until_next

        report: SweepReport = self.engine.sweep()
        self.touched += report.touched
        self.failed |= report.failed
        return delay_until_next(report, self.engine.clock.now())

    def since_last(self) -> tuple[int, dict[str, str]]:
        """Dossiers touched and those that could not be, since this was last asked."""
        told = (self.touched, self.failed)
        self.touched, self.failed = 0, {}
        return told


def _tell(
    desk: Desk, engine: "Engine", touched: int, failed: dict[str, str], healthy: bool
) -> None:
    """One line: dossiers brought up to date, events in the log, what comes next."""
    from sla_engine.showing.plain import rfc3339
    from sla_engine.showing.written import when

    now, upcoming, head = engine.clock.now(), engine.next_alarm(), engine.log.head()
    if desk.voice.json:
        line = {"at": rfc3339(now), "touched": touched, "events": head, "failed": failed}
        desk.voice.line({**line, "next": rfc3339(upcoming), "healthy": healthy})
        return
    state = "正常 ok" if healthy and not failed else "异常 not healthy"
    desk.voice.show(
        f"{when(now)}  {state}  处理 touched {touched}  事件 events {head}  "
        f"下次 next {when(upcoming, '无 none')}"
    )
    for stream, reason in failed.items():
        desk.voice.show(f"  未能处理 failed: {stream} {reason}")
