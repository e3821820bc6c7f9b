"""The demonstration laid out for a terminal: Chinese first, English beside it where there is room.

Made for 100 columns. A colour never stands without its word, so nothing is lost without colours.
"""

from collections.abc import Iterator, Mapping

from rich import box
from rich.cells import cell_len
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text as Styled

from scenarios.diff import lines
from scenarios.script import Script
from sla_engine import words
from sla_engine.cli import clocks, output
from sla_engine.cli.demo_story import Deed, Story, packs, tally
from sla_engine.cli.output import Voice
from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.escalation.kinds import kind_of
from sla_engine.policy.clause import Pack, Text
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant, fields_of, type_name
from sla_engine.showing.clocks import level_of
from sla_engine.showing.timeline import Entry
from sla_engine.showing.written import deadline, when
from sla_engine.sla.assess import Assessment, Reading, State
from sla_engine.sla.explain import explain
from sla_engine.talk.events import TalkNotified, TalkProposed, TierRaised
from sla_engine.worktime import narrate

VOICE = Voice()

# Which clauses the overview shows as lights, and which of them is the promise of the whole matter.
_LIGHTS = (
    (Text("到场", "on site"), ("arrive",)),
    (Text("反馈", "feedback"), ("feedback",)),
    (Text("办结", "solve"), ("solve", "handle")),
)
_PROMISE = ("solve", "handle")

_REASONS: Mapping[str, Text] = {
    "step_done": Text("迟到事实，当时已做到", "was in time after all"),
    "resolved": Text("迟到事实，当时已办结", "was in time after all"),
    "callback_done": Text("迟到事实，当时已办结", "was in time after all"),
    "extension_granted": Text("期内所请延期获准", "an extension was granted"),
}


def bar(console: Console) -> Progress:
    """A bar beside the virtual day, gone when it is done."""
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=40), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def virtual_day(now: Instant) -> str:
    return f"虚拟时间 virtual time {when(now)[:10]}"


def head(script: Script, rules: Rulebook) -> RenderableType:
    """What is played, by which packs and calendars."""
    grid = Table.grid(padding=(0, 2))
    span = f"{when(script.start)} → {when(script.end)} (+08:00)"
    grid.add_row(_both("时间", "time"), f"虚拟时间 virtual time {span}")
    for pack in packs(script, rules):
        grid.add_row(_both("政策包", "pack"), _pack(pack))
    for pack in packs(script, rules):
        grid.add_row(_both("日历", "calendar"), _calendar(script, rules, pack))
    title = f"[bold]{script.title.zh}[/] · {script.title.en}"
    return Panel(grid, title=title, title_align="left", box=box.ROUNDED)


def _pack(pack: Pack) -> RenderableType:
    status = _PUBLISHED if pack.status == "published" else _DEFAULT
    return Group(
        f"{pack.title.zh} {pack.edition}（{status.zh}）",
        Styled(f"{pack.title.en}, {status.en} · {pack.digest[:12]}", style="dim"),
    )


_PUBLISHED = Text("已公布", "published")
_DEFAULT = Text("默认值，须经用户确认", "default, to be confirmed")


def _calendar(script: Script, rules: Rulebook, pack: Pack) -> RenderableType:
    """The notices for the years of the story, and the calendar's digest as known at its ends."""
    years = set(range(int(when(script.start)[:4]), int(when(script.end)[:4]) + 1))
    notices = [
        notice.citation
        for notice in rules.almanacs[pack.calendar].notices
        if pack.region.startswith(notice.region) and not years.isdisjoint(notice.covers)
    ]
    begin, end = (
        rules.calendar(pack, pack.region, at).digest[:12] for at in (script.start, script.end)
    )
    return Group(
        f"{pack.region} · {'、'.join(notices)}",
        Styled(f"{begin} 起初所知 as known at the start → {end} 末了所知 at the end", style="dim"),
    )


def body(story: Story) -> Iterator[RenderableType]:
    """Everything after the head, in the order in which a supervisor would ask."""
    yield _title("一、诉求一览", "petitions and the lights of their clocks")
    yield _overview(story)
    number = story.petition.split("/", 1)[1]
    label = story.label(number)
    yield _title("二、一件诉求的全程", "one petition in full")
    yield Styled(f"{number} {label.zh} · {label.en}", style="bold")
    yield from _in_full(story)
    yield _title("三、预警与逾期", "warnings and breaches, and those taken back")
    yield _counts(story.deeds)
    yield _breaches(story)
    yield _title("四、三级约谈", "the talk that went from tier 1 to tier 3")
    yield _talk(story)
    yield _title("五、只凭日志重放", "replayed from the log alone")
    yield _replay(story)
    yield _title("六、期望核对", "what was foretold")
    yield _verdict(story)


def _title(zh: str, en: str) -> RenderableType:
    return Group("", Rule(f"[bold]{zh}[/]  [dim]{en}[/]", align="left", style="dim"))


def _both(zh: str, en: str) -> str:
    return f"{zh} [dim]{en}[/]"


def _table(*headers: str) -> Table:
    """Columns one blank apart, so that 100 columns suffice."""
    return Table(*headers, box=box.SIMPLE_HEAD, padding=0, header_style="dim")


def _column(table: Table, header: str, width: int) -> None:
    """A column that breaks its words rather than lose any where the terminal is narrow."""
    table.add_column(header, width=width, overflow="fold")


# ------------------------------------------------------------------------------ petitions


def _overview(story: Story) -> Table:
    table = _table()
    _column(table, "件号、单位\nno., unit", 16)
    _column(table, "看点\nwhat it shows", 24)
    for name, _ in _LIGHTS:
        _column(table, f"{name.zh}\n{name.en}", 8)
    _column(table, "到期\ndue", 10)
    _column(table, "结论\nverdict", 14)
    for number, assessment in story.petitions.items():
        label, reading = story.label(number), _reading(assessment, _PROMISE)
        table.add_row(
            _pair(number, _unit(assessment)),
            _pair(label.zh, label.en),
            *(_light(_reading(assessment, clauses)) for _, clauses in _LIGHTS),
            _due(reading),
            _remaining(reading),
        )
    return table


def _pair(first: str, second: str, style: str = "") -> RenderableType:
    return Group(Styled(first, style=style), Styled(second, style="dim"))


def _reading(assessment: Assessment, clauses: tuple[str, ...]) -> Reading | None:
    found = (assessment.reading(clause) for clause in clauses)
    return next((reading for reading in found if reading is not None), None)


def _unit(assessment: Assessment) -> str:
    lanes = assessment.chronicle.lanes
    lane = lanes.current or next(reversed(lanes.all.values()), None)
    return lane.unit if lane is not None else "—"


def _light(reading: Reading | None) -> RenderableType:
    """The state in the colour of the highest level reached, and that level's name."""
    if reading is None:
        return Styled("—", style="dim")
    level = level_of(reading)
    colour = output.light(level.light) if level is not None else "green"
    if reading.state is State.CANCELLED:
        colour = "dim"
    word = _SHORT.get(reading.state) or words.STATES[reading.state.value].zh
    return _pair(f"● {word}", level.name.zh if level is not None else "", colour)


_SHORT = {State.RUNNING: "在办", State.OVERDUE: "超时", State.LATE: "超时"}


def _due(reading: Reading | None) -> RenderableType:
    if reading is None:
        return "—"
    day, _, hour = clocks.due_text(reading, VOICE).partition(" ")
    return _pair(day, hour)


def _remaining(reading: Reading | None) -> RenderableType:
    """What is left, or by how much it was early or late."""
    if reading is None:
        return "—"
    state = words.STATES[reading.state.value]
    left = state.zh if reading.state is State.PAUSED else clocks.left_text(reading, VOICE)
    return _pair(left.replace(" ", ""), state.en, words.STATE_STYLES[reading.state.value])


# ------------------------------------------------------------------------------- in full


def _in_full(story: Story) -> Iterator[RenderableType]:
    """Both times of every fact and act, then the working of each promise to the petitioner."""
    assessment = story.assessment(story.petition)
    pack = story.pack(assessment)
    table = _table("发生 when", "记录 recorded", "事项 what", "说明 detail")
    for entry in _in_order(story.entries(story.petition)):
        meta = entry.recorded.meta
        later = meta.recorded_at - meta.occurred_at >= _MINUTE
        table.add_row(
            when(meta.occurred_at),
            Styled(when(meta.recorded_at) if later else "同时 same", style="" if later else "dim"),
            what(entry, pack),
            detail(entry, pack),
        )
    yield table
    for clause in ("arrive", "feedback", "solve"):
        reading = assessment.reading(clause)
        if reading is not None:
            yield _derivation(reading)


def _in_order(entries: list[Entry]) -> list[Entry]:
    """By when it was so; at one instant in the order in which it was recorded."""
    return sorted(entries, key=lambda e: (e.recorded.meta.occurred_at, e.recorded.version))


def what(entry: Entry, pack: Pack) -> Styled:
    """What happened, in both languages; struck through when it was taken back."""
    event, style = entry.event, "strike" if entry.gone else ""
    if isinstance(event, RungWithdrawn):
        return Styled("▽ 撤回 act withdrawn", style="cyan")
    if isinstance(event, RungFired):
        act = words.act(event.act, pack)
        colour = _level_style(pack, event.level)
        return Styled(f"▲ {act.zh}{_gap(act)}{act.en}", style=f"{colour} {style}".strip())
    fact = words.fact(kind_of(entry.recorded.stream), event, pack)
    return Styled.assemble(fact.zh, (f"{_gap(fact)}{fact.en}", "dim"))


def _gap(text: Text) -> str:
    """English beside the Chinese where there is room, else below it."""
    return " " if cell_len(text.zh) + cell_len(text.en) < 22 else "\n"


def detail(entry: Entry, pack: Pack) -> Styled:
    """The few words that matter beside it."""
    event = entry.event
    if isinstance(event, RungFired):
        to = "、".join(pack.roles[role].zh for role in event.to if role in pack.roles)
        gone = "已撤回：" if entry.gone else ""
        return Styled(f"{gone}{pack.clause(event.clause).name.zh} → {to}", style="dim")
    if isinstance(event, RungWithdrawn):
        rung = next(r for r in pack.clause(event.clause).rungs if r.id == event.rung)
        return Styled(f"{words.act(rung.act, pack).zh}：{pack.clause(event.clause).name.zh}")
    if isinstance(event, TierRaised) and not event.approver:
        return Styled("时钟提起 by the clock", style="dim")
    fields = fields_of(event)
    said = [str(fields[name]) for name in _SAID if fields.get(name)]
    if isinstance(event, TalkNotified):
        said.append(f"定于 {when(event.scheduled_at)[5:]}")
    return Styled("；".join(said))


_MINUTE = 60_000_000
_SAID = (
    "kind", "unit", "evidence", "ground", "number", "person", "approver", "document", "reason",
    "verifier", "signer", "note", "cause",
)  # fmt: skip


def _derivation(reading: Reading) -> RenderableType:
    """The working of one due instant, day by day."""
    state = words.STATES[reading.state.value]
    due = f"到期 due {deadline(reading.due)} · {state.zh} {state.en}"
    return Panel(
        Styled("\n".join(narrate.zh(explain(reading).derivation))),
        title=f"{reading.clause.name.zh} [dim]{reading.clause.name.en}[/]",
        subtitle=due,
        title_align="left",
        subtitle_align="left",
        border_style="dim",
        box=box.ROUNDED,
    )


# ---------------------------------------------------------------------------------- acts


def _counts(deeds: list[Deed]) -> RenderableType:
    """How many of each act went out, and how many of these were taken back."""
    packs_by, levels = {}, {}
    for deed in deeds:
        packs_by[deed.act.fired.act] = deed.pack
        levels[deed.act.fired.act] = deed.act.fired.level
    cards = []
    for code, count in sorted(tally(deeds).items(), key=lambda each: levels[each[0]]):
        act, style = words.act(code, packs_by[code]), _level_style(packs_by[code], levels[code])
        taken = f"，撤回 withdrawn {count['withdrawn']}" if count["withdrawn"] else ""
        named = f"{act.zh} [dim]{act.en}[/]"
        cards.append(Styled.from_markup(f"[{style}]●[/] {named} [bold]{count['told']}[/]{taken}"))
    return Columns(cards, padding=(0, 2), equal=True)


def _level_style(pack: Pack, ordinal: int) -> str:
    level = pack.level(ordinal)
    return output.light(level.light) if level is not None else ""


def _breaches(story: Story) -> Table:
    """Red cards and beyond one by one; what was taken back is struck through, with its reason."""
    table = _table()
    headers = ("时刻 when", "案卷 file", "动作 act", "单位 unit", "时钟与结果 clock, outcome")
    for header, width in zip(headers, (16, 10, 14, 16, 38), strict=True):
        _column(table, header, width)
    for deed in story.deeds:
        if deed.breach:
            fired = deed.act.fired
            style = _level_style(deed.pack, fired.level) if deed.act.stands else "strike dim"
            act = words.act(fired.act, deed.pack).zh + (f" {fired.tier}级" if fired.tier else "")
            gone = "" if deed.act.stands else "dim"
            table.add_row(
                Styled(when(fired.due), style=gone),
                Styled(_dossier(deed.stream), style=gone),
                Styled(act, style=style),
                Styled(fired.unit, style=gone),
                _outcome(deed),
            )
    return table


def _dossier(stream: str) -> str:
    kind, _, name = stream.partition("/")
    return name if kind == "petition" else "约谈 talk"


def _outcome(deed: Deed) -> RenderableType:
    if deed.overturned is None:
        return Styled(deed.clause.name.zh)
    reason = _REASONS.get(type_name(deed.overturned.event), _FELL)
    known = when(deed.overturned.meta.recorded_at)[5:10]
    return _pair(f"▽ {known} 撤回：{reason.zh}", f"withdrawn: {reason.en}")


_FELL = Text("事由不再成立", "its ground fell away")


# ---------------------------------------------------------------------------------- talk


def _talk(story: Story) -> RenderableType:
    """Facts and acts of the talk in time order, with the clock that each of them ended."""
    assessment = story.assessment(story.talk)
    pack, traits = story.pack(assessment), assessment.chronicle.traits
    phase = words.phase("talk", assessment.chronicle.phase)
    caption = f"{traits['unit']} · {phase.zh} {phase.en} · {pack.title.zh}"
    rounds: list[RenderableType] = [Styled(caption, style="bold")]
    table = _table()
    for entry in _in_order(story.entries(story.talk)):
        event = entry.event
        if isinstance(event, TalkProposed | TierRaised):
            table = _round(first=len(rounds) == 1)
            rounds += ["", _tier(event.tier, pack), table]
        at = entry.recorded.meta.occurred_at
        ended = [each for each in assessment.readings if each.stopped_at == at]
        clock = Group(*map(_ended, ended)) if ended and not isinstance(event, RungFired) else ""
        table.add_row(when(at), what(entry, pack), detail(entry, pack), clock)
    return Group(*rounds)


def _round(first: bool) -> Table:
    """The rows of one tier; equal widths, so that the tiers stand under one another."""
    table = _table()
    table.show_header = first
    headers = ("时刻 when", "事项 what", "说明 detail", "所停时钟 clock ended")
    for header, width in zip(headers, (16, 24, 24, 30), strict=True):
        _column(table, header, width)
    return table


def _tier(tier: int, pack: Pack) -> Styled:
    assert pack.talk is not None, "a pack with talks has rules for them"
    talker, summoned = pack.talk.parties[tier]
    return Styled.assemble(
        (f"第 {tier} 级 tier {tier}", "bold magenta"), f"  {talker.zh} → {summoned.zh}"
    )


def _ended(reading: Reading) -> Styled:
    """A clock that ended here: met or late, and what its due was."""
    met = reading.state is State.MET
    return Styled.assemble(
        ("✓ 按时 " if met else "✗ 超时 ", "green" if met else "red"),
        reading.clause.name.zh.split("（")[0],
        (f" 限 {deadline(reading.due)[5:10]}", "dim"),
    )


# ------------------------------------------------------------------------ replay, verdict


def _replay(story: Story) -> RenderableType:
    verification = story.report.verification
    grid = Table.grid(padding=(0, 2))
    grid.add_row(_both("现有状态", "live"), verification.live)
    grid.add_row(_both("重放结果", "replayed"), verification.replayed)
    same = verification.identical
    verdict = ("结果一致 result identical", "green") if same else ("结果不一致 differs", "bold red")
    counts = (
        f"{verification.events} 条记录 events · {verification.dossiers} 宗案卷 dossiers · "
        f"{story.report.sweeps} 次到点处理 sweeps"
    )
    return Group(grid, Styled.assemble(verdict, ("  " + counts, "dim")))


def _verdict(story: Story) -> RenderableType:
    report = story.report
    line = f"{report.met} / {report.checked} 项相符 expectations met"
    if report.passed:
        return Styled(line, style="bold green")
    return Group(Styled(line, style="bold red"), *map(Styled, lines(report.departures)))
