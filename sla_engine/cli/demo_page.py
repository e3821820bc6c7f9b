"""The demonstration laid out for a terminal: Chinese first, English beside it where there is room.

Made for 100 columns. A colour never stands without its word, so nothing is lost without colours.
"""

from collections.abc import Iterator, Mapping

from rich import box
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text as Styled

from scenarios.diff import lines
from scenarios.script import Script
from sla_engine.cli import clocks, output, timeline, words
from sla_engine.cli.demo_story import Deed, Story, tally
from sla_engine.cli.output import Voice, deadline, when
from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.escalation.kinds import kind_of
from sla_engine.policy.clause import Pack, Text
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.sla.assess import Assessment, Reading, State
from sla_engine.sla.explain import explain
from sla_engine.talk.events import TierRaised
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
    "step_done": Text("迟到的事实证明当时已做到", "a late fact shows it was done in time"),
    "resolved": Text("迟到的事实证明当时已办结", "a late fact shows it was solved in time"),
    "callback_done": Text("迟到的事实证明当时已办结", "a late fact shows it was solved in time"),
    "extension_granted": Text("期内申请的延期获准", "an extension asked for in time was granted"),
}


def bar(console: Console) -> Progress:
    """A bar along virtual time, gone when it is done."""
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=40), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def virtual_day(now: Instant) -> str:
    return f"虚拟时间 virtual time {when(now)[:10]}"


def head(script: Script, rules: Rulebook) -> RenderableType:
    """What is played, by which packs and calendars."""
    grid = Table.grid(padding=(0, 2))
    span = f"{when(script.start)} → {when(script.end)} (+08:00)"
    grid.add_row(_both("虚拟时间", "virtual time"), span)
    for name in script.packs:
        pack = rules.pack_on(name, script.start)
        status = Text("已公布", "published") if pack.status == "published" else _DEFAULT
        grid.add_row(
            _both("政策包", "pack"),
            Group(
                Styled(f"{pack.title.zh} {pack.edition}（{status.zh}）"),
                Styled(f"{pack.title.en} · {status.en} · {pack.digest[:16]}", style="dim"),
            ),
        )
    for line in _calendars(script, rules):
        grid.add_row(_both("日历", "calendar"), line)
    title = f"[bold]{script.title.zh}[/] · {script.title.en}"
    return Panel(grid, title=title, title_align="left", box=box.ROUNDED)


_DEFAULT = Text("默认值，须经用户确认", "default, to be confirmed")


def _calendars(script: Script, rules: Rulebook) -> Iterator[RenderableType]:
    """The notices that decide the days of the story, and the calendar's digest at its two ends."""
    years = range(int(when(script.start)[:4]), int(when(script.end)[:4]) + 1)
    seen = set()
    for name in script.packs:
        pack = rules.pack_on(name, script.start)
        notices = [
            f"{notice.citation}"
            for notice in rules.almanacs[pack.calendar].notices
            if pack.region.startswith(notice.region) and not set(years).isdisjoint(notice.covers)
        ]
        digests = [
            rules.calendar(pack, pack.region, at).digest for at in (script.start, script.end)
        ]
        if pack.region not in seen:
            seen.add(pack.region)
            yield Group(
                Styled(f"{pack.region}  {'、'.join(notices)}"),
                Styled(f"始 begin {digests[0][:16]} · 末 end {digests[1][:16]}", style="dim"),
            )


def body(story: Story) -> Iterator[RenderableType]:
    """Everything after the head, in the order in which a supervisor would ask."""
    yield _title("一、诉求一览", "petitions and the lights of their clocks")
    yield _overview(story)
    number = story.petition.split("/", 1)[1]
    label = story.label(number)
    yield _title(f"二、一件诉求的全程：{number} {label.zh}", f"one petition in full: {label.en}")
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


def _table(*headers: str, **options: bool) -> Table:
    return Table(
        *headers, box=box.SIMPLE_HEAD, padding=(0, 1), header_style="dim", expand=False, **options
    )


# ------------------------------------------------------------------------------ petitions


def _overview(story: Story) -> Table:
    table = _table("件号 no.", "看点 shows", "单位 unit")
    for name, _ in _LIGHTS:
        table.add_column(f"{name.zh}\n{name.en}")
    table.add_column("到期 due")
    table.add_column("结论 verdict")
    for number, assessment in story.petitions.items():
        label = story.label(number)
        reading = _reading(assessment, _PROMISE)
        table.add_row(
            f"{number}",
            Group(label.zh, Styled(label.en, style="dim")),
            _unit(assessment),
            *(_light(_reading(assessment, clauses)) for _, clauses in _LIGHTS),
            _due(reading),
            _remaining(reading),
        )
    return table


def _reading(assessment: Assessment, clauses: tuple[str, ...]) -> Reading | None:
    found = (assessment.reading(clause) for clause in clauses)
    return next((reading for reading in found if reading is not None), None)


def _unit(assessment: Assessment) -> str:
    lanes = assessment.chronicle.lanes
    lane = lanes.current or next(reversed(lanes.all.values()), None)
    return lane.unit if lane is not None else "—"


def _light(reading: Reading | None) -> RenderableType:
    """The light of the highest level reached, and the state in words."""
    if reading is None:
        return Styled("—", style="dim")
    level = clocks.level_of(reading)
    state, style = words.STATES[reading.state.value], words.STATE_STYLES[reading.state.value]
    colour = output.light(level.light) if level is not None else "green"
    if reading.state is State.CANCELLED:
        colour = "dim"
    return Group(
        Styled.assemble(("● ", colour), (state.zh, style)),
        Styled(level.name.zh if level is not None else "", style="dim"),
    )


def _due(reading: Reading | None) -> RenderableType:
    if reading is None:
        return "—"
    shown = clocks.due_text(reading, VOICE)
    day, _, hour = shown.partition(" ")
    return Group(day, Styled(hour, style="dim")) if hour else shown


def _remaining(reading: Reading | None) -> RenderableType:
    """What is left, or by how much it was early or late, in both languages."""
    if reading is None:
        return "—"
    english = Voice()
    english.lang = "en"
    if reading.state is State.PAUSED:
        return Group(Styled("中止", style="cyan"), Styled("paused", style="dim"))
    style = words.STATE_STYLES[reading.state.value]
    return Group(
        Styled(clocks.left_text(reading, VOICE), style=style),
        Styled(clocks.left_text(reading, english), style="dim"),
    )


# ------------------------------------------------------------------------------- in full


def _in_full(story: Story) -> Iterator[RenderableType]:
    assessment = story.assessment(story.petition)
    yield timeline.render(story.entries(story.petition), story.pack(assessment), VOICE)
    shown = [reading for reading in assessment.readings if reading.clause.scope.value == "petition"]
    for reading in shown:
        yield _derivation(reading)


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
    """How many of each act went out, and how many were taken back."""
    cards = []
    packs = {deed.act.fired.act: deed.pack for deed in deeds}
    levels = {deed.act.fired.act: deed.act.fired.level for deed in deeds}
    for code, count in sorted(tally(deeds).items(), key=lambda each: levels[each[0]]):
        act = words.act(code, packs[code])
        taken = f" 撤回 {count['withdrawn']}" if count["withdrawn"] else ""
        style = _level_style(packs[code], levels[code])
        cards.append(
            Styled.assemble(
                ("● ", style), f"{act.zh} ", (f"{count['told']}", "bold"), (taken, "dim")
            )
        )
    return Columns(cards, padding=(0, 3))


def _level_style(pack: Pack, ordinal: int) -> str:
    level = pack.level(ordinal)
    return output.light(level.light) if level is not None else ""


def _breaches(story: Story) -> Table:
    """Red cards and beyond one by one; what was taken back is struck through, with its reason."""
    table = _table("时刻 when", "案卷 dossier", "动作 act", "时钟 clock", "对象 to", "结果 outcome")
    for deed in story.deeds:
        if not deed.breach:
            continue
        fired, style = deed.act.fired, _level_style(deed.pack, deed.act.fired.level)
        act = words.act(fired.act, deed.pack)
        gone = "" if deed.act.stands else "strike dim"
        table.add_row(
            Styled(when(fired.due), style=gone),
            Styled(_dossier(deed.stream), style=gone),
            Styled(f"{act.zh}{f' {fired.tier}级' if fired.tier else ''}", style=gone or style),
            Styled(deed.clause.name.zh, style=gone),
            Styled(fired.unit, style=gone),
            _outcome(deed),
        )
    return table


def _dossier(stream: str) -> str:
    kind, _, name = stream.partition("/")
    return name if kind == "petition" else "约谈 talk"


def _outcome(deed: Deed) -> RenderableType:
    if deed.overturned is None:
        return Styled("有效 stands", style="dim")
    reason = _REASONS.get(type_of(deed), Text("事由不再成立", "its ground fell away"))
    known = when(deed.overturned.meta.recorded_at)
    return Group(f"▽ {known} 撤回：{reason.zh}", Styled(f"withdrawn: {reason.en}", style="dim"))


def type_of(deed: Deed) -> str:
    """Type of the fact that overturned an act."""
    from sla_engine.record import type_name

    assert deed.overturned is not None, "asked of acts that were withdrawn"
    return type_name(deed.overturned.event)


# ---------------------------------------------------------------------------------- talk


def _talk(story: Story) -> RenderableType:
    """Facts and acts of the talk in time order, with the clock that each of them ended."""
    assessment = story.assessment(story.talk)
    pack, opening = story.pack(assessment), assessment.dossier.opening.event
    table = _table("时刻 when", "级 tier", "事项 what", "说明 detail", "时钟 clock")
    tier = 0
    for entry in story.entries(story.talk):
        event, at = entry.event, entry.recorded.meta.occurred_at
        if isinstance(event, RungWithdrawn):
            continue
        if entry.recorded == assessment.dossier.opening or isinstance(event, TierRaised):
            tier = getattr(event, "tier", tier)
            if table.row_count:
                table.add_section()
        ended = [each for each in assessment.readings if each.stopped_at == at]
        fired = isinstance(event, RungFired)
        table.add_row(
            when(at),
            f"{tier}",
            timeline.title(entry, pack, VOICE),
            "；".join(timeline.details(entry, pack, VOICE)),
            Group(*(_ended(each) for each in ended)) if ended and not fired else "",
        )
    unit = getattr(opening, "unit", "")
    phase = words.phase(kind_of(story.talk).name, assessment.chronicle.phase)
    caption = f"{unit} · {phase.zh} {phase.en} · {pack.title.zh}"
    return Group(Styled(caption, style="bold"), table)


def _ended(reading: Reading) -> Styled:
    """A clock that ended here: met or late, and what its due was."""
    met = reading.state is State.MET
    return Styled.assemble(
        ("✓ " if met else "✗ ", "green" if met else "red"),
        reading.clause.name.zh,
        (f"（限 {deadline(reading.due)[5:]}）", "dim"),
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
