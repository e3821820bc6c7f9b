"""The words of packs are those of the facts the engine knows."""

from typing import get_args, get_origin

import msgspec
import pytest

from sla_engine.dossier.chronicle import ALL_DONE
from sla_engine.dossier.events import StepDone
from sla_engine.dossier.kind import Kind
from sla_engine.item.kind import ITEM
from sla_engine.petition.kind import PETITION
from sla_engine.policy.clause import Scope
from sla_engine.policy.vocabulary import (
    ACTS,
    AGAINST_THE_UNIT,
    RIGHTS,
    acts_of,
    marks_of,
    opening_marks,
    traits_of,
)
from sla_engine.record import Event
from sla_engine.round.kind import ROUND
from sla_engine.talk.kind import TALK

_SIDES = ["unit", "office"]


def _blanks(kind: type[Event]) -> list[Event]:
    """Events of a class with next to nothing in them: one with every field empty, and one for every
    other value that a field of it may take."""
    values: dict[str, list[object]] = {}
    for field in msgspec.structs.fields(kind):
        plain = get_origin(field.type) or field.type
        if plain is bool:
            values[field.name] = [True, False]
        elif plain is tuple:
            values[field.name] = [(), ("x",)]
        elif type(None) in get_args(field.type):
            values[field.name] = [None, 1]
        elif plain in (str, int):
            values[field.name] = [*_SIDES] if field.name == "side" else [plain()]
        else:
            values[field.name] = [{}]
    base = {name: each[0] for name, each in values.items()}
    others = [{name: each[1]} for name, each in values.items() if len(each) > 1]
    return [kind(**{**base, **other}) for other in ({}, *others)]


def _marks(kind: Kind) -> set[str]:
    """Every mark that the facts of a kind leave, by themselves or at an instant they name."""
    events = [each for cls in kind.steps if cls is not StepDone for each in _blanks(cls)]
    own = {mark for event in events for mark in kind.marks(event)}
    dated = {mark for event in events for mark, _ in kind.dated(event)}
    return own | dated | ({ALL_DONE} if kind.finishes else set())


@pytest.mark.parametrize(
    ("scope", "kind"),
    [
        (Scope.PETITION, PETITION),
        (Scope.ASSIGNMENT, PETITION),
        (Scope.TALK, TALK),
        (Scope.ITEM, ITEM),
        (Scope.MEMBER, ROUND),
    ],
)
def test_a_clause_may_name_exactly_the_marks_of_its_dossiers(scope: Scope, kind: Kind) -> None:
    assert set(marks_of(scope)) == _marks(kind)


@pytest.mark.parametrize("scope", list(Scope))
def test_what_opens_a_dossier_or_a_lane_is_one_of_its_marks(scope: Scope) -> None:
    assert opening_marks(scope) <= set(marks_of(scope))


def test_a_clause_of_the_whole_round_names_no_mark_of_a_single_member() -> None:
    lanes = {cls for cls in ROUND.steps if "member" in cls.__struct_fields__}
    own = {mark for cls in lanes for event in _blanks(cls) for mark in ROUND.marks(event)}
    assert set(marks_of(Scope.MEMBER)) - set(marks_of(Scope.ROUND)) == own


def test_every_act_belongs_to_some_kind_of_clause() -> None:
    assert {act for scope in Scope for act in acts_of(scope)} == set(ACTS)
    assert acts_of(None) == set(ACTS)


def test_nothing_is_charged_by_an_act_there_is_not() -> None:
    assert set(ACTS) > AGAINST_THE_UNIT
    assert set(marks_of(None)) >= RIGHTS


def test_without_a_scope_every_word_of_every_scope_is_known() -> None:
    assert set(marks_of(None)) == {mark for scope in Scope for mark in marks_of(scope)}
    assert traits_of(None) == {trait for scope in Scope for trait in traits_of(scope)}
