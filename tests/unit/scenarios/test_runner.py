"""A script played on virtual time: sweeps at their instants, every departure with its reason."""

from pathlib import Path

import pytest

from scenarios.diff import lines
from scenarios.runner import ScenarioReport, run_file
from sla_engine.errors import Refusal
from sla_engine.service.reactor import Reactor
from tests.support.shell import ROOT
from tests.unit.scenarios.small import HEAD, SMALL, STEP


def play(tmp_path: Path, content: str) -> ScenarioReport:
    script = tmp_path / "story.toml"
    script.write_text(content, encoding="utf-8")
    return run_file(script)


def free(at: str, body: str) -> str:
    return f"[[expect]]\nat = 2024-09-{at}:00+08:00\n{body}\n"


def test_what_comes_out_as_foretold_passes(tmp_path: Path) -> None:
    report = play(tmp_path, SMALL)
    assert report.passed
    # two facts, a phase, a due instant and the replay
    assert (report.checked, report.met, report.facts) == (5, 5, 2)
    assert report.verification.identical


def test_acts_are_recorded_at_the_instant_they_are_due(tmp_path: Path) -> None:
    acts = free(
        "13T10:30",
        """petition = "A"
acts = [
  { rung = "arrive/warn-60", recorded = 2024-09-13T10:00:00+08:00 },
  { rung = "arrive/warn-90", recorded = 2024-09-13T10:30:00+08:00 },
]""",
    )
    report = play(tmp_path, HEAD + STEP + acts)
    assert report.passed
    assert report.sweeps == 2


def test_everything_that_departs_is_shown_with_the_days_that_were_counted(tmp_path: Path) -> None:
    wrong = SMALL.replace('phase = "dispatched"', 'phase = "resolved"').replace(
        '{ clause = "arrive", due = 2024-09-13T11:00:00+08:00 }',
        '{ clause = "feedback", due = 2024-09-19T00:00:00+08:00, state = "running" }',
    )
    report = play(tmp_path, wrong)
    assert [(each.field, each.expected, each.found) for each in report.departures] == [
        ("phase", "resolved", "dispatched"),
        ("due", "2024-09-19T00:00:00+08:00", "2024-09-15T00:00:00+08:00"),
    ]
    text = "\n".join(lines(report.departures))
    assert "step 1 (line 8) expect 1" in text
    assert "第1个工作日：2024-09-14（周六，中秋节调休上班，国办发明电〔2023〕7号）" in text
    assert "Working day 1: 2024-09-14 (Sat, make-up working day" in text


@pytest.mark.parametrize(
    ("body", "field", "expected", "found"),
    [
        ("acts = []", "act", "—", "warn 2024-09-13T10:00:00+08:00"),
        (
            'among = [{ rung = "arrive/urge", at = 2024-09-13T11:00:00+08:00 }]',
            "act",
            "at 2024-09-13T11:00:00+08:00",
            "—",
        ),
        (
            'among = [{ rung = "arrive/warn-60", at = 2024-09-13T10:01:00+08:00 }]',
            "at",
            "2024-09-13T10:01:00+08:00",
            "2024-09-13T10:00:00+08:00",
        ),
        ('among = [{ rung = "arrive/warn-60", withdrawn = true }]', "withdrawn", "true", "false"),
        ('among = [{ rung = "arrive/warn-60", silent = "history" }]', "silent", "history", '""'),
        ('clocks = [{ clause = "triage", state = "met" }]', "clock", "true", "false"),
        ('clocks = [{ clause = "arrive", absent = true }]', "clock", "false", "true"),
    ],
)
def test_an_act_or_a_clock_that_departs_says_how(
    tmp_path: Path, body: str, field: str, expected: str, found: str
) -> None:
    report = play(tmp_path, HEAD + STEP + free("13T10:00", f'petition = "A"\n{body}'))
    (departure,) = report.departures
    assert (departure.field, departure.expected, departure.found) == (field, expected, found)


def test_figures_and_rows_are_compared_by_name(tmp_path: Path) -> None:
    body = """figures = { petitions = 2, running = 4, told = { warn = 1 } }
rows = [{ projection = "petition_card", key = "petition/none", columns = { phase = "x" } }]"""
    report = play(tmp_path, HEAD + STEP + free("13T10:00", body))
    assert [(each.about, each.field, each.found) for each in report.departures] == [
        ("figures", "petitions", "1"),
        ("petition_card · petition/none", "row", "false"),
    ]


def test_documents_are_drawn_and_read(tmp_path: Path) -> None:
    urge, recall = 'document = "urge", of = "A"', 'document = "recall", of = "A"'
    right = free(
        "13T11:01",
        f"""documents = [
  {{ {urge}, contains = ["区住建局"], lacks = ["市水务局"] }},
  {{ {recall}, absent = true }},
]""",
    )
    assert play(tmp_path, HEAD + STEP + right).passed
    wrong = free(
        "13T11:01",
        f"""documents = [
  {{ {urge}, contains = ["市水务局"], lacks = ["区住建局"] }},
  {{ {urge}, absent = true }},
  {{ {recall}, contains = ["x"] }},
  {{ document = "urge", of = "nobody", contains = ["x"] }},
]""",
    )
    report = play(tmp_path, HEAD + STEP + wrong)
    assert [(each.field, each.expected, each.found) for each in report.departures] == [
        ("contains", "市水务局", "—"),
        ("lacks", "—", "区住建局"),
        ("document", "false", "true"),
        ("document", "true", "false"),
        ("document", "true", "UNKNOWN_DOSSIER"),
    ]


def test_rates_and_balances_that_depart_show_both_numbers(tmp_path: Path) -> None:
    body = """[[expect.measures]]
measure = "on-time"
first = 2025-06-01
last = 2025-06-13
numerator = 2
denominator = 4
percent = 50.0"""
    shipped = ROOT / "scenarios" / "library" / "exclusion-and-reversal.toml"
    content = shipped.read_text(encoding="utf-8")
    at = "[[expect]]\nat = 2025-06-13T09:30:00+08:00\n"
    report = play(tmp_path, f"{content}\n{at}{body}\n")
    assert [(each.field, each.expected, each.found) for each in report.departures] == [
        ("denominator", "4", "3"),
        ("percent", "50.0", "66.7"),
    ]
    balance = 'reconciliation = [{ list = "problem", unit = "住建局", month = "2025-06", new = 2 }]'
    listed = (ROOT / "scenarios" / "library" / "list-strike-off.toml").read_text(encoding="utf-8")
    at = "[[expect]]\nat = 2025-07-02T09:00:00+08:00\n"
    (departure,) = play(tmp_path, f"{listed}\n{at}{balance}\n").departures
    assert (departure.field, departure.expected, departure.found) == ("new", "2", "3")


def test_places_and_counts_that_depart_show_both(tmp_path: Path) -> None:
    library = ROOT / "scenarios" / "library"
    board = (library / "board-objection.toml").read_text(encoding="utf-8")
    report = play(
        tmp_path, board.replace('"交通局" = "yellow", "城管局" = "" }', '"交通局" = "red" }')
    )
    assert [(each.field, each.expected, each.found) for each in report.departures] == [
        (
            "places",
            '{"住建局": "red", "水务局": "", "交通局": "red"}',
            '{"住建局": "red", "水务局": "", "交通局": "yellow"}',
        )
    ]
    trigger = (library / "trigger-reached-and-overturned.toml").read_text(encoding="utf-8")
    wrong = trigger.replace('counted = { "act:yellow" = 2 }', 'counted = { "act:yellow" = 3 }', 1)
    (departure,) = play(tmp_path, wrong).departures
    assert (departure.about, departure.field) == ("市住建局", "counted")


def test_a_refusal_is_a_departure_unless_it_is_foretold(tmp_path: Path) -> None:
    twice = '  { petition = "A", type = "registered", id = "again", data = { kind = "投诉" } },\n]'
    report = play(tmp_path, SMALL.replace("\n]", f"\n{twice}", 1))
    (departure,) = report.departures
    assert (departure.expected, departure.found) == ("recorded", "ALREADY_REGISTERED")
    foretold = twice.replace("} },", '}, refused = "ALREADY_REGISTERED" },')
    assert play(tmp_path, SMALL.replace("\n]", f"\n{foretold}", 1)).passed


def test_a_talk_that_is_not_there_departs(tmp_path: Path) -> None:
    talk = '[talks]\n"甲" = { unit = "区住建局" }\n' + free("13T10:00", 'talk = "甲"\ntier = 1')
    (departure,) = play(tmp_path, HEAD + STEP + talk).departures
    assert (departure.about, departure.field, departure.found) == ("甲", "exists", "false")


@pytest.mark.parametrize(
    ("found", "written", "code", "near"),
    [
        ('clause = "arrive"', 'clause = "arive"', "SCENARIO_CLAUSE", "arrive"),
        ('packs = ["zaozhuang-2110"]', 'packs = ["zaozhuang-2111"]', "SCENARIO_PACK", "zao"),
        ("start =", 'withhold = ["国办发明电〔2023〕8号"]\nstart =', "SCENARIO_NOTICE", "国办"),
        (
            "clocks = [{",
            'among = [{ rung = "arrive/urg" }]\nclocks = [{',
            "SCENARIO_RUNG",
            "urge",
        ),
    ],
)
def test_names_that_no_pack_and_no_calendar_has_are_faults_before_anything_is_played(
    tmp_path: Path, found: str, written: str, code: str, near: str
) -> None:
    with pytest.raises(Refusal) as refused:
        play(tmp_path, SMALL.replace(found, written))
    (fault,) = refused.value.faults
    assert fault.code == code
    assert fault.near.startswith(near)


def test_a_store_that_was_used_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    script, store = tmp_path / "story.toml", tmp_path / "kept.sqlite"
    script.write_text(SMALL, encoding="utf-8")
    assert run_file(script, store).passed
    with pytest.raises(Refusal) as refused:
        run_file(script, store)
    assert refused.value.code == "SCENARIO_STORE_USED"


def test_a_withheld_notice_makes_its_year_provisional(tmp_path: Path) -> None:
    withheld = SMALL.replace("start =", 'withhold = ["国办发明电〔2023〕7号"]\nstart =')
    clock = '{ clause = "feedback", due_date = 2024-09-16, provisional = true }'
    content = withheld.replace('{ clause = "arrive", due = 2024-09-13T11:00:00+08:00 }', clock)
    assert play(tmp_path, content).passed


def test_a_pack_of_its_own_stands_in_the_scenario_or_beside_it(tmp_path: Path) -> None:
    (shipped,) = (ROOT / "sla_engine/data/policies/zaozhuang-2110").glob("2024-08.toml")
    renamed = shipped.read_text(encoding="utf-8").replace("zaozhuang-2110", "mine", 1)
    (tmp_path / "mine.pack").write_text(renamed, encoding="utf-8")
    mine = SMALL.replace("zaozhuang-2110", "mine")
    assert play(tmp_path, mine + '[[pack]]\nfile = "mine.pack"\n').passed
    assert play(tmp_path, f"{mine}[[pack]]\ntext = '''\n{renamed}'''\n").passed


def test_a_pack_that_is_not_there_or_has_a_fault_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        play(tmp_path, SMALL + '[[pack]]\nfile = "none.toml"\n')
    assert refused.value.code == "SCENARIO_UNREADABLE"
    with pytest.raises(Refusal) as refused:
        play(tmp_path, SMALL + '[[pack]]\ntext = "[pack]"\n')
    assert {fault.code for fault in refused.value.faults} >= {"PACK_KEY_MISSING"}
    assert refused.value.faults[0].where.startswith("pack 1 (line 19)")


def test_packs_of_a_folder_stand_beside_those_shipped(tmp_path: Path) -> None:
    (shipped,) = (ROOT / "sla_engine/data/policies/zaozhuang-2110").glob("2024-08.toml")
    folder = tmp_path / "packs" / "mine"
    folder.mkdir(parents=True)
    renamed = shipped.read_text(encoding="utf-8").replace("zaozhuang-2110", "mine", 1)
    (folder / "2024-08.toml").write_text(renamed, encoding="utf-8")
    script = tmp_path / "story.toml"
    script.write_text(SMALL.replace("zaozhuang-2110", "mine"), encoding="utf-8")
    assert run_file(script, pack_dirs=(tmp_path / "packs",)).passed


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (
            'measures = [{ measure = "nought", first = 2024-09-01, last = 2024-09-02 }]',
            "SCENARIO_MEASURE",
        ),
        (
            'reconciliation = [{ list = "nought", unit = "x", month = "2024-09" }]',
            "SCENARIO_LIST",
        ),
        (
            'rows = [{ projection = "worklists", key = "x", absent = true }]',
            "SCENARIO_PROJECTION",
        ),
        (
            'documents = [{ document = "urges", of = "petition/A", contains = ["x"] }]',
            "DOCUMENT_UNKNOWN",
        ),
    ],
)
def test_a_name_in_an_expectation_that_nothing_has_is_a_fault(
    tmp_path: Path, body: str, code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        play(tmp_path, SMALL + free("13T10:00", body))
    assert [fault.code for fault in refused.value.faults] == [code]


def test_an_event_that_a_follower_put_aside_is_a_departure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        raise ValueError

    monkeypatch.setattr(Reactor, "handle", broken)
    report = play(tmp_path, SMALL)
    assert [(each.about, each.found) for each in report.departures] == [
        ("petition/A@1", "reactor: ValueError"),
        ("petition/A@2", "reactor: ValueError"),
    ]
