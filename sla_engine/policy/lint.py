"""Lint of policy packs: every fault of a file at once, in the words of `errors`."""

from sla_engine.errors import Fault, Refusal
from sla_engine.policy.cases import RunCase, run_cases
from sla_engine.policy.checks import CHECKS
from sla_engine.policy.clause import Pack
from sla_engine.policy.editions import governed
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

    With a `rulebook` (the calendars, and the packs it stands beside) also its faults beside the
    pack that governs its talks. With `run_case` its cases are run when there is no other fault.
    """
    draft = _checked(text, file)
    if draft.faults or rulebook is None:
        return draft.faults
    pack = draft.pack()
    faults = list(governed(pack, rulebook.packs, file))
    if faults or run_case is None:
        return faults
    try:
        return run_cases(pack, rulebook.alone(pack), run_case, file)
    except Refusal as refusal:
        return list(refusal.faults)


def _checked(text: str, file: str) -> Draft:
    draft = read(text, file)
    if draft.raw:
        for check in CHECKS:
            draft.faults.extend(check(draft))
    return draft
