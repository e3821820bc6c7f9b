"""Event logs of other systems become petitions: what is taken, what is refused, how it stands."""

import gzip
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from sla_engine.catalog import load_rulebook
from sla_engine.clock import VirtualClock
from sla_engine.dossier.events import RungFired, StepDone
from sla_engine.errors import Refusal
from sla_engine.importing import run
from sla_engine.importing.load import BoundMapping, load_mapping
from sla_engine.importing.matter import Refused
from sla_engine.importing.report import ImportReport
from sla_engine.importing.run import import_file
from sla_engine.petition.events import Registered
from sla_engine.record import Recorded
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import Submission
from sla_engine.sla.assess import Assessment, State
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant

ROOT = Path(__file__).resolve().parents[2]
MAPPINGS = ROOT / "examples" / "mappings"
PACK = (ROOT / "examples" / "packs" / "message-reply" / "2011.toml").as_posix()
SHARED = ROOT.parent / "shared" / "data"
NOW = parse_instant("2026-11-22T09:00:00+08:00")
DAY = 86_400_000_000

LETTERS = f"""
[log]
name = "letters"
title = {{ zh = "来信", en = "letters" }}
source = "letters"
format = "csv"
zone = "Asia/Shanghai"
pack = "{PACK}"

[times.asked]
column = "asked"
[times.replied]
column = "replied"
forms = ["rfc3339", "%Y-%m-%d"]
day_at = "end"
[times.due]
column = "due"
forms = ["%Y-%m-%d"]

[petition]
no = {{ column = "no" }}
at = "asked"
kind = {{ column = "kind" }}
region = "CN"
[petition.personal]
phone = "phone"

[[fact]]
name = "replied"
type = "step_done"
at = "replied"
data = {{ step = "replied" }}

[[check]]
name = "elapsed"
figure = "elapsed_workdays"
from = "registered"
to = "replied"
column = "days"

[[check]]
name = "last_day"
figure = "due"
clause = "reply"
time = "due"
compare = "day"
"""
HEADER = "no,asked,replied,due,days,kind,phone"
ON_TIME = "A1,2019-09-20T10:00:00+08:00,2019-10-12T17:00:00+08:00,2019-10-16,12,投诉,13800000001"
BY_DAY = "A2,2019-09-20T10:00:00+08:00,2019-10-16,2019-10-16,15,投诉,"
LATE = "A3,2019-09-20T10:00:00+08:00,2019-10-17T00:00:01+08:00,2019-10-16,16,咨询,"
OPEN = "A4,2026-11-20T10:00:00+08:00,,,,咨询,"

STEPS = f"""
[log]
name = "steps"
title = {{ zh = "环节", en = "steps" }}
source = "steps"
format = "FORMAT"
zone = "Asia/Shanghai"
pack = "{PACK}"

[times.opened]
column = "opened"
[times.at]
column = "at"

[petition]
no = {{ column = "case" }}
at = "opened"
kind = "投诉"
region = "CN"

[[fact]]
name = "step"
each = "event"
type = "step_done"
at = "at"
data = {{ step = {{ column = "what" }} }}
"""

Import = Callable[..., ImportReport]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def engine(tmp_path: Path, clock: VirtualClock) -> Iterator[Engine]:
    """An engine that knows the pack of the small mappings."""
    rules = load_mapping(MAPPINGS / "cn_petitions_replied.toml").known_to(load_rulebook())
    with Engine.open(tmp_path / "store.sqlite", clock, rules=rules) as opened:
        yield opened


@pytest.fixture
def take(tmp_path: Path, engine: Engine) -> Import:
    """Import lines under a mapping text."""

    def taken(lines: Sequence[str] | bytes, text: str = LETTERS, **rest: object) -> ImportReport:
        file = tmp_path / "log"
        data = lines if isinstance(lines, bytes) else "\n".join(lines).encode()
        file.write_bytes(data)
        return import_file(engine, file, mapping(tmp_path, text), **rest)  # type: ignore[arg-type]

    return taken


def mapping(folder: Path, text: str) -> BoundMapping:
    path = folder / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


def reasons(report: ImportReport) -> list[tuple[int, str, str]]:
    return [(each.line, each.fact, each.faults[0].code) for each in report.refusals]


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return (report.rows, report.recorded, report.repeated, report.refused)


def xes(*cases: tuple[str, str, Sequence[tuple[str, str]]]) -> str:
    """A log of cases (number, opened, events of at and what)."""

    def string(key: str, value: str) -> str:
        return f'<string key="{key}" value="{value}"/>'

    traces = (
        f"<trace>{string('case', no)}{string('opened', opened)}"
        + "".join(f"<event>{string('at', at)}{string('what', what)}</event>" for at, what in events)
        + "</trace>"
        for no, opened, events in cases
    )
    return f"<log>{''.join(traces)}</log>"


def test_a_log_becomes_petitions_with_their_clocks_judged(take: Import) -> None:
    report = take([HEADER, ON_TIME, BY_DAY, LATE, OPEN])
    assert counts(report) == (4, 7, 0, 0)
    figures = report.clauses["reply"]
    assert figures.states == {State.MET: 2, State.LATE: 1, State.RUNNING: 1}
    assert figures.on_time == pytest.approx(2 / 3)
    assert figures.provisional == 0
    assert report.assessed == 4


def test_checks_compare_the_log_with_the_engine(take: Import) -> None:
    wrong = LATE.replace(",16,", ",17,").replace(",2019-10-16,", ",2019-10-18,")
    report = take([HEADER, ON_TIME, BY_DAY, wrong, OPEN])
    elapsed, last_day = report.checks["elapsed"], report.checks["last_day"]
    assert (elapsed.compared, elapsed.agreed, elapsed.without) == (3, 2, 1)
    assert [each.as_dict() for each in elapsed.differing] == [
        {"line": 4, "petition": "A3", "claimed": "17", "computed": "16"}
    ]
    assert (last_day.compared, last_day.agreed, last_day.without) == (3, 2, 1)
    assert [(each.claimed, each.computed) for each in last_day.differing] == [
        ("2019-10-18", "2019-10-16")
    ]


def test_a_figure_of_the_log_that_cannot_be_read_does_not_agree(take: Import) -> None:
    report = take([HEADER, ON_TIME.replace("2019-10-16", "mid October")])
    assert (report.checks["last_day"].compared, report.checks["last_day"].agreed) == (1, 0)
    assert report.checks["last_day"].differing[0].claimed == "mid October"
    assert report.refused == 0


def test_the_same_file_again_adds_nothing(take: Import, engine: Engine) -> None:
    first = take([HEADER, ON_TIME, BY_DAY, LATE, OPEN])
    head = engine.log.head()
    again = take([HEADER, ON_TIME, BY_DAY, LATE, OPEN])
    assert engine.log.head() == head
    assert counts(again) == (4, 0, 7, 0)
    assert again.as_dict()["clauses"] == first.as_dict()["clauses"]


def test_a_file_that_has_grown_adds_what_is_new(take: Import) -> None:
    take([HEADER, ON_TIME, OPEN])
    replied = OPEN.replace("+08:00,,", "+08:00,2026-11-21,")
    report = take([HEADER, ON_TIME, replied, LATE])
    assert counts(report) == (3, 3, 3, 0)
    assert report.clauses["reply"].states == {State.MET: 2, State.LATE: 1}


def test_an_import_that_was_cut_short_is_simply_run_again(
    take: Import, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BATCH", 2)
    with pytest.raises(ZeroDivisionError):
        take([HEADER, ON_TIME, BY_DAY, LATE, OPEN], progress=_Interrupting())
    assert 0 < engine.log.head() < 7
    report = take([HEADER, ON_TIME, BY_DAY, LATE, OPEN])
    assert report.recorded + report.repeated == 7
    assert engine.log.head() == 7


def test_a_day_without_a_time_is_recorded_as_such(take: Import, engine: Engine) -> None:
    assert take([HEADER, ON_TIME, BY_DAY]).imprecise == {"day": 1}
    fact = engine.events("petition/A2")[1]
    assert isinstance(fact.event, StepDone)
    assert fact.meta.precision == "day"
    assert fact.meta.occurred_at == parse_instant("2019-10-17T00:00:00+08:00") - 1
    assert engine.events("petition/A1")[1].meta.precision == ""


def test_bad_rows_are_all_reported_and_good_rows_all_taken(take: Import) -> None:
    lines = [
        HEADER,
        ON_TIME,
        "too,few",
        "B1,yesterday,,,,投诉,",
        "B2,1969-12-31T00:00:00+08:00,,,,投诉,",
        "B3,2019-09-20T10:00:00,,,,投诉,",
        "B4,2019-09-20T10:00:00+08:00,2201-01-01,,,投诉,",
        ",2019-09-20T10:00:00+08:00,,,,投诉,",
        "B6,2030-01-01T00:00:00+08:00,,,,投诉,",
        'B7,"2019-09-20T10:00:00+08:00,,,,投诉,',
        LATE,
    ]
    report = take(lines)
    assert sorted(reasons(report)) == [
        (3, "", "IMPORT_ROW_COLUMNS"),
        (4, "registered", "TIME_FORMAT"),
        (5, "registered", "TIME_RANGE"),
        (6, "registered", "TIME_OFFSET"),
        (7, "replied", "TIME_RANGE"),
        (8, "", "FIELD_MISSING"),
        (9, "registered", "IN_THE_FUTURE"),
        (10, "", "IMPORT_ROW_QUOTES"),
    ]
    assert (report.recorded, report.refused, report.assessed) == (5, 8, 3)
    assert report.reasons.total() == 8
    assert report.reasons["TIME_RANGE"] == 2


def test_whoever_watches_hears_of_every_refusal_and_how_far_it_is(take: Import) -> None:
    watch = _Watch()
    report = take([HEADER, ON_TIME, "too,few", LATE], progress=watch)
    assert watch.heard == report.refusals
    assert watch.stages["take"] == watch.stages["assess"] == [1, 2, 3]
    assert watch.fraction == 1.0


def test_a_report_lists_some_refusals_and_counts_them_all(
    take: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sla_engine.importing.report.LISTED", 2)
    watch = _Watch()
    report = take([HEADER, *(["x"] * 5)], progress=watch)
    assert (len(report.refusals), report.refused, len(watch.heard)) == (2, 5, 5)
    assert report.reasons == {"IMPORT_ROW_COLUMNS": 5}


def test_a_petition_that_comes_twice_is_taken_and_counted_once(take: Import) -> None:
    other = ON_TIME.replace("投诉", "举报")
    report = take([HEADER, ON_TIME, ON_TIME, other])
    assert counts(report) == (3, 2, 3, 1)
    assert reasons(report) == [(4, "registered", "KEY_REUSED")]
    assert report.assessed == 1


def test_a_petition_of_another_source_is_neither_touched_nor_counted(
    take: Import, engine: Engine
) -> None:
    take([HEADER, ON_TIME])
    head = engine.log.head()
    other = LETTERS.replace('source = "letters"', 'source = "elsewhere"')
    report = take([HEADER, LATE, ON_TIME], other)
    assert reasons(report) == [(3, "", "ALREADY_REGISTERED")]
    assert (report.recorded, report.refused, report.assessed) == (2, 1, 1)
    assert engine.log.head() == head + 2


def test_history_is_judged_in_silence(take: Import, engine: Engine, clock: VirtualClock) -> None:
    take([HEADER, ON_TIME, LATE, LATE.replace("A3", "A5").replace("2019-10-17T00:00:01+08:00", "")])
    clock.set(NOW + 30 * DAY)
    engine.run_due()
    fired = [each for each in engine.log.scan() if isinstance(each.event, RungFired)]
    assert {each.stream for each in fired} == {"petition/A1", "petition/A3", "petition/A5"}
    assert {each.event.silent for each in fired if isinstance(each.event, RungFired)} == {"history"}
    assert list(engine.log.streams("talk/")) == []
    opening = engine.events("petition/A1")[0].event
    assert isinstance(opening, Registered)
    assert opening.historic


def test_what_cannot_have_been_so_is_recorded_with_a_mark(take: Import, engine: Engine) -> None:
    resolved = LETTERS.replace('"step_done"', '"resolved"').replace('{ step = "replied" }', "{}")
    report = take([HEADER, ON_TIME], resolved)
    assert report.anomalies == {"PHASE_IMPOSSIBLE": 1}
    assert [each.meta.anomaly for each in engine.events("petition/A1")] == ["", "PHASE_IMPOSSIBLE"]


def test_a_reply_before_its_own_question_is_recorded_with_a_mark(
    take: Import, engine: Engine
) -> None:
    report = take([HEADER, ON_TIME.replace("2019-10-12T17", "2019-09-19T17")])
    assert counts(report) == (1, 2, 0, 0)
    assert report.anomalies == {"PHASE_IMPOSSIBLE": 1}
    assert report.clauses["reply"].states == {State.OVERDUE: 1}


def test_personal_columns_are_not_in_the_log(take: Import, engine: Engine) -> None:
    take([HEADER, ON_TIME])
    assert "13800000001" not in str(list(engine.log.scan()))
    assert engine.log.personal("of/A1") == {"phone": "13800000001"}


def test_a_file_in_gb18030_gives_the_same_petitions(take: Import, engine: Engine) -> None:
    chinese = LETTERS.replace('format = "csv"', 'format = "csv"\nencoding = "gb18030"')
    report = take("\n".join([HEADER, ON_TIME, LATE]).encode("gb18030"), chinese)
    assert (report.recorded, report.refused) == (4, 0)
    assert counts(take([HEADER, ON_TIME, LATE])) == (2, 0, 4, 0)


def test_the_log_of_an_import_can_be_replayed(take: Import, engine: Engine) -> None:
    take([HEADER, ON_TIME, BY_DAY, LATE, OPEN])
    assert engine.verify().identical


def test_a_mapping_whose_pack_the_engine_does_not_have_is_refused_at_once(
    take: Import, engine: Engine
) -> None:
    with pytest.raises(Refusal) as caught:
        take([HEADER, ON_TIME], LETTERS.replace(PACK, "no-such-pack"))
    assert caught.value.code == "POLICY_UNKNOWN"
    assert engine.log.head() == 0


def test_a_pack_of_the_engine_may_be_named(take: Import) -> None:
    assert take([HEADER, ON_TIME], LETTERS.replace(PACK, "message-reply")).recorded == 2


@pytest.mark.parametrize("lines", [[], ["no,asked", "A1,2019-09-20T10:00:00+08:00"]])
def test_a_file_that_cannot_be_meant_is_refused_before_anything_is_taken(
    take: Import, engine: Engine, lines: list[str]
) -> None:
    with pytest.raises(Refusal) as caught:
        take(lines)
    assert caught.value.code in ("IMPORT_FILE_EMPTY", "IMPORT_COLUMN_MISSING")
    assert engine.log.head() == 0


CASES: tuple[tuple[str, str, Sequence[tuple[str, str]]], ...] = (
    ("C1", "2019-09-20T10:00:00+08:00", [("2019-09-25T10:00:00+08:00", "replied")]),
    (
        "C2",
        "2019-09-20T10:00:00+08:00",
        [("2019-10-25T10:00:00+08:00", "replied"), ("2019-10-26T10:00:00+08:00", "replied")],
    ),
)


def event_rows(cases: Sequence[tuple[str, str, Sequence[tuple[str, str]]]]) -> list[str]:
    return [f"{no},{opened},{at},{what}" for no, opened, events in cases for at, what in events]


def test_the_same_log_as_xes_and_as_event_rows_gives_the_same_petitions(
    take: Import, engine: Engine
) -> None:
    by_trace = take([xes(*CASES)], STEPS.replace("FORMAT", "xes"))
    events = {no: engine.events(f"petition/{no}") for no in ("C1", "C2")}
    assert counts(by_trace) == (5, 5, 0, 0)
    assert [each.meta.seq for each in events["C2"]] == [0, 1, 2]
    as_rows = STEPS.replace('"FORMAT"', '"csv"\nrows = "event"').replace('"steps"', '"rows"')
    rows = [line.replace("C", "D", 1) for line in event_rows(CASES)]
    by_row = take(["case,opened,at,what", *rows], as_rows)
    assert counts(by_row) == (3, 5, 0, 0)
    assert by_row.as_dict()["clauses"] == by_trace.as_dict()["clauses"]
    for no, facts in events.items():
        others = engine.events(f"petition/{no.replace('C', 'D')}")
        assert [each.event for each in facts[1:]] == [each.event for each in others[1:]]


def test_event_rows_scattered_over_the_file_are_judged_together(
    take: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BATCH", 2)
    as_rows = STEPS.replace('"FORMAT"', '"csv"\nrows = "event"')
    cases = [
        (f"C{n}", "2019-09-20T10:00:00+08:00", [("2019-09-20T10:00:00+08:00", "read")])
        for n in range(5)
    ]
    replies = [(no, opened, [("2019-09-26T10:00:00+08:00", "replied")]) for no, opened, _ in cases]
    report = take(["case,opened,at,what", *event_rows(cases), *event_rows(replies)], as_rows)
    assert (report.assessed, report.clauses["reply"].states) == (5, {State.MET: 5})
    assert (report.recorded, report.repeated, report.refused) == (15, 5, 0)
    assert report.anomalies.total() == 5


def test_two_events_of_one_second_keep_the_order_of_the_file(take: Import, engine: Engine) -> None:
    same = "2019-09-25T10:00:00+08:00"
    cases = ("C1", "2019-09-20T10:00:00+08:00", [(same, "replied"), (same, "a"), (same, "b")])
    take([xes(cases)], STEPS.replace("FORMAT", "xes"))
    facts = engine.assess("petition/C1").chronicle.facts
    steps = [each.event.step for each in facts if isinstance(each.event, StepDone)]
    assert steps == ["replied", "a", "b"]


def test_a_packed_file_that_breaks_off_is_reported_and_taken_as_far_as_it_goes(
    take: Import,
) -> None:
    rows = [ON_TIME.replace("A1", f"E{n}") for n in range(600)]
    packed = gzip.compress("\n".join([HEADER, *rows]).encode())
    report = take(packed[:-500])
    assert report.recorded > 0
    assert (0, "", "IMPORT_FILE_DAMAGED") in reasons(report)


def test_batches_are_small_whatever_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Engine
) -> None:
    monkeypatch.setattr(run, "BATCH", 7)
    file = tmp_path / "log.csv"
    rows = [ON_TIME.replace("A1", f"E{n}") for n in range(30)]
    file.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    weighed = _Weighed(engine)
    report = import_file(weighed, file, mapping(tmp_path, LETTERS))
    assert report.recorded == sum(weighed.batches) == 60
    assert max(weighed.batches) == 7


def test_the_mapping_of_the_manual_works_as_it_stands_there(tmp_path: Path, engine: Engine) -> None:
    manual = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    csv, toml = (manual.split(f"```{kind}\n", 1)[1].split("```", 1)[0] for kind in ("csv", "toml"))
    for folder in ("mappings", "packs"):
        (tmp_path / folder).mkdir()
    shutil.copytree(Path(PACK).parent, tmp_path / "packs" / "message-reply")
    (tmp_path / "letters.csv").write_text(csv, encoding="utf-8")
    bound = mapping(tmp_path / "mappings", toml)
    report = import_file(engine, tmp_path / "letters.csv", bound)
    assert counts(report) == (1, 2, 0, 0)
    assert report.imprecise == {"minute": 1, "day": 1}
    assert (report.checks["elapsed"].compared, report.checks["elapsed"].agreed) == (1, 1)


class _Watch:
    """Writes down everything it hears."""

    def __init__(self) -> None:
        self.heard: list[Refused] = []
        self.stages: dict[str, list[int]] = {}
        self.fraction = 0.0

    def advanced(self, stage: str, rows: int, fraction: float) -> None:
        self.stages.setdefault(stage, []).append(rows)
        self.fraction = fraction

    def refused(self, refused: Refused) -> None:
        self.heard.append(refused)


class _Interrupting(_Watch):
    """Fails in the middle of the first reading."""

    def advanced(self, stage: str, rows: int, fraction: float) -> None:
        if rows == 3:
            raise ZeroDivisionError


class _Weighed:
    """An engine that notes how large its batches are."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.rules = engine.rules
        self.batches: list[int] = []

    def take(self, submissions: Sequence[Submission], history: bool = False) -> list[Outcome]:
        self.batches.append(len(submissions))
        return self.engine.take(submissions, history)

    def events(self, stream: str) -> Sequence[Recorded]:
        return self.engine.events(stream)

    def assess(self, stream: str) -> Assessment:
        return self.engine.assess(stream)


def shared(name: str) -> Path:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{name} is not distributed with the project")
    return path


def import_shared(folder: Path, name: str, file: Path) -> tuple[ImportReport, ImportReport, bool]:
    """Two imports of one file into one store, and whether the second left it as it was."""
    bound = load_mapping(MAPPINGS / f"{name}.toml")
    rules = bound.known_to(load_rulebook())
    with Engine.open(folder / "store.sqlite", VirtualClock(NOW), rules=rules) as engine:
        first = import_file(engine, file, bound)
        head = engine.log.head()
        second = import_file(engine, file, bound)
        return first, second, engine.log.head() == head


def test_2816_replied_petitions_agree_with_an_independent_calendar(tmp_path: Path) -> None:
    file = shared("cn_petitions_replied.csv")
    first, second, unchanged = import_shared(tmp_path, "cn_petitions_replied", file)
    assert counts(first) == (2_816, 5_632, 0, 0)
    assert (first.assessed, first.imprecise, first.anomalies) == (2_816, {"day": 1}, {})
    elapsed = first.checks["elapsed"]
    assert (elapsed.compared, elapsed.agreed, elapsed.differing) == (2_816, 2_816, [])
    states = first.clauses["reply"].states
    assert states == {State.MET: 2_103, State.LATE: 713}
    assert unchanged
    assert counts(second) == (2_816, 0, 5_632, 0)


def test_983_permit_deadlines_are_56_civil_days(tmp_path: Path) -> None:
    file = shared("nl_receipt.xes.gz")
    first, second, unchanged = import_shared(tmp_path, "nl_receipt", file)
    assert counts(first) == (1_434 + 8_577, 1_434 + 8_577 + 1_329, 0, 0)
    to_the_minute = first.checks["deadline_to_the_minute"]
    on_the_day = first.checks["deadline_on_the_day"]
    assert (to_the_minute.compared, to_the_minute.agreed) == (1_434, 983)
    assert (on_the_day.compared, on_the_day.agreed) == (1_434, 1_080)
    states = first.clauses["decide"].states
    assert states == {State.MET: 848, State.LATE: 479, State.OVERDUE: 107}
    assert unchanged
    assert second.recorded == second.refused == 0
