"""Registers, boards, accounts, reports and documents by commands, from facts to the page."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.shell import Shell, fact, life, play

PACK = "mingguang-three-tier"
REGION = "CN-341182"
TRAITS = {
    "pack": PACK, "kind": "投诉", "region": REGION, "subject": "enterprise", "matter": "施工许可",
    "channel": "12345",
}  # fmt: skip
CALLER = {"petitioner": "caller-1"}


def petition(no: str, channel: str) -> list[dict[str, Any]]:
    """A petition of 2025 resolved four weeks after it was dispatched."""
    at = "2025-03-03T09:{}0:00+08:00"
    return [
        fact(
            no, "registered", f"{no}-1", at.format(0), data={**TRAITS, "channel": channel}, **CALLER
        ),
        fact(
            no, "dispatched", f"{no}-2", at.format(1), data={"unit": "市住建局", "assignment": no}
        ),
    ]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    store = tmp_path_factory.mktemp("documents") / "store.sqlite"
    resolved = fact("MG1", "resolved", "MG1-3", "2025-04-01T16:00:00+08:00")
    story: list[tuple[str, list[dict[str, Any]]]] = [
        ("2025-03-03T10:00:00+08:00", [*petition("MG1", "12345"), *petition("MG2", "信箱")]),
        ("2025-04-01T17:00:00+08:00", [resolved]),
        ("2025-04-02T17:00:00+08:00", life()),
    ]
    play(store, story)
    shell = Shell(store, SLA_ENGINE_BY="督查室", COLUMNS="110")
    for words in STEPS:
        answer = shell(*words)
        assert answer.status == 0, answer.err
    return shell


AT = ("--at", "2025-03-10T09:00:00+08:00")
ROUND = "board.2025Q1"
STEPS: tuple[tuple[str, ...], ...] = (
    (
        "item", "add", "P-1", "--list", "problem", "--unit", "市住建局", "--pack", PACK, "--person",
        "审批股股长", "--title", "审批慢", "--limit", "10个工作日", "--petition", "MG1",
        "--project", "新材料项目", *AT,
    ),
    ("item", "start", "P-1", "--owed", "消防设计文件", "--at", "2025-03-11T09:00:00+08:00"),
    (
        "item", "add", "P-2", "--list", "problem", "--unit", "市环保局", "--pack", PACK, "--after",
        "P-1", "--project", "新材料项目", *AT,
    ),
    (
        "round", "open", ROUND, "--series", "board", "--period", "2025Q1", "--pack", PACK, "--unit",
        "督查室", "--member", "市甲局", "--member", "市乙局", *AT,
    ),
    ("roster", "appoint", REGION, "--role", "steward", "--holder", "副市长甲", *AT),
)  # fmt: skip


def rows(shell: Shell, *words: str) -> list[dict[str, Any]]:
    answer = shell(*words, "--json")
    assert answer.status == 0, answer.err
    return answer.lines


def test_items_are_listed_with_what_they_wait_for(shell: Shell) -> None:
    found = {row["item"]: row for row in rows(shell, "item", "list")}
    assert found["P-2"]["after"] == ["P-1"]
    assert (found["P-1"]["phase"], found["P-1"]["owed"]) == ("working", ["消防设计文件"])
    assert [row["item"] for row in rows(shell, "item", "list", "--unit", "市环保局")] == ["P-2"]
    shown = shell("item", "show", "P-1")
    assert "审批股股长" in shown.out
    assert "办理中" in shown.out


def test_a_step_that_may_not_come_is_refused_with_its_code(shell: Shell) -> None:
    words = ("item", "verify", "P-1", "--verifier", "审批股股长")
    answer = shell(*words, "--json")
    assert answer.status == 1
    assert "VERIFIER_IS_OWNER" in answer.codes


def test_rounds_and_roster_are_shown(shell: Shell) -> None:
    (round_,) = [row for row in rows(shell, "round", "list") if row["round"] == ROUND]
    assert (round_["members"], round_["phase"]) == (["市甲局", "市乙局"], "open")
    assert "2025Q1" in shell("round", "show", ROUND).out
    (held,) = rows(shell, "roster", "show", REGION)
    assert (held["holder"], held["about"], held["to"]) == ("副市长甲", "", None)
    assert held["from"] == "2025-03-10T09:00:00+08:00"


def test_registers_that_are_read_alone(shell: Shell) -> None:
    orders = rows(shell, "supervision", "list", "--all")
    assert {"MG1", "MG2"} <= {row["stream"].removeprefix("petition/") for row in orders}
    assert {row["no"] for row in rows(shell, "callback", "list")} >= {"MG1"}
    assert rows(shell, "duplicates", "list") == [], "one of the two is resolved"
    (project,) = rows(shell, "steward", "show")
    assert project["owes"] == {"市住建局": {"审批慢": 1}, "市环保局": {"P-2": 1}}
    assert project["papers"] == {"市住建局": {"审批慢": ["消防设计文件"]}}
    assert shell("steward", "show", "别的项目").out == ""


def test_the_account_of_a_month_balances(shell: Shell) -> None:
    found = rows(shell, "reconcile", "--month", "2025-03")
    assert {row["unit"]: row["new"] for row in found} == {"市住建局": 1, "市环保局": 1}
    for row in found:
        assert row["opening"] + row["new"] - row["struck_off"] == row["carried_over"]
        assert (row["list"], row["name"]["zh"]) == ("problem", "问题清单")
    assert "问题清单" in shell("reconcile", "--month", "2025-03").out
    (later,) = rows(shell, "reconcile", "--month", "2025-06", "--unit", "市环保局")
    assert (later["opening"], later["carried_over"]) == (1, 1)


def test_the_scorecard_prints_what_stands_behind_every_rate(shell: Shell) -> None:
    words = ("scorecard", "--pack", PACK, "--from", "2025-01-01", "--to", "2025-12-31")
    document = shell(*words, "--json").document
    (rate,) = [each for each in document["figures"] if each["measure"] == "on-time"]
    assert (rate["numerator"], rate["denominator"]) == (0, 2)
    for name in ("formula", "basis", "status", "packs", "calendars", "exclusion_list"):
        assert rate[name], name
    out = shell(*words, "--by", "unit").out
    assert "市住建局" in out
    assert "0.00%" in out
    assert max(map(_columns, out.splitlines())) <= 110


def test_a_count_is_printed_without_a_rate_or_a_bar(shell: Shell) -> None:
    words = ("scorecard", "--pack", "zaozhuang-2110", "--from", "2024-01-01", "--to", "2025-12-31")
    document = shell(*words, "--json").document
    (count,) = [each for each in document["figures"] if each["measure"] == "received"]
    assert (count["numerator"], count["denominator"], count["percent"]) == (1, None, None)
    (line,) = [line for line in shell(*words).out.splitlines() if "受理量" in line]
    assert line.split()[:3] == ["受理量", "—", "1"]


def _columns(line: str) -> int:
    from sla_engine.cli.bars import columns

    return columns(line)


def test_a_board_is_drafted_from_scores_and_shown_with_red_as_praise(shell: Shell) -> None:
    for member, points in (("市甲局", "95"), ("市乙局", "55")):
        words = ("round", "score", ROUND, "--member", member, "--score", f"composite={points}")
        assert shell(*words, "--at", "2025-04-02T09:00:00+08:00").status == 0
    draft = shell("board", "draft", ROUND, "--at", "2025-04-03T09:00:00+08:00")
    assert draft.status == 0, draft.err
    out = shell("board", ROUND).out
    assert "红榜" in out
    assert "褒奖" in out
    assert "95.00" in out
    (board,) = shell("board", "--unit", "市甲局", "--period", "2025Q1", "--json").document
    assert board["round"] == ROUND
    unknown = shell("board", "show", "none", "--json")
    assert (unknown.status, unknown.codes) == (1, ["BOARD_UNKNOWN"])


def test_a_report_is_a_page_with_figures_and_no_script(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    words = ("report", "half-year", "--period", "2025H1", "--pack", PACK, "--out", str(out))
    answer = shell(*words)
    assert answer.status == 0, answer.err
    page = out.read_text(encoding="utf-8")
    assert page.count("<svg") >= 2
    assert "<script" not in page
    for words_ in ("按时办理率", "0/2", "2025年1月1日至2025年6月30日", "半年通报"):
        assert words_ in page


@pytest.mark.parametrize(
    ("kind", "period", "heading"),
    [
        ("weekly", "2025-W10", "情况通报（周）"),
        ("monthly", "2025-03", "情况通报（月）"),
        ("quarterly", "2025Q1", "季度通报"),
        ("yearly", "2025", "年度通报"),
    ],
)
def test_reports_come_by_the_week_month_quarter_and_year(
    shell: Shell, kind: str, period: str, heading: str
) -> None:
    answer = shell("report", kind, "--period", period, "--pack", PACK)
    assert answer.status == 0, answer.err
    assert answer.out.startswith(f"# {heading}\n")


def test_documents_are_drawn_from_the_log(shell: Shell, tmp_path: Path) -> None:
    urge = shell("document", "urge", "MG2", "--json").document
    assert urge["fields"]["unit"] == "市住建局"
    assert urge["fields"]["due"] == "2025-03-18T00:00:00+08:00"
    assert urge["missing"] == []
    page = tmp_path / "card.html"
    assert shell("document", "service-card", "MG1", "--out", str(page)).status == 0
    assert "副市长甲" in page.read_text(encoding="utf-8")
    assert "新材料项目" in shell("document", "procedure-map", "新材料项目").out
    assert "MG1" in shell("document", "callback-list", f"{PACK}/2025-04").out
    assert shell("document", "list").status == 0


def test_a_talk_named_by_its_short_id_has_its_notice(shell: Shell) -> None:
    talk = next(row for row in rows(shell, "talk", "list") if "MG2" in row["petitions"])
    short = talk["talk"].rsplit("/", 1)[1]
    notice = shell("document", "talk-notice", short, "--json").document
    named = {row["petition"] for row in notice["fields"]["causes"]} - {""}
    assert named <= set(talk["petitions"])
    assert notice["fields"]["petitions"] == talk["petitions"]
    assert "scheduled_at" in notice["missing"]
    assert "未载明" in shell("document", "talk-notice", short).out


def test_as_it_was_known_then(shell: Shell) -> None:
    then = ("--as-known", "2025-03-10T12:00:00+08:00")
    early = shell("document", "urge", "MG2", *then, "--json")
    assert (early.status, early.codes) == (1, ["NOTHING_TO_DRAW"])
    answer = shell("document", "circular", f"{PACK}/2025-W10", *then, "--json")
    assert (answer.status, answer.codes) == (2, ["KNOWN_NOW"])


WRONG: tuple[tuple[tuple[str, ...], int, str], ...] = (
    (("document", "urge", "P-1"), 1, "ABOUT_WRONG"),
    (("document", "urge", "nobody"), 1, "UNKNOWN_DOSSIER"),
    (("document", "nothing", "MG1"), 1, "DOCUMENT_UNKNOWN"),
    (("document", "circular", "2025-W10"), 1, "PERIOD_NAMED"),
    (("document", "procedure-map", "nobody"), 1, "PROJECT_UNKNOWN"),
    (("document", "urge", "MG1", "--out", "x.pdf"), 2, "OUT_WRONG"),
    (("document", "urge", "MG1", "--wording", "nowhere"), 2, "FOLDER_MISSING"),
    (("report", "weekly", "--period", "2025H1", "--pack", PACK), 2, "PERIOD_UNLIKE"),
    (("report", "weekly", "--period", "soon", "--pack", PACK), 2, "PERIOD_FORMAT"),
    (("report", "weekly", "--period", "2025-W10"), 2, "PACK_NEEDED"),
    (("scorecard",), 2, "PACK_NEEDED"),
    (("scorecard", "--pack", PACK, "--from", "2199-01-01"), 2, "SPAN_EMPTY"),
    (("round", "report", ROUND, "--member", "市甲局", "--figure", "x"), 2, "PAIR_WRONG"),
    (("round", "report", ROUND, "--member", "市甲局", "--figure", "x=1.5"), 2, "PAIR_WRONG"),
)


@pytest.mark.parametrize(("words", "status", "code"), WRONG)
def test_what_cannot_be_is_refused(
    shell: Shell, words: tuple[str, ...], status: int, code: str
) -> None:
    answer = shell(*words, "--json")
    assert (answer.status, answer.codes) == (status, [code])
