"""The words of packs are those of the facts the engine knows."""

from typing import get_args, get_origin

import msgspec
import pytest

from sla_engine.dossier.events import StepDone
from sla_engine.dossier.kind import Kind
from sla_engine.petition.kind import PETITION
from sla_engine.policy.clause import Scope
from sla_engine.policy.vocabulary import (
    ACTS,
    acts_of,
    marks_of,
    opening_marks,
    traits_of,
)
from sla_engine.record import Event
from sla_engine.talk.kind import TALK


def _blanks(kind: type[Event]) -> list[Event]:
    """Events of a class with nothing in them, one for each value of its flags."""
    values: dict[str, list[object]] = {}
    for field in msgspec.structs.fields(kind):
        plain = get_origin(field.type) or field.type
        if plain is bool:
            values[field.name] = [True, False]
        elif plain in (str, int, tuple):
            values[field.name] = [plain()]
        else:
            values[field.name] = [None if type(None) in get_args(field.type) else ""]
    flags = {name: each for name, each in values.items() if len(each) > 1}
    base = {name: each[0] for name, each in values.items()}
    return [kind(**base)] + [kind(**{**base, name: False}) for name in flags]


def _marks(kind: Kind) -> set[str]:
    classes = [each for each in kind.steps if each is not StepDone]
    return {mark for each in classes for event in _blanks(each) for mark in kind.marks(event)}


@pytest.mark.parametrize(
    ("scope", "kind"),
    [(Scope.PETITION, PETITION), (Scope.ASSIGNMENT, PETITION), (Scope.TALK, TALK)],
)
def test_a_clause_may_name_exactly_the_marks_of_its_dossiers(scope: Scope, kind: Kind) -> None:
    assert set(marks_of(scope)) == _marks(kind)


@pytest.mark.parametrize("scope", list(Scope))
def test_what_opens_a_dossier_or_a_lane_is_one_of_its_marks(scope: Scope) -> None:
    assert opening_marks(scope) <= set(marks_of(scope))


def test_every_act_belongs_to_petitions_or_to_talks() -> None:
    assert acts_of(Scope.PETITION) | acts_of(Scope.TALK) == set(ACTS)
    assert acts_of(None) == set(ACTS)


def test_without_a_scope_every_word_of_every_scope_is_known() -> None:
    assert set(marks_of(None)) == {mark for scope in Scope for mark in marks_of(scope)}
    assert traits_of(None) == {trait for scope in Scope for trait in traits_of(scope)}
