"""What became of an import: counts, what was refused and why, and how the clocks stand."""

from collections import Counter
from dataclasses import dataclass, field

from sla_engine.importing.check import Compared
from sla_engine.importing.matter import Refused
from sla_engine.policy.clause import Clause
from sla_engine.sla.assess import Assessment, State

LISTED = 1_000
SHOWN = 20


@dataclass(slots=True)
class ClauseFigures:
    """Clocks of one clause, counted by where they stand."""

    clause: Clause
    states: Counter[State] = field(default_factory=Counter)
    provisional: int = 0

    @property
    def on_time(self) -> float | None:
        """Share of the clocks that have ended which ended in time; None while none has."""
        ended = self.states[State.MET] + self.states[State.LATE]
        return self.states[State.MET] / ended if ended else None

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "clause": self.clause.id,
            "zh": self.clause.name.zh,
            "en": self.clause.name.en,
            "clocks": self.states.total(),
            **{state.value: self.states[state] for state in State},
            "provisional": self.provisional,
            "on_time": self.on_time,
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """A petition for which a check does not agree."""

    line: int
    petition: str
    claimed: str
    computed: str

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class CheckFigures:
    """One check over all petitions. `differing` shows the first few that do not agree."""

    name: str
    compared: int = 0
    agreed: int = 0
    without: int = 0
    differing: list[Difference] = field(default_factory=list)

    def add(self, line: int, petition: str, compared: Compared | None) -> None:
        """Count one petition; None: one side has no figure."""
        if compared is None:
            self.without += 1
            return
        self.compared += 1
        self.agreed += compared.agrees
        if not compared.agrees and len(self.differing) < SHOWN:
            self.differing.append(Difference(line, petition, compared.claimed, compared.computed))

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "check": self.name,
            "compared": self.compared,
            "agreed": self.agreed,
            "without": self.without,
            "differing": [each.as_dict() for each in self.differing],
        }


@dataclass(slots=True)
class ImportReport:
    """The whole answer.

    `rows` counts CSV rows, or traces and events. `recorded`, `repeated` and `refused` count
    facts; a row that cannot be read at all counts as one refused. `refusals` lists the first of
    them, `reasons` counts every fault by code. `assessed` counts petitions. `anomalies` counts
    facts that were recorded although they cannot have been so, by code; `imprecise` facts whose
    time the log knew only to the minute, hour or day.
    """

    file: str
    mapping: str
    source: str
    rows: int = 0
    recorded: int = 0
    repeated: int = 0
    refused: int = 0
    refusals: list[Refused] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    assessed: int = 0
    anomalies: Counter[str] = field(default_factory=Counter)
    imprecise: Counter[str] = field(default_factory=Counter)
    clauses: dict[str, ClauseFigures] = field(default_factory=dict)
    checks: dict[str, CheckFigures] = field(default_factory=dict)

    def refuse(self, refused: Refused) -> None:
        """Count one thing that was not taken."""
        self.refused += 1
        self.reasons.update(fault.code for fault in refused.faults)
        if len(self.refusals) < LISTED:
            self.refusals.append(refused)

    def assess(self, assessment: Assessment) -> None:
        """Count one petition as it stands."""
        self.assessed += 1
        for reading in assessment.readings:
            figures = self.clauses.setdefault(reading.clause.id, ClauseFigures(reading.clause))
            figures.states[reading.state] += 1
            figures.provisional += reading.provisional
        for fact in assessment.dossier.facts:
            if fact.meta.anomaly:
                self.anomalies[fact.meta.anomaly] += 1
            if fact.meta.precision:
                self.imprecise[fact.meta.precision] += 1

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "file": self.file,
            "mapping": self.mapping,
            "source": self.source,
            "rows": self.rows,
            "recorded": self.recorded,
            "repeated": self.repeated,
            "refused": self.refused,
            "reasons": dict(self.reasons),
            "refusals": [each.as_dict() for each in self.refusals],
            "assessed": self.assessed,
            "anomalies": dict(self.anomalies),
            "imprecise": dict(self.imprecise),
            "clauses": [each.as_dict() for each in self.clauses.values()],
            "checks": [each.as_dict() for each in self.checks.values()],
        }
