"""A script played on virtual time: sweeps at their instants, every departure with its reason."""

from pathlib import Path

import pytest

from scenarios.diff import lines
from scenarios.runner import ScenarioReport, run_file
from sla_engine.errors import Refusal
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
        ("start =", 'pack_files = ["none.toml"]\nstart =', "SCENARIO_UNREADABLE", ""),
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


def test_the_example_of_the_readme_plays(tmp_path: Path) -> None:
    readme = Path(__file__).parents[3] / "scenarios" / "README.md"
    example = readme.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    assert play(tmp_path, example).passed
