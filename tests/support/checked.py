"""Cases written by the engine and checked by the independent program."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from scenarios.reader import read_file
from scenarios.runner import Play, stage
from sla_engine.checker.__main__ import DATA, Countries, check_case, countries_of, read_case
from sla_engine.checker.packs import Packs
from sla_engine.checker.reasons import Reason
from sla_engine.escalation.kinds import has_clocks
from sla_engine.rules.events import NoticeLoaded
from sla_engine.sla.assess import Assessment
from sla_engine.sla.case import GivenNotice, case_of

Case = dict[str, Any]


def written(
    assessment: Assessment,
    packs: Mapping[str, str] | None = None,
    notices: Sequence[GivenNotice] = (),
    without: Sequence[str] = (),
) -> Case:
    """The case of an assessment as the checker reads it from a file."""
    case = case_of(assessment, packs, notices, without)
    return dict(json.loads(msgspec.json.encode(case)))


def checked(case: Case) -> list[Reason | None]:
    """What the checker has against each derivation of a case."""
    read_case(case)
    return check_case(case, _packs(tuple(case["packs"].values())), _countries(json.dumps(case)))


def against(case: Case) -> str:
    """The code of the one reason against the derivations of a case; "" when all are accepted."""
    codes = {reason.code for reason in checked(case) if reason is not None}
    assert len(codes) <= 1, codes
    return next(iter(codes), "")


def _countries(case: str) -> Countries:
    given = json.loads(case)
    return _known(json.dumps({key: given[key] for key in ("notices", "without")}))


@cache
def _known(given: str) -> Countries:
    return countries_of(json.loads(given), DATA / "calendars")


@cache
def _packs(texts: tuple[str, ...]) -> Packs:
    return Packs([DATA / "policies"], texts)


@contextmanager
def played(path: Path) -> Iterator[Play]:
    """A scenario of the library, played to its end."""
    with stage(read_file(path)) as play:
        play.run()
        yield play


def cases(play: Play) -> Iterator[Case]:
    """The case of every dossier of a scenario that has clocks, at its end."""
    engine, script = play.engine, play.script
    texts = [each.text or (each.path or Path()).read_text("utf-8") for each in script.brought]
    notices = [
        GivenNotice(each.event.text, each.event.known_at or each.meta.recorded_at)
        for each in engine.log.scan()
        if isinstance(each.event, NoticeLoaded)
    ]
    for stream in engine.log.streams(""):
        if has_clocks(stream):
            packs = {str(number): text for number, text in enumerate(texts)}
            yield written(engine.assess(stream, script.end), packs, notices, script.withhold)
