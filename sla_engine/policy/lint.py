"""Lint of policy packs: every fault of a file at once, in the words of `errors`."""

from collections.abc import Iterable
from itertools import combinations

from sla_engine.errors import Fault, Refusal
from sla_engine.policy.cases import RunCase, run_cases
from sla_engine.policy.checks import CHECKS
from sla_engine.policy.clause import Pack
from sla_engine.policy.faults import EDITIONS_OVERLAP, PACK_DUPLICATE, fault, place
from sla_engine.policy.parse import Draft, read
from sla_engine.policy.rulebook import Rulebook


def parse_pack(text: str, file: str = "") -> Pack:
    """The pack in a TOML text. Raises `Refusal` with every fault found; cases are not run."""
    draft = _checked(text, file)
    if draft.faults:
        raise Refusal(draft.faults)
    return draft.pack()


def lint(
    text: str, file: str = "", rulebook: Rulebook | None = None, run_case: RunCase | None = None
) -> list[Fault]:
    """Every fault of a pack text, in the order of the file's tables.

    The cases are run when the pack has no other fault and `rulebook` (which needs the calendars
    alone) and `run_case` are given.
    """
    draft = _checked(text, file)
    if draft.faults or rulebook is None or run_case is None:
        return draft.faults
    pack = draft.pack()
    return run_cases(pack, rulebook.with_pack(pack), run_case, file)


def lint_editions(packs: Iterable[Pack]) -> list[Fault]:
    """Faults between editions: the same name twice, or two editions in force on one day.

    An edition without `effective_to` ends where the next one begins.
    """
    faults: list[Fault] = []
    ordered = sorted(packs, key=lambda pack: (pack.name, pack.effective[0], pack.edition))
    for earlier, later in combinations(ordered, 2):
        if earlier.name != later.name:
            continue
        where = place("", later.name, later.edition)
        if earlier.edition == later.edition:
            faults.append(fault(PACK_DUPLICATE, where, later.edition))
        elif _collide(earlier, later):
            faults.append(fault(EDITIONS_OVERLAP, where, earlier.edition, later.effective[0]))
    return faults


def _collide(earlier: Pack, later: Pack) -> bool:
    begin, end = earlier.effective
    return later.effective[0] == begin or (end is not None and later.effective[0] < end)


def _checked(text: str, file: str) -> Draft:
    draft = read(text, file)
    if draft.raw:
        for check in CHECKS:
            draft.faults.extend(check(draft))
    return draft
