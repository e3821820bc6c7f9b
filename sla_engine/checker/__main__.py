"""`python -m sla_engine.checker CASE.json`: is every derivation in the case as facts, pack and
calendar have it?

0: all verified. 1: at least one refused, with its reason. 2: the case or the data is unreadable.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sla_engine.checker.days import Country
from sla_engine.checker.packs import Packs
from sla_engine.checker.reasons import Forged, Reason, Unreadable
from sla_engine.checker.shape import CASE, check
from sla_engine.checker.stream import Stream
from sla_engine.checker.verify import Court

FORMAT = "sla-engine/case/1"
DATA = Path(__file__).parent.parent / "data"
_BROKEN = (
    OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError,
    RecursionError,
)  # fmt: skip


Countries = Mapping[str, Country]


def read_case(case: Any) -> None:
    """Raises `Unreadable` for what is no case."""
    try:
        check(case, CASE, "case")
    except Forged as error:
        raise Unreadable(error.reason.en()) from None
    if case["format"] != FORMAT:
        raise Unreadable(f"format {case['format']!r} is not {FORMAT!r}")


def countries_of(case: Any, folder: Path) -> Countries:
    """The calendars of a folder, with the notices that a case brings and without those it left out,
    by the name that packs use."""
    given = [(each["text"], each["recorded_at"]) for each in case["notices"]]
    roots = sorted(path.parent for path in folder.glob("*/calendar.toml"))
    return {root.name: Country(root, given, set(case["without"])) for root in roots}


def check_case(case: Any, packs: Packs, countries: Countries) -> list[Reason | None]:
    """What is against each derivation of a case, None where nothing is."""
    stream = Stream(case["stream"], case["facts"])
    court = Court(stream, packs, countries, case["at"])
    return [_against(court, told) for told in case["derivations"]]


def _against(court: Court, told: Any) -> Reason | None:
    try:
        court.check(told)
    except Forged as error:
        return error.reason
    return None


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sla_engine.checker", description=__doc__)
    parser.add_argument("case", type=Path, metavar="CASE.json")
    parser.add_argument("--calendars", type=Path, default=DATA / "calendars", metavar="DIR")
    parser.add_argument("--packs", type=Path, action="append", default=[], metavar="DIR")
    asked = parser.parse_args(arguments)
    try:
        case = json.loads(asked.case.read_text(encoding="utf-8"))
        read_case(case)
        packs = Packs([DATA / "policies", *asked.packs], case["packs"].values())
        reasons = check_case(case, packs, countries_of(case, asked.calendars))
    except (*_BROKEN, Unreadable) as error:
        print(f"无法读取 unreadable: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    for told, reason in zip(case["derivations"], reasons, strict=True):
        _print(told, reason)
    for citation in case["without"]:
        print(f"核验时不计通知 checked without notice: {citation}")
    return 1 if any(reasons) or not reasons else 0


def _print(told: Any, reason: Reason | None) -> None:
    name = " ".join(str(told.get(key, "?")) for key in ("stream", "clause", "cycle"))
    if reason is None:
        print(f"通过 verified {name}")
    else:
        print(f"不通过 refused {name} [{reason.code}]\n  {reason.zh()}\n  {reason.en()}")


if __name__ == "__main__":
    sys.exit(main())
