"""Campaigns for people and programs: how far they have come, what they did, what one would do."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any

from sla_engine import words
from sla_engine.cli import output
from sla_engine.cli.desk import Desk
from sla_engine.cli.options import within
from sla_engine.cli.output import Advance, Voice, plain
from sla_engine.showing.forecasts import by_size, forecast_dict
from sla_engine.showing.plain import rfc3339
from sla_engine.showing.written import deadline, duration, when

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sla_engine.clock import Clock
    from sla_engine.service.campaign import Campaign
    from sla_engine.service.campaign_forecast import Forecast
    from sla_engine.wiring import Engine, LoadReport


class Watch:
    """Shows how far a campaign has come, and rests after each batch, so that others get their turn.

    Without a terminal for a bar it says so in a line every `every` seconds, on standard error.
    """

    def __init__(
        self, voice: Voice, clock: "Clock", advance: Advance, every: float, rest: float
    ) -> None:
        self._voice = voice
        self._clock = clock
        self._advance = advance
        self._every = every
        self._rest = rest
        self._told = clock.monotonic()

    def __call__(self, campaign: "Campaign") -> None:
        self._advance.to(min(campaign.done.dossiers, campaign.cause.dossiers))
        now = self._clock.monotonic()
        if now - self._told >= self._every:
            self._told = now
            self._tell(campaign)
        if campaign.finished_at is None and self._rest:
            Event().wait(self._rest)

    def _tell(self, campaign: "Campaign") -> None:
        if self._voice.json:
            import msgspec

            line = msgspec.json.encode(as_dict(campaign)).decode()
            sys.stderr.write(f"{line}\n")
        elif not sys.stderr.isatty():
            sys.stderr.write(f"{plain(_line(campaign))}\n")
        sys.stderr.flush()


@contextmanager
def watching(desk: Desk, engine: "Engine", what: str, every: int, rest: int) -> "Iterator[Watch]":
    """A watch over a campaign, with a bar on a terminal. `every` in s, `rest` in ms."""
    within(every, "--every", 1, 86_400)
    within(rest, "--rest", 0, 60_000)
    with desk.voice.progress(what, engine.log.count_open()) as advance:
        yield Watch(desk.voice, engine.clock, advance, every, rest / 1_000)


def _line(campaign: "Campaign") -> str:
    done, of = campaign.done, campaign.cause.dossiers
    return (
        f"{campaign.id}  {campaign.share:.0%}  案卷 dossiers {done.dossiers}/{of}  "
        f"重定期限 re-fixed {done.refixed}"
    )


def as_dict(campaign: "Campaign") -> dict[str, Any]:
    """JSON-ready: what began it, how far it has come, what it did."""
    done, cause = campaign.done, campaign.cause
    return {
        "id": campaign.id,
        "cause": cause.cause,
        "title": cause.title,
        "started_at": rfc3339(campaign.started_at),
        "finished_at": rfc3339(campaign.finished_at),
        "head": cause.head,
        "open": cause.dossiers,
        "dossiers": done.dossiers,
        "again": done.again,
        "refixed": done.refixed,
        "later": done.later,
        "earlier": done.earlier,
        "failed": dict(campaign.failed),
    }


def report(voice: Voice, loaded: "LoadReport") -> None:
    """What became of a loading."""
    campaign, counts = loaded.campaign, {"dossiers": loaded.dossiers, "refixed": loaded.refixed}
    if voice.json:
        document = {**as_dict(campaign), **counts, "campaign": campaign.id}
        voice.document({"number": campaign.cause.title, **document})
        return
    again = " · 此前已装入 loaded before" if loaded.before.finished_at is not None else ""
    voice.show(
        f"已装入 loaded {campaign.cause.title} · 案卷 dossiers {loaded.dossiers} · "
        f"重定期限 terms re-fixed {loaded.refixed}{again}",
        f"批次 campaign {campaign.id}",
    )
    _failures(voice, campaign.failed.items())


def show(voice: Voice, campaign: "Campaign") -> None:
    """One campaign."""
    if voice.json:
        voice.document(as_dict(campaign))
        return
    done, cause = campaign.done, campaign.cause
    table = output.table("", "", "")
    for name, value in (
        ("批次 campaign", campaign.id),
        ("装入 loaded", cause.title),
        ("开始 started", when(campaign.started_at)),
        ("完成 finished", when(campaign.finished_at, f"{campaign.share:.0%}")),
        ("案卷 dossiers", f"{done.dossiers} / {cause.dossiers}"),
        ("重定期限 re-fixed", _moves(done.refixed, done.later, done.earlier)),
        ("未能处理 failed", str(len(campaign.failed))),
    ):
        table.add_row(name, value)
    table.show_header = False
    voice.show(table)
    _failures(voice, campaign.failed.items())


def show_all(voice: Voice, campaigns: Iterable["Campaign"]) -> None:
    """Campaigns, the latest first."""
    found = sorted(campaigns, key=lambda each: (each.started_at, each.id), reverse=True)
    if voice.json:
        for campaign in found:
            voice.line(as_dict(campaign))
        return
    headers = ("批次 campaign", "装入 loaded", "开始 started", "完成 finished", "案卷 dossiers",
               "重定 re-fixed", "未能处理 failed")  # fmt: skip
    table = output.table("", *headers)
    for campaign in found:
        done = campaign.done
        table.add_row(
            campaign.id,
            campaign.cause.title,
            when(campaign.started_at),
            when(campaign.finished_at, f"{campaign.share:.0%}"),
            f"{done.dossiers}",
            f"{done.refixed}",
            f"{len(campaign.failed)}",
        )
    if found:
        voice.show(table)
    else:
        voice.note("没有 · none")


def _moves(refixed: int, later: int, earlier: int) -> str:
    same = refixed - later - earlier
    return f"{refixed}（延后 later {later}，提前 earlier {earlier}，同日 same day {same}）"


def _failures(voice: Voice, failed: Iterable[tuple[str, str]]) -> None:
    for stream, reason in failed:
        voice.show(f"  未能处理 failed: {stream} {reason}")


# -------------------------------------------------------------------------------------- dry runs


def foretell(
    voice: Voice, title: str, found: "Forecast", limit: int, remarks: Iterable[str] = ()
) -> None:
    """What a loading would do: how many, which way, how far, for whom, and some of them."""
    if voice.json:
        voice.document(forecast_dict(title, found))
        return
    total = found.total
    voice.show(
        f"试算 dry run · {title} · 未写入任何内容 nothing was written",
        f"在办案卷 open dossiers {found.dossiers} · 有变动 moved {total.dossiers} · "
        f"期限 terms {_moves(total.terms, total.later, total.earlier)}",
        *remarks,
    )
    if total.terms:
        voice.show(*_tables(found, limit, voice))
    _failures(voice, found.failed.items())


def _tables(found: "Forecast", limit: int, voice: Voice) -> "Iterator[RenderableType]":
    total, lang = found.total, voice.lang
    ways = output.table("", "去向 which way", "期限 terms", "最多 at most")
    ways.add_row("延后 later", f"{total.later}", _longest(total.latest, lang))
    ways.add_row("提前 earlier", f"{total.earlier}", _longest(total.earliest, lang))
    ways.add_row("到期不变 due unchanged", f"{total.unchanged}", "")
    ways.add_row("暂定转正式 now official", f"{total.official}", "")
    yield ways
    units = output.table(
        "", "单位 unit", "案卷 dossiers", "期限 terms", "延后 later", "提前 earlier", "最多 at most"
    )
    for unit, tally in by_size(found)[:limit]:
        most = max(tally.latest, -tally.earliest)
        counts = (tally.dossiers, tally.terms, tally.later, tally.earlier)
        units.add_row(voice.word(words.whose(unit)), *map(str, counts), _longest(most, lang))
    yield units
    if len(found.units) > limit:
        yield f"共 {len(found.units)} 个单位，用 --json 看全部 · all units with --json"
    examples = output.table("", "案卷 dossier", "条款 clause", "单位 unit", "原 old", "新 new")
    for move in found.examples:
        dues = (deadline(move.old_due), deadline(move.new_due))
        unit = voice.word(words.whose(move.unit))
        examples.add_row(move.stream.split("/", 1)[1], move.clause, unit, *dues)
    yield examples


def _longest(micros: int, lang: str) -> str:
    return duration(micros, lang) if micros else ""
