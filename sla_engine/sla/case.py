"""A case: the facts of one stream with the derivations of its clocks, for the independent checker.

Everything the checker cannot find in the files that ship with the program goes with it: packs and
notices of one's own, as text. A text carries no authority of its own; its digest must be the one
that the facts were stamped with.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from sla_engine.dossier.fold import Dossier
from sla_engine.record import Instant, Recorded, fields_of
from sla_engine.sla.assess import Assessment
from sla_engine.sla.derivation import ClockDerivation, derivation_of

FORMAT = "sla-engine/case/1"


class GivenFact(msgspec.Struct, frozen=True):
    """A recorded fact as the checker reads it: the envelope without people, and the body."""

    version: int
    type: str
    occurred_at: Instant
    recorded_at: Instant
    source: str
    key: str
    seq: int
    pack: str
    calendar: str
    data: dict[str, Any]


class GivenNotice(msgspec.Struct, frozen=True):
    """A holiday notice that does not ship with the program, and when it became known."""

    text: str
    recorded_at: Instant


class Case(msgspec.Struct, frozen=True):
    """What the checker is given: facts, and how every clock stood `at` an instant.

    `packs` are texts, under names for the reader: the checker works out their digests. `without`
    are the citations of notices that ship with the program but were unknown to whoever judged.
    """

    format: str
    stream: str
    at: Instant
    facts: tuple[GivenFact, ...]
    derivations: tuple[ClockDerivation, ...]
    packs: dict[str, str]
    notices: tuple[GivenNotice, ...]
    without: tuple[str, ...]


def case_of(
    assessment: Assessment,
    packs: Mapping[str, str] | None = None,
    notices: Iterable[GivenNotice] = (),
    without: Iterable[str] = (),
) -> Case:
    """The case of a dossier as it was assessed: every clock that had begun by then."""
    dossier = assessment.dossier
    return Case(
        format=FORMAT,
        stream=dossier.stream,
        at=assessment.at,
        facts=tuple(given(fact) for fact in _learned(dossier)),
        derivations=tuple(derivation_of(reading) for reading in assessment.readings),
        packs=dict(packs or {}),
        notices=tuple(notices),
        without=tuple(without),
    )


def given(fact: Recorded) -> GivenFact:
    """A fact as a case holds it."""
    meta = fact.meta
    return GivenFact(
        version=fact.version,
        type=fact.event.WIRE,
        occurred_at=meta.occurred_at,
        recorded_at=meta.recorded_at,
        source=meta.source,
        key=meta.key,
        seq=meta.seq,
        pack=meta.pack,
        calendar=meta.calendar,
        data=msgspec.to_builtins(fields_of(fact.event)),
    )


def _learned(dossier: Dossier) -> list[Recorded]:
    """Everything a clock may depend on, in the order of recording: no act of the ladder."""
    refixed = (each for recorded in dossier.refixed.values() for each in recorded)
    return sorted((*dossier.facts, *dossier.voids, *refixed), key=lambda each: each.version)
