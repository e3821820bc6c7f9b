"""Lists and rounds by commands, in a store that has no petition: what is shown of them, by whose
pack, and who held the roles that their acts went to."""

from typing import Any

import pytest

from tests.support.shell import Shell, play

PACK = "mingguang-three-tier"
REGION = "CN-341182"
ROUND = "board.2025Q1"


def sent(kind: str, name: str, type_: str, at: str, **data: Any) -> dict[str, Any]:
    """One submission about an item, a round or a roster."""
    key = f"{name}-{type_}-{at}-{data.get('member', data.get('holder', ''))}"
    return {
        kind: name, "type": type_, "id": key, "source": "office", "at": at, "data": data,
    }  # fmt: skip


def day(date: str, hour: int = 9) -> str:
    return f"2025-{date}T{hour:02d}:00:00+08:00"


def held(type_: str, at: str, holder: str) -> dict[str, Any]:
    data = {"role": "helping_head", "holder": holder, "about": "新材料项目"}
    return sent("roster", REGION, type_, at, **data)


def leader(holder: str, about: str) -> dict[str, Any]:
    data = {"role": "county_leader", "holder": holder, "about": about}
    return sent("roster", REGION, "appointed", day("03-03"), **data)


def listed(name: str, at: str) -> dict[str, Any]:
    traits = {"pack": PACK, "region": REGION, "list": "problem", "unit": "市住建局"}
    more = {"person": "股长", "title": "审批慢", "limit": "10个工作日", "project": "新材料项目"}
    return sent("item", name, "listed", at, **traits, **more)


def scored(member: str, points: float) -> dict[str, Any]:
    more = {"member": member, "scores": {"composite": points}, "rater": "考核办"}
    return sent("round", ROUND, "scored", day("04-02"), **more)


OPENED = sent(
    "round", ROUND, "opened", day("03-03"), pack=PACK, region=REGION, series="board",
    period="2025Q1", unit="营商办", members=["市甲局", "市乙局", "市丙局"],
)  # fmt: skip


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Two problems, each warned of three working days before its end; between the two warnings
    the helping unit has a new head. A board, drafted."""
    store = tmp_path_factory.mktemp("lists") / "store.sqlite"
    leaders = [leader("全区领导", ""), leader("单位领导", "市住建局")]
    play(
        store,
        [
            (day("03-03"), [*leaders, held("appointed", day("03-03"), "前任甲"), OPENED]),
            (day("03-04"), [listed("P-1", day("03-04"))]),
            (day("03-18"), [held("relieved", day("03-18"), "前任甲")]),
            (day("03-18", 10), [held("appointed", day("03-18", 10), "现任乙")]),
            (day("03-19"), [listed("P-2", day("03-19"))]),
            (day("04-02"), [scored("市甲局", 95), scored("市乙局", 55), scored("市丙局", 80)]),
            (day("04-03"), [sent("round", ROUND, "drafted", day("04-03"))]),
        ],
    )
    return Shell(store, COLUMNS="140")


def test_the_pack_of_a_store_without_petitions_need_not_be_named(shell: Shell) -> None:
    report = shell("report", "quarterly", "--period", "2025Q1")
    assert (report.status, report.err) == (0, report.err)
    assert report.out.startswith("# 季度通报\n")
    card = shell("scorecard", "--from", "2025-01-01", "--to", "2025-03-31", "--json")
    assert card.document["pack"]["name"] == PACK


def test_the_worklist_names_clause_level_phase_and_list_of_items_and_rounds(shell: Shell) -> None:
    found = shell("worklist", "--json").lines
    item = next(row for row in found if row.get("item") == "P-1")
    assert item["about"] == {"zh": "问题清单", "en": "problems"}
    assert item["name"] == {"zh": "问题事项销号", "en": "problem struck off"}
    assert (item["phase"], item["status"], item["level_name"] is None) == (
        "listed", "default", False,
    )  # fmt: skip
    board = next(row for row in found if row.get("round") == ROUND)
    assert (board["about"]["zh"], board["phase"]) == ("红黄黑榜", "drafted")
    assert board["name"]["zh"] != board["clause"]
    out = shell("worklist").out
    for text in ("问题清单", "问题事项销号*", "红黄黑榜", "已列入"):
        assert text in out
    assert out.count("* 期限为默认值") == 1


def warned(shell: Shell, name: str) -> dict[str, list[str]]:
    told = shell("item", "show", name, "--json").document["timeline"]
    (act,) = [each for each in told if each["data"].get("rung") == "warn"]
    holders: dict[str, list[str]] = act["holders"]
    return holders


def test_an_act_names_who_held_the_role_when_it_went_out(shell: Shell) -> None:
    assert warned(shell, "P-1") == {"helping_head": ["前任甲"]}
    assert warned(shell, "P-2") == {"helping_head": ["现任乙"]}
    out = "".join(shell("item", "show", "P-1").out.split())
    assert "前任甲" in out
    assert "现任乙" not in out


def test_who_has_the_unit_comes_before_who_has_the_region(shell: Shell) -> None:
    told = shell("item", "show", "P-1", "--json").document["timeline"]
    (act,) = [each for each in told if each["data"].get("rung") == "red"]
    assert act["holders"] == {"county_leader": ["单位领导"]}


def test_a_default_limit_is_marked_wherever_a_clock_or_a_place_is_shown(shell: Shell) -> None:
    shown = shell("item", "show", "P-1")
    assert "默认值" in shown.out
    document = shell("item", "show", "P-1", "--json").document
    assert {clock["status"] for clock in document["clocks"]} == {"default"}
    assert "默认值" in shell("round", "show", ROUND).out
    assert "红榜 默认值" in shell("board", ROUND).out
    (board,) = shell("board", ROUND, "--json").document
    status = {each["member"]: each["status"] for each in board["places"]}
    assert status == {"市甲局": "default", "市乙局": "default", "市丙局": None}


def test_a_board_draws_its_scores(shell: Shell) -> None:
    out = shell("board", ROUND).out
    filled = {
        member: next(line for line in out.splitlines() if member in line).count("█")
        for member in ("市甲局", "市丙局", "市乙局")
    }
    assert filled == {"市甲局": 15, "市丙局": 12, "市乙局": 8}
