"""What the demonstration tells, before it is laid out: petitions, acts, one timeline, one talk."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from scenarios.compare import overturned_by
from scenarios.runner import ScenarioReport
from scenarios.script import Script
from sla_engine.dossier.fold import Act, Dossier
from sla_engine.policy.clause import Clause, Pack, Text
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant, Recorded
from sla_engine.showing import clocks, timeline
from sla_engine.showing.plain import rfc3339
from sla_engine.sla.assess import Assessment, Reading
from sla_engine.sla.cycle import pack_at
from sla_engine.sla.explain import explain
from sla_engine.wiring import Engine
from sla_engine.worktime import narrate

BREACH = 30


class Deed(NamedTuple):
    """An act on one dossier, with the fact that took its ground away (None: it stands)."""

    stream: str
    act: Act
    clause: Clause
    pack: Pack
    overturned: Recorded | None

    @property
    def breach(self) -> bool:
        """Red card and beyond; what comes before is a warning."""
        return self.act.fired.level >= BREACH


@dataclass(frozen=True)
class Story:
    """A scenario that was played, with the petition and the talk that are shown at length."""

    script: Script
    engine: Engine
    report: ScenarioReport
    petition: str
    talk: str

    @property
    def now(self) -> Instant:
        return self.script.end

    @cached_property
    def petitions(self) -> Mapping[str, Assessment]:
        """Assessment of every petition by its number, in the order of the script's labels."""
        found = dict(self._assessed("petition/"))
        labelled = {number: found.pop(number) for number in self.script.labels}
        return labelled | found

    @cached_property
    def deeds(self) -> list[Deed]:
        """Every act on petitions and talks, by the instant it is named for."""
        found = [
            deed
            for prefix in ("petition/", "talk/")
            for _, assessment in self._assessed(prefix)
            for deed in _deeds(assessment, self.pack(assessment))
        ]
        return sorted(found, key=lambda deed: (deed.act.fired.due, deed.act.fired.level))

    def label(self, number: str) -> Text:
        return self.script.labels.get(number, Text("", ""))

    def assessment(self, stream: str) -> Assessment:
        return self.engine.assess(stream, self.now)

    def pack(self, assessment: Assessment) -> Pack:
        chronicle = assessment.chronicle
        return pack_at(chronicle, chronicle.marks[0], self.engine.rules)

    def entries(self, stream: str) -> list[timeline.Entry]:
        """A stream in time order, both times beside each event."""
        return timeline.entries(self.assessment(stream).dossier, self.engine.events(stream))

    def document(self) -> dict[str, Any]:
        """JSON-ready; times RFC 3339."""
        report, verification = self.report, self.report.verification
        return {
            "scenario": self.script.name,
            "from": rfc3339(self.script.start),
            "to": rfc3339(self.now),
            "packs": [
                {"name": pack.name, "edition": pack.edition, "digest": pack.digest}
                for pack in packs(self.script, self.engine.rules)
            ],
            "petitions": [self._petition(*each) for each in self.petitions.items()],
            "timeline": [each.as_dict() for each in self.entries(self.petition)],
            "derivations": [
                _derivation(reading) for reading in self.assessment(self.petition).readings
            ],
            "acts": [_deed(deed) for deed in self.deeds],
            "talk": [each.as_dict() for each in self.entries(self.talk)],
            "replay": {
                "live": verification.live,
                "replayed": verification.replayed,
                "identical": verification.identical,
                "events": verification.events,
                "dossiers": verification.dossiers,
            },
            "expectations": {
                "checked": report.checked,
                "met": report.met,
                "departures": [
                    {"at": rfc3339(each.at), "where": each.where, "about": each.about,
                     "field": each.field, "expected": each.expected, "found": each.found}
                    for each in report.departures
                ],
            },
            "passed": report.passed,
        }  # fmt: skip

    def _assessed(self, prefix: str) -> Iterator[tuple[str, Assessment]]:
        for stream in self.engine.log.streams(prefix):
            yield stream.removeprefix(prefix), self.assessment(stream)

    def _petition(self, number: str, assessment: Assessment) -> dict[str, Any]:
        label = self.label(number)
        return {
            "no": number,
            "label": {"zh": label.zh, "en": label.en},
            "phase": assessment.chronicle.phase,
            "clocks": [clocks.as_dict(reading) for reading in assessment.readings],
        }


def packs(script: Script, rules: Rulebook) -> list[Pack]:
    """The pack editions in force when the story begins."""
    return [rules.pack_on(name, script.start) for name in script.packs]


def tally(deeds: list[Deed]) -> Mapping[str, Counter[str]]:
    """Per act code: how many were told, how many of them withdrawn, how many never sent."""
    counts: dict[str, Counter[str]] = {}
    for deed in deeds:
        fired = deed.act.fired
        each = counts.setdefault(fired.act, Counter())
        each["silent" if fired.silent else "told"] += 1
        each["withdrawn"] += not deed.act.stands and not fired.silent
    return counts


def _deeds(assessment: Assessment, pack: Pack) -> Iterator[Deed]:
    dossier: Dossier = assessment.dossier
    for acts in dossier.acts.values():
        for act in acts:
            yield Deed(
                dossier.stream,
                act,
                pack.clause(act.fired.clause),
                pack,
                overturned_by(act, dossier),
            )


def _deed(deed: Deed) -> dict[str, Any]:
    fired, overturned = deed.act.fired, deed.overturned
    return {
        "stream": deed.stream,
        "clause": fired.clause,
        "rung": fired.rung,
        "act": fired.act,
        "level": fired.level,
        "tier": fired.tier or None,
        "unit": fired.unit,
        "due": rfc3339(fired.due),
        "recorded_at": rfc3339(deed.act.recorded_at),
        "silent": fired.silent,
        "withdrawn_by": overturned.version if overturned is not None else None,
    }


def _derivation(reading: Reading) -> dict[str, Any]:
    derivation = explain(reading).derivation
    return {
        "clause": reading.clause.id,
        "cycle": reading.cycle.name,
        "due": rfc3339(reading.due),
        "zh": narrate.zh(derivation),
        "en": narrate.en(derivation),
    }
