"""Facts moved, removed, added: what an edit does, what takes it back, and which are refused."""

import pytest

from sla_engine.errors import Refusal
from sla_engine.replay.edits import edited, inverse, restored
from sla_engine.replay.question import Added, Edit, Moved, Removed
from tests.support.given import Matter, clause, instant, pack_of, rules_of, shown

RULES = rules_of(pack_of(clause("solve", "3个工作日")))


@pytest.fixture
def matter() -> Matter:
    return Matter(
        RULES,
        "2025-06-03 09:00 registered id=r",
        "2025-06-03 10:00 dispatched id=d unit=U1",
        "2025-06-05 10:00 resolved id=s",
    )


def told(matter: Matter, *edits: Edit) -> list[str]:
    return [
        f"{shown(each.meta.occurred_at)} {each.event.NAME}" for each in edited(matter.log, edits)
    ]


def test_a_fact_is_moved_by_its_own_id_or_by_its_number(matter: Matter) -> None:
    to = instant("2025-06-04 08:00")
    assert told(matter, Moved("test:d", to))[1] == "2025-06-04 08:00 dispatched"
    assert told(matter, Moved("@2", to)) == told(matter, Moved("test:d", to))


def test_a_fact_is_removed_and_may_be_put_back_where_it_was(matter: Matter) -> None:
    assert told(matter, Removed("test:d")) == [
        "2025-06-03 09:00 registered",
        "2025-06-05 10:00 resolved",
    ]
    back = restored(matter.log[1])
    assert told(matter, Removed("test:d"), back) == told(matter)


def test_an_added_fact_comes_in_when_it_would_have_been_recorded(matter: Matter) -> None:
    added = Added("test:x", "petition.accepted/1", instant("2025-06-04 10:00"))
    assert told(matter, added)[2] == "2025-06-04 10:00 accepted"
    late = Added("test:x", "petition.accepted/1", added.at, {}, instant("2025-06-09 10:00"))
    assert told(matter, late)[3] == "2025-06-04 10:00 accepted"


def test_edits_are_made_one_after_the_other(matter: Matter) -> None:
    added = Added("test:x", "petition.accepted/1", instant("2025-06-04 10:00"))
    moved = Moved("test:x", instant("2025-06-04 11:00"))
    assert "2025-06-04 11:00 accepted" in told(matter, added, moved)
    assert told(matter, added, Removed("test:x")) == told(matter)


@pytest.mark.parametrize(
    "edit",
    [
        Moved("test:d", 0),
        Removed("test:s"),
        Added("test:x", "petition.accepted/1", instant("2025-06-04 10:00")),
    ],
)
def test_every_edit_has_an_inverse(matter: Matter, edit: Edit) -> None:
    assert told(matter, edit, inverse(matter.log, edit)) == told(matter)


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (Moved("test:none", 0), "EDIT_FACT"),
        (Removed("@9"), "EDIT_FACT"),
        (Removed("test:r"), "EDIT_OPENING"),
        (Added("test:d", "petition.accepted/1", 0), "EDIT_TWICE"),
        (Added("@2", "petition.accepted/1", 0), "EDIT_TWICE"),
        (Added("test:x", "petition.accepted/9", 0), "EDIT_EVENT"),
        (Added("test:x", "dossier.rung_fired/1", 0), "EDIT_EVENT"),
        (Added("test:x", "petition.accepted/1", 0, {"no_such": 1}), "EDIT_EVENT"),
        (Added("test:x", "petition.dispatched/1", 0, {"unit": 5, "assignment": ""}), "EDIT_EVENT"),
    ],
)
def test_what_cannot_be_edited_is_refused(matter: Matter, edit: Edit, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        edited(matter.log, [edit])
    assert refusal.value.code == code
