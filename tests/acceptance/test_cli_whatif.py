"""`whatif`: other rules over every petition, and the report of it."""

from pathlib import Path
from xml.dom import minidom

import pytest

from sla_engine.cli.asking import wanted
from sla_engine.clock import VirtualClock
from sla_engine.replay.question import Question
from sla_engine.showing.questions import brought
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.shell import ROOT, TRAITS, Shell, fact, play

PACK = ROOT / "sla_engine" / "data" / "policies" / "zaozhuang-2110" / "2024-08.toml"
NOTICE = "国办发明电〔2023〕7号"


def petition(no: str, unit: str, done: str) -> list[dict[str, object]]:
    """Dispatched on Fri 2024-09-13 at 09:00: 10 working days by the notice are 14, 18, 19, 20, 23,
    24, 25, 26, 27 and Sun 29; 7 are over on the 25th. Without the notice Sat 14 and Sun 29 are days
    off and Mon 16 is none: 16, 18, 19, 20, 23, 24, 25, 26, 27, Mon 30."""
    at = "2024-09-13T09:00:00+08:00"
    data = {"unit": unit, "assignment": f"{no}-A"}
    return [
        fact(no, "registered", f"{no}-1", at, data=TRAITS),
        fact(no, "dispatched", f"{no}-2", at, data=data),
        fact(no, "resolved", f"{no}-3", done),
    ]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    store = tmp_path_factory.mktemp("whatif") / "store.sqlite"
    three = (
        petition("P1", "住建局", "2024-09-25T10:00:00+08:00"),
        petition("P2", "水务局", "2024-09-27T10:00:00+08:00"),
        petition("P3", "水务局", "2024-09-30T10:00:00+08:00"),
    )
    facts = sorted((each for one in three for each in one), key=lambda each: str(each["at"]))
    play(store, [(str(each["at"]), [each]) for each in facts])
    return Shell(store)


@pytest.fixture
def shorter(tmp_path: Path) -> Path:
    """The pack with 7 working days instead of 10; its cases say what its own limits give."""
    text = PACK.read_text(encoding="utf-8").partition("[[case]]")[0]
    path = tmp_path / "shorter.toml"
    path.write_text(text.replace('limit = "10个工作日"', 'limit = "7个工作日"'), encoding="utf-8")
    return path


def fields(shell: Shell, *words: str | Path) -> dict:
    found: dict = shell("whatif", *words, "--json").document["fields"]
    return found


def test_a_shorter_limit_turns_those_who_needed_longer(shell: Shell, shorter: Path) -> None:
    """P1 is in time by both, P3 late by both; P2 needed 9 of 10 days and has 7."""
    found = fields(shell, "--pack", shorter)
    assert (found["assessed"], found["worse"], found["better"]) == (3, 1, 0)
    assert found["units"] == [{"unit": "水务局", "worse": 1, "better": 0}]
    assert found["examples"][0]["petition"] == "P2"
    assert found["examples"][0]["due_before"] == "2024-09-30T00:00:00+08:00"
    assert found["examples"][0]["due_after"] == "2024-09-26T00:00:00+08:00"
    assert found["flips"] == [{"state_before": "met", "state_after": "late", "clocks": 1}]


def test_a_calendar_without_its_notice_moves_terms_and_clears_a_verdict(shell: Shell) -> None:
    found = fields(shell, "--without", NOTICE)
    moved = {(each["petition"], each["clause"]): each for each in found["examples"]}
    assert moved["P3", "10个工作日解决问题"]["due_after"] == "2024-10-01T00:00:00+08:00"
    assert (found["worse"], found["better"]) == (0, 1)
    assert found["longest"].startswith("2天")


def test_only_those_of_a_period_are_counted(shell: Shell, shorter: Path) -> None:
    assert fields(shell, "--pack", shorter, "--since", "2024-09-14")["assessed"] == 0
    assert fields(shell, "--pack", shorter, "--since", "2024-09-13")["assessed"] == 3
    assert fields(shell, "--pack", shorter, "--until", "2024-09-13")["assessed"] == 0


def test_the_pack_that_governed_moves_nothing(shell: Shell) -> None:
    found = fields(shell, "--pack", "zaozhuang-2110@2024-08")
    assert (found["moved"], found["worse"], found["better"]) == (0, 0, 0)


def test_the_report_is_a_page_with_figures_and_no_script(
    shell: Shell, shorter: Path, tmp_path: Path
) -> None:
    page = tmp_path / "impact.html"
    assert shell("whatif", "--pack", shorter, "--out", page).status == 0
    text = page.read_text(encoding="utf-8")
    for word in ("试算报告", "由按时变超时", "水务局", "−4", "P2"):
        assert word in text
    assert "<script" not in text
    figures = text.split("<svg")[1:]
    assert len(figures) == 2
    for figure in figures:
        minidom.parseString(f"<svg{figure.partition('</svg>')[0]}</svg>")


def test_on_the_screen_it_says_how_many_and_for_whom(shell: Shell, shorter: Path) -> None:
    out = shell("whatif", "--pack", shorter).out
    for text in ("诉求 petitions 3", "变超时 to late 1", "水务局", "2024-09-25 24:00"):
        assert text in out


def test_nothing_is_written(shell: Shell, shorter: Path) -> None:
    before = shell("petition", "list", "--json").lines
    shell("whatif", "--pack", shorter)
    assert shell("petition", "list", "--json").lines == before
    assert shell("verify").status == 0


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        ((), 2, "WHATIF_OF_NOTHING"),
        (("--pack", "zaozhuang-2110@1900-01"), 1, "EDITION_UNKNOWN"),
        (("--without", "国办〔1900〕1号"), 1, "NOTICE_UNKNOWN"),
        (("--calendar", "now", "--since", "soon"), 2, "TIME_FORMAT"),
        (("--calendar", "now", "--out", "report.doc"), 2, "OUT_WRONG"),
    ],
)
def test_what_makes_no_sense_is_refused(
    shell: Shell, words: tuple[str, ...], status: int, code: str
) -> None:
    answer = shell("whatif", *words, "--json")
    assert (answer.status, answer.codes[0]) == (status, code)


THE_NOTICE_IS_OUT = """
title = "关于2027年部分节假日安排的通知（演练）"
number = "演练〔2026〕1号"
region = "CN"
issued = 2026-11-20
published = 2026-11-20
covers = [2027]
verified = false
source = "演练"

[[holiday]]
name = "元旦"
off = ["2027-01-01..2027-01-03"]
work = ["2027-01-09"]

[[holiday]]
name = "春节"
off = ["2027-02-05..2027-02-11"]
"""


def test_a_notice_that_is_out_is_tried_on_every_term_it_would_make_official(
    tmp_path: Path,
) -> None:
    """Dispatched on Fri 2026-12-25: 28, 29, 30, 31, then by the invented notice Mon 01-04, 5, 6, 7,
    8 and the make-up Sat 9. Provisionally 01-01 is off alone: 01-04, 5, 6, 7, 8 and Mon 11."""
    at, data = "2026-12-25T09:00:00+08:00", {"unit": "住建局", "assignment": "N-A"}
    facts = [
        fact("N1", "registered", "N1-1", at, data=TRAITS),
        fact("N1", "dispatched", "N1-2", at, data=data),
    ]
    store = tmp_path / "store.sqlite"
    play(store, [(at, facts)])
    notice = tmp_path / "2027.toml"
    notice.write_text(THE_NOTICE_IS_OUT, encoding="utf-8")
    with Engine.open(store, VirtualClock(parse_instant("2026-12-26T09:00:00+08:00"))) as engine:
        now = engine.clock.now()
        asked = brought(engine.rules, wanted("", str(notice)), now)
        found = engine.whatif(Question(known_at=now, calendar=asked.calendar), asked.rules)
    (moved,) = (each for each in found.examples if each.clause == "solve")
    assert moved.due_before == parse_instant("2027-01-12T00:00:00+08:00")
    assert moved.due_after == parse_instant("2027-01-10T00:00:00+08:00")


def test_what_the_wrong_calendar_of_a_year_did(tmp_path: Path) -> None:
    """2022 without its notice: dispatched on Thu 09-29, 10 working days are 30, then by the notice
    (off 10-01..07, work Sat 8 and Sun 9) Oct 8, 9, 10, 11, 12, 13, 14, 17, 18. Without it 10-01..03
    are off and the weekends: Oct 4, 5, 6, 7, 10, 11, 12, 13, 14."""
    at, done = "2022-09-29T09:00:00+08:00", "2022-10-17T10:00:00+08:00"
    traits = {**TRAITS, "pack": "zaozhuang-2110"}
    facts = [
        fact("W1", "registered", "W1-1", at, data=traits),
        fact("W1", "dispatched", "W1-2", at, data={"unit": "住建局", "assignment": "W-A"}),
    ]
    resolved = [fact("W1", "resolved", "W1-3", done)]
    play(tmp_path / "store.sqlite", [(at, facts), (done, resolved)])
    found = fields(
        Shell(tmp_path / "store.sqlite"),
        "--since", "2022-01-01", "--until", "2023-01-01", "--without", "国办发明电〔2021〕11号",
    )  # fmt: skip
    moved = {each["clause"]: each for each in found["examples"]}["10个工作日解决问题"]
    assert moved["due_before"] == "2022-10-19T00:00:00+08:00"
    assert moved["due_after"] == "2022-10-15T00:00:00+08:00"
    assert (moved["state_before"], moved["state_after"]) == ("met", "late")
