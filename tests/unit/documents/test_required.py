"""Every field a document must show is shown, or said to be missing where nobody recorded it."""

from collections.abc import Mapping
from typing import Any

import pytest

from sla_engine.documents.form import Document, Source, empty
from sla_engine.documents.register import DOCUMENT_UNKNOWN, FORMS, draw
from sla_engine.documents.render import render
from sla_engine.errors import Refusal
from sla_engine.petition.events import Rated, Resolved
from sla_engine.talk.events import PlanFiled, TalkHeld, TalkNotified, TierRaised
from sla_engine.wording import load_wording
from tests.support.given import instant
from tests.support.papers import (
    CALLED,
    DONE,
    MINUTED,
    NOTIFIED,
    OPENED,
    PLANNED,
    RESOLVED,
    SOURCES,
    STRUCK,
    UNIT,
    item,
    petition,
    supervised,
    talk,
    under_way,
)

WORDING = load_wording()


def text_of(document: Document) -> str:
    return render(document, "md", WORDING)


def drawn(name: str, source: Source) -> Document:
    return draw(name, "x", source)


# What the chain of documents of a talk must show, each with a text that only that field brings.
CHAIN: Mapping[str, tuple[Source, Mapping[str, str]]] = {
    "talk-notice": (
        talk(*NOTIFIED, at="2024-05-28 10:00"),
        {
            "number": "2024-2-001",
            "tier": "一级",
            "convener": "督查室负责人",
            "unit": UNIT,
            "summoned": "副局长（分管审批）",
            "causes": "多次推诿",
            "petitions": "SL2024050001",
            "clauses": "SL2024050001 10 个工作日解决",
            "scheduled_at": "2024年5月30日 09:00",
            "place": "市政府 3 楼会议室",
            "materials": "情况说明、办理台账",
            "delegation": "不得委托，须本人到场",
        },
    ),
    "talk-minutes": (
        talk(*MINUTED, at="2024-05-31 11:00"),
        {
            "attendees": "审批科科长",
            "causes": "多次推诿",
            "explanation": "被约谈人说明",
            "requirements": "完善首问负责",
            "deadlines": "2024年6月6日 24:00",
            "signatures": "签字",
            "recorder": "督查室",
        },
    ),
    "rectification-plan": (
        talk(*PLANNED, at="2024-06-05 10:00"),
        {
            "plan": "压缩审批环节",
            "plan.measure": "合并两道初审",
            "plan.owner": "审批科科长",
            "plan.deadline": "10个工作日",
            "plan.acceptance": "抽查 10 件",
        },
    ),
    "strike-off": (
        talk(*STRUCK),
        {
            "report": "整改报告2024-2-001",
            "verifier": "市优化营商环境办公室",
            "method": "阅卷、回访",
            "results": "办结本件",
            "results.result": "核查通过",
        },
    ),
}


@pytest.mark.parametrize("name", CHAIN)
def test_the_documents_of_a_talk_show_what_they_must(name: str) -> None:
    source, shown = CHAIN[name]
    document = drawn(name, source)
    text = text_of(document)
    assert shown.keys() - set(document.form.required) == set()
    assert [field for field, words in shown.items() if words not in text] == []


def test_what_nobody_recorded_is_said_to_be_missing_and_is_not_made_up() -> None:
    proposed = talk(*NOTIFIED[:2], at="2024-05-27 16:00")
    document = drawn("talk-notice", proposed)
    assert set(document.missing) == {"number", "summoned", "scheduled_at", "place", "materials"}
    rows = [line for line in text_of(document).splitlines() if line.startswith("| ")]
    assert sum("未载明" in row for row in rows) == len(document.missing)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_required_field_is_shown_or_listed_as_missing(name: str) -> None:
    kind, of, source = SOURCES[name]
    document = draw(kind, of, source)
    for field in document.form.required:
        table, _, column = field.partition(".")
        value: Any = document[table]
        bare = empty(value) or (column and any(empty(row.get(column)) for row in value))
        assert bool(bare) == (field in document.missing)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_every_template_names_each_required_field(name: str) -> None:
    """A field that is required and drawn could still be forgotten by the template."""
    kind, of, source = SOURCES[name]
    page = render(draw(kind, of, source), "html", WORDING)
    for field in FORMS[kind].required:
        label = WORDING.labels[field.rpartition(".")[2]]
        words = {"petition": "诉求编号"}.get(field, label.zh)
        table = field in (
            "causes",
            "plan",
            "results",
            "withdrawn",
            "rates",
            "rows",
            "steps",
            "progress",
        )
        assert words in page or label.en in page or table or _headed(field, page), field


def _headed(field: str, page: str) -> bool:
    """Some fields stand under a heading or in the text instead of in a row of their own."""
    headings = {
        "officers": "谁来办",
        "promises": "多久办",
        "explanation": "被约谈人说明",
        "requirements": "整改要求",
        "deadlines": "期限",
        "unit": UNIT,
        "withdrawn_at": "撤销时间",
    }
    return field in headings and headings[field] in page


@pytest.mark.parametrize("field", ["measure", "owner", "deadline", "acceptance"])
def test_a_plan_without_a_part_says_which(field: str) -> None:
    whole = {"item": "甲", "measure": "乙", "owner": "丙", "deadline": "丁", "acceptance": "戊"}
    line = "｜".join("" if name == field else part for name, part in whole.items())
    filed = ("2024-06-04 10:00", PlanFiled("清单", (line,)))
    document = drawn("rectification-plan", talk(*MINUTED, filed, at="2024-06-04 11:00"))
    assert document.missing == (f"plan.{field}",)


def test_a_talk_that_was_raised_is_noticed_anew() -> None:
    """The notice of the round before does not stand for the present one."""
    raised = ("2024-06-03 09:00", TierRaised(2, "缺席", "副市长"))
    again = TalkNotified("2024-2-002", instant("2024-06-06 09:00"), "市政府")
    before = drawn("talk-notice", talk(*NOTIFIED, raised, at="2024-06-03 10:00"))
    after = drawn("talk-notice", talk(*NOTIFIED, raised, ("2024-06-04 09:00", again)))
    assert (before["number"], before["tier"], before["convener"]) == (None, 2, "分管市领导")
    assert (after["number"], after["place"]) == ("2024-2-002", "市政府")


def test_a_talk_held_and_not_yet_minuted_has_neither_requirements_nor_recorder() -> None:
    held = (*NOTIFIED, ("2024-05-30 09:00", TalkHeld(("局长",))))
    document = drawn("talk-minutes", talk(*held, at="2024-05-30 10:00"))
    assert {"number", "requirements", "recorder"} <= set(document.missing)
    assert document["attendees"] == ("局长",)


def test_an_item_is_struck_off_with_what_its_list_needs() -> None:
    text = text_of(drawn("strike-off", item(*DONE)))
    for words in ("施工许可办理慢", "督查室核查组", "实地", "归类整改", "已具备", "销〔2024〕17号"):
        assert words in text


def test_what_is_not_called_for_is_not_drawn() -> None:
    for name in ("urge", "supervise", "recall"):
        with pytest.raises(Refusal) as refused:
            drawn(name, petition(*OPENED))
        assert refused.value.code == "NOTHING_TO_DRAW"


def test_nothing_is_struck_off_on_paper_before_somebody_has_verified_it() -> None:
    with pytest.raises(Refusal) as refused:
        drawn("strike-off", item(*DONE[:1]))
    assert refused.value.code == "NOTHING_TO_DRAW"


def test_progress_tells_steps_and_the_next_promise_and_nothing_between_units() -> None:
    document = drawn("progress", under_way())
    steps: Any = document["progress"]
    assert [(str(row["at"])[-5:], row["step"]) for row in steps] == [
        ("09:00", "登记"),
        ("10:00", "派单"),
        ("10:30", "签收"),
        ("15:00", "现场勘验"),
    ]
    assert (document["next"], str(document["due"])) == ("10 个工作日解决", "2024年5月17日 24:00")
    text = text_of(document)
    assert [word for word in ("催办", "督办", "退单", "消防", UNIT, "已超时") if word in text] == []


def test_progress_goes_on_to_the_callback_and_the_rating() -> None:
    resolved = drawn("progress", petition(*OPENED, RESOLVED, at="2024-05-28 17:00"))
    assert (resolved["next"], resolved["rating"]) == ("5 个工作日内回访", None)
    rated = ("2024-05-29 12:00", Rated(satisfied=True))
    done = drawn("progress", petition(*OPENED, RESOLVED, CALLED, rated, at="2024-05-30 10:00"))
    steps: Any = done["progress"]
    assert [row["step"] for row in steps][2:] == ["办结", "回访", "评价"]
    assert (done["next"], done["rating"]) == (None, "yes")
    assert "目前没有计时中的承诺" in text_of(done)


def test_an_order_leaves_its_own_time_for_the_pen_and_lists_it_as_missing() -> None:
    document = drawn("supervise", supervised())
    assert "deadline" in document.missing
    assert "请于 ＿＿＿＿年＿＿月＿＿日 前办结" in text_of(document)


def test_a_card_shows_the_latest_rating_before_what_was_said_on_the_callback() -> None:
    scores = {"speed": 40.0, "走访": 92.5}
    rated = ("2024-05-28 20:00", Rated(satisfied=False, solved=False, scores=scores))
    document = drawn("service-card", petition(*OPENED, RESOLVED, rated, CALLED))
    assert (document["rating"], document["rated_solved"]) == ("no", "no")
    assert str(document["rated_at"]) == "2024年5月28日 20:00"
    assert "| 办理速度 | 40 |" in text_of(document)
    assert "| 走访 | 92.5 |" in text_of(document)


def test_a_card_nobody_rated_says_so() -> None:
    document = drawn("service-card", petition(*OPENED, RESOLVED))
    assert document["rating"] is None
    assert "尚未评价" in text_of(document)


@pytest.mark.parametrize(
    ("resolved", "saved"),
    # 10 working days from Mon 6 May: 7, 8, 9, 10, Sat 11 (make-up), 13, 14, 15, 16, 17
    [("2024-05-08 16:00", "8个工作日"), ("2024-05-17 17:00", ""), ("2024-05-20 09:00", "")],
)
def test_a_card_tells_what_was_saved_of_a_limit_that_was_kept(resolved: str, saved: str) -> None:
    source = petition(*OPENED, (resolved, Resolved("办结", "A1")))
    promises: Any = drawn("service-card", source)["promises"]
    assert {row["clause_id"]: row["saved"] for row in promises}["solve"] == saved


def test_an_unknown_document_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(Refusal) as refused:
        drawn("talk-notise", talk(*NOTIFIED))
    assert refused.value.code == DOCUMENT_UNKNOWN
    assert refused.value.faults[0].near == "talk-notice"


def test_every_form_has_a_golden_document() -> None:
    assert {kind for kind, _, _ in SOURCES.values()} == FORMS.keys()
