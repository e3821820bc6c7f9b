"""A pack's own cases, run: what each expects against what the engine computes.

Who computes is given (`RunCase`): the clocks stand a layer above the policy.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypedDict

from sla_engine.errors import Fault, Refusal
from sla_engine.policy.case import Case, Expectation
from sla_engine.policy.clause import Pack, Scope
from sla_engine.policy.faults import CASE_FAILS, fault, place
from sla_engine.policy.rulebook import Rulebook
from sla_engine.policy.vocabulary import marks_of
from sla_engine.worktime import Instant, format_instant


class CaseReading(TypedDict):
    """One clock of a case that was run; `due` None while a pause is open."""

    clause: str
    due: Instant | None
    rungs: Mapping[str, Instant]


REACHED = "reached"
"""The one rung of a trigger."""

_OPENS = {
    "proposed": Scope.TALK,
    "listed": Scope.ITEM,
    "opened": Scope.MEMBER,
    "disputed": Scope.DISPUTE,
}

_SCOPES = (Scope.PETITION, Scope.TALK, Scope.ITEM, Scope.MEMBER, Scope.DISPUTE)

RunCase: TypeAlias = Callable[[Pack, Case, Rulebook], Sequence[CaseReading]]


def scope_of(case: Case, steps: Iterable[str]) -> Scope:
    """Whose marks the facts of a case are: by what is opened in it, else by all of its marks.

    `steps`: milestones of the pack, which any dossier may have.
    """
    told = {fact.type for fact in case.facts}.difference(steps)
    opened = [scope for mark, scope in _OPENS.items() if mark in told]
    fitting = [scope for scope in _SCOPES if told <= marks_of(scope).keys()]
    return next(iter((*opened, *fitting)), Scope.PETITION)


def counts(case: Case) -> bool:
    """Whether a case is about triggers: its facts are what they count."""
    return any(":" in fact.type for fact in case.facts)


def run_cases(pack: Pack, rulebook: Rulebook, run_case: RunCase, file: str = "") -> list[Fault]:
    """Every case of a pack that does not come out as written."""
    faults: list[Fault] = []
    for case in pack.cases:
        where = place(file, "case", case.name)
        try:
            readings = run_case(pack, case, rulebook)
        except Refusal as refusal:
            faults.extend(fault(CASE_FAILS, where, each.en(), "-") for each in refusal.faults)
            continue
        for expected in case.expect:
            mine = [each for each in readings if each["clause"] == expected.clause]
            faults.extend(_compare(expected, mine, f"{where}.expect.{expected.clause}"))
    return faults


def _compare(expected: Expectation, readings: Sequence[CaseReading], where: str) -> list[Fault]:
    """The faults of the cycle that comes nearest to what is expected."""
    if expected.absent:
        found = [_say(each["due"]) for each in readings]
        return [fault(CASE_FAILS, where, ", ".join(found), "absent")] if found else []
    if not readings:
        return [fault(CASE_FAILS, where, "absent", _say(expected.due))]
    return min((list(_differences(expected, each, where)) for each in readings), key=len)


def _differences(expected: Expectation, reading: CaseReading, where: str) -> Iterator[Fault]:
    if expected.due is not None and expected.due != reading["due"]:
        yield fault(CASE_FAILS, f"{where}.due", _say(reading["due"]), _say(expected.due))
    for rung, instant in expected.rungs.items():
        found = reading["rungs"].get(rung)
        if found != instant:
            yield fault(CASE_FAILS, f"{where}.rungs.{rung}", _say(found), _say(instant))


def _say(instant: Instant | None) -> str:
    return "none" if instant is None else format_instant(instant)
