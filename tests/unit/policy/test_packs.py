"""The packs that ship with the product."""

from pathlib import Path

import pytest

import sla_engine
from sla_engine.catalog import lint_pack, load_pack, load_packs, load_rulebook
from sla_engine.policy.clause import Pack, Scope
from sla_engine.policy.diff import diff
from sla_engine.policy.when import say_when
from tests.unit.policy.reckoner import run_case

POLICIES = Path(sla_engine.__file__).parent / "data" / "policies"
FILES = sorted(POLICIES.glob("*/*.toml"))
NAMES = (
    "beijing-jsjb",
    "disputes-generic",
    "heze-linkage",
    "hotline-12345-generic",
    "jinan-five-level",
    "mingguang-three-tier",
    "wucheng-whistle",
    "xinfang-2022",
    "zaozhuang-2110",
)


SAID = (
    "默认",
    "借用",
    "占位",
    "理解",
    "解读",
    "建议稿",
    "退回的重新起算",
    "未核对",
    "未见原文",
    "须确认",
)
EDITIONS = [f"{file.parent.name}/{file.stem}" for file in FILES]
TALKING = [
    edition for edition in EDITIONS if edition.startswith("ming") or edition.endswith("2024-08")
]


@pytest.fixture(scope="module", params=EDITIONS)
def pack(request: pytest.FixtureRequest) -> Pack:
    return load_pack(request.param)


@pytest.fixture(scope="module", params=TALKING)
def talking(request: pytest.FixtureRequest) -> Pack:
    """A pack with rules for talks of its own."""
    return load_pack(request.param)


def test_nine_packs_ship() -> None:
    assert tuple(sorted({pack.name for pack in load_packs()})) == NAMES


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_shipped_pack_has_no_fault_and_its_cases_come_out(file: Path) -> None:
    assert lint_pack(file, run_case) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_shipped_pack_lies_under_its_name_and_edition(file: Path) -> None:
    pack = load_pack(file)
    assert (file.parent.name, file.stem) == (pack.name, pack.edition)


def test_a_pack_ships_with_cases_for_due_and_rung_instants(pack: Pack) -> None:
    with_rungs = [
        case
        for case in pack.cases
        if any(each.due is not None and each.rungs for each in case.expect)
    ]
    assert len(with_rungs) >= 4


def test_every_rung_of_the_petition_ladders_is_held_by_a_case(pack: Pack) -> None:
    held = {
        (each.clause, rung) for case in pack.cases for each in case.expect for rung in each.rungs
    }
    ladders = {
        (clause.id, rung.id)
        for clause in pack.clauses
        if clause.scope is Scope.PETITION
        for rung in clause.rungs
    }
    assert ladders <= held


def test_a_value_no_source_gives_says_so(pack: Pack) -> None:
    """The basis of whatever number has the status default says that it is no published one."""
    cited = [(clause.id, clause.status, "；".join(clause.basis)) for clause in pack.clauses]
    cited += [
        (f"{clause.id}.{rung.id}", rung.status, rung.basis)
        for clause in pack.clauses
        for rung in clause.rungs
    ]
    cited += [(name, each.status, "；".join(each.basis)) for name, each in pack.cited.items()]
    cited += [(each.id, each.status, "；".join(each.basis)) for each in pack.triggers]
    cited += [(each.id, each.status, "；".join(each.basis)) for each in pack.measures.values()]
    for series in pack.series.values():
        cited += [(f"{series.id}.{place.id}", place.status, place.basis) for place in series.places]
    unsaid = [
        place
        for place, status, basis in cited
        if status == "default" and not any(word in basis for word in SAID)
    ]
    assert unsaid == []


def test_what_zaozhuang_publishes_is_marked_published() -> None:
    pack = load_pack("zaozhuang-2110/2024-08")
    published = {clause.id for clause in pack.clauses if clause.status == "published"}
    assert published == {"arrive", "feedback", "solve", "return"}


def test_mingguang_publishes_no_limit_at_all() -> None:
    pack = load_pack("mingguang-three-tier/2024-02")
    assert pack.status == "default"
    assert {clause.status for clause in pack.clauses} == {"default"}


def test_the_2110_promise_reads_as_it_was_made() -> None:
    pack = load_pack("zaozhuang-2110/2024-08")
    promise = {
        clause.id: str(clause.term.amount)
        for clause in pack.clauses
        if clause.scope is not Scope.TALK
    }
    assert promise == {
        "triage": "2个工作小时",
        "arrive": "2小时",
        "feedback": "1个工作日",
        "solve": "10个工作日",
        "return": "2个工作日",
        "return-rule": "1个工作日",
        "callback": "1个工作日",
        "redo": "5个工作日",
    }
    assert pack.clause("feedback").stop_all == ("feedback_to_enterprise", "feedback_to_platform")


def test_the_solve_ladder_climbs_from_warning_to_the_second_tier() -> None:
    solve = load_pack("zaozhuang-2110/2024-08").clause("solve")
    assert [(say_when(rung.when).zh, rung.act, rung.tier) for rung in solve.rungs] == [
        ("到期日前第3个工作日上班时", "warn", 0),
        ("到期日前第1个工作日上班时", "yellow", 0),
        ("到期日后第1个工作日上班时", "red", 0),
        ("到期日后第2个工作日上班时", "supervise", 0),
        ("到期日后第2个工作日上班时", "talk", 1),
        ("到期日后第5个工作日上班时", "talk", 2),
    ]
    assert solve.extension is not None
    assert str(solve.term.amount + (solve.extension.total_max or solve.term.amount)) == "25个工作日"


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_a_talk_of_each_tier_has_one_clock_for_each_step(talking: Pack, tier: int) -> None:
    talk = [c for c in talking.clauses if c.scope is Scope.TALK and c.match({"tier": str(tier)})]
    assert [clause.start[0] for clause in talk] == [
        "proposed",
        "approved",
        "approved",
        "held",
        "held",
        "plan_filed",
        "plan_accepted",
        "reported",
        "no_show",
        "rejected",
    ]


def test_the_top_tier_ends_in_circular_and_transfer_and_never_in_a_next_tier(
    talking: Pack,
) -> None:
    assert talking.talk is not None
    acts = {
        rung.act
        for clause in talking.clauses
        if clause.scope is Scope.TALK and clause.match({"tier": str(talking.talk.top_tier)})
        for rung in clause.rungs
    }
    assert {"circular", "transfer"} <= acts
    assert "next_tier" not in acts


def test_zaozhuang_borrows_the_talk_of_mingguang_word_for_word_but_for_the_citation() -> None:
    changes = diff(load_pack("mingguang-three-tier/2024-02"), load_pack("zaozhuang-2110/2024-08"))
    talk = [change.path for change in changes if change.path.startswith(("talk", "clause.talk"))]
    assert talk
    assert {path.rsplit(".", 1)[1] for path in talk} <= {"basis", "to"}


def test_a_term_whose_silence_is_consent_lapses_unless_a_rate_counts_it_as_a_miss() -> None:
    packs = load_packs()
    lapsing = {
        (pack.name, clause.id)
        for pack in packs
        for clause in pack.clauses
        if clause.lapses and clause.late != "barred"
    }
    assert lapsing == {("zaozhuang-2110", "return")}
    by_id = {pack.name: pack for pack in packs}
    assert not by_id["hotline-12345-generic"].clause("sign").lapses
    assert not by_id["jinan-five-level"].clause("return").lapses
    assert by_id["xinfang-2022"].clause("objection").lapses


def test_each_answers_for_its_own() -> None:
    owed = {
        pack.name: {clause.id for clause in pack.clauses if clause.liable == "centre"}
        for pack in load_packs()
    }
    assert owed["zaozhuang-2110"] >= {"triage", "return-rule", "callback", "talk-approve"}
    assert owed["beijing-jsjb"] >= {"dispatch-a", "callback"}
    assert owed["jinan-five-level"] >= {"dispatch", "exit", "return-rule"}
    assert owed["hotline-12345-generic"] >= {"dispatch", "redo-decide"}
    assert owed["mingguang-three-tier"] >= {"item-verify", "objection-rule", "talk-verify"}
    assert not owed["disputes-generic"], "the unit of a dispute is the office that rules on it"
    theirs = {"solve", "handle", "return", "sign", "list-item", "talk-plan", "talk-rectify-1"}
    assert not theirs & set().union(*owed.values())


def test_the_rulebook_holds_every_pack_and_its_calendar() -> None:
    rules = load_rulebook()
    assert {pack.name for pack in rules.packs} == set(NAMES)
    assert "cn" in rules.almanacs
