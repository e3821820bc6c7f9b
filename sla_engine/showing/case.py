"""A dossier as it stands or stood: card, clocks, timeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from sla_engine.dossier.fold import Dossier
from sla_engine.errors import refuse, register
from sla_engine.escalation.kinds import kind_of
from sla_engine.petition.events import Registered
from sla_engine.policy.clause import Pack
from sla_engine.record import Instant, Recorded
from sla_engine.showing import clocks, timeline
from sla_engine.showing.officers import Officers
from sla_engine.showing.plain import rfc3339
from sla_engine.showing.written import when
from sla_engine.sla.assess import Assessment
from sla_engine.sla.cycle import pack_at
from sla_engine.wiring import UNKNOWN_DOSSIER, Engine

NOTHING_KNOWN = register(
    "NOTHING_KNOWN",
    "截至 {allowed}，{found} 尚无记录",
    "nothing was recorded about {found} by {allowed}",
    "换一个较晚的 --as-known 时间",
    "ask with a later --as-known",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A dossier by what was known at `known_at` (None: by all of it), judged at that instant."""

    stream: str
    known_at: Instant | None
    events: Sequence[Recorded]
    assessment: Assessment
    pack: Pack
    officers: Officers

    @classmethod
    def open(cls, engine: Engine, no: str, known_at: Instant | None) -> Self:
        """Raises `UNKNOWN_DOSSIER`, or `NOTHING_KNOWN` before the first record."""
        return cls.of(engine, stream_of(engine, no), known_at)

    @classmethod
    def of(
        cls, engine: Engine, stream: str, known_at: Instant | None, at: Instant | None = None
    ) -> Self:
        """The dossier of a stream, judged at `at` instead where that is given. Raises
        `UNKNOWN_DOSSIER`, `NOTHING_KNOWN`."""
        there = engine.events(stream)
        events = [each for each in there if known_at is None or each.meta.recorded_at <= known_at]
        if not events:
            no = stream.split("/", 1)[1]
            raise (
                refuse(NOTHING_KNOWN, "", no, when(known_at))
                if there
                else refuse(UNKNOWN_DOSSIER, "", no)
            )
        assessment = engine.assess(stream, at, known_at)
        chronicle = assessment.chronicle
        pack = pack_at(chronicle, chronicle.marks[0], engine.rules)
        region = chronicle.traits.get("region") or pack.region
        officers = Officers.of(engine, region, assessment.dossier.opening.event, known_at)
        return cls(stream, known_at, events, assessment, pack, officers)

    @property
    def name(self) -> str:
        return self.stream.split("/", 1)[1]

    @property
    def dossier(self) -> Dossier:
        return self.assessment.dossier

    @property
    def entries(self) -> list[timeline.Entry]:
        """Every event in time order, with the officers that acts were addressed to."""
        return timeline.entries(self.dossier, self.events, self.officers)

    def document(self) -> dict[str, Any]:
        """JSON-ready; times RFC 3339."""
        return {
            "no": self.name,
            "stream": self.stream,
            "at": rfc3339(self.assessment.at),
            "as_known": rfc3339(self.known_at),
            "version": self.dossier.version,
            "card": self.card(),
            "clocks": [clocks.as_dict(reading) for reading in self.assessment.readings],
            "timeline": [each.as_dict() for each in self.entries],
        }

    def card(self) -> dict[str, Any]:
        """What it is, where it stands, and whose it is; no personal data."""
        chronicle = self.assessment.chronicle
        current = chronicle.lanes.current
        return {
            "phase": chronicle.phase,
            "unit": self.unit,
            "pack": {"name": self.pack.name, "edition": self.pack.edition},
            "petitioner": self.petitioner,
            "opened_at": rfc3339(self.dossier.opening.meta.occurred_at),
            **{
                name: value
                for name, value in chronicle.traits.items()
                if name not in ("no", "pack")
            },
            **(current.traits if current is not None else {}),
        }

    @property
    def unit(self) -> str:
        """Who is answerable: the unit of the open lane. Members of a round are many, so there it is
        the office that runs it."""
        traits, current = self.assessment.chronicle.traits, self.assessment.chronicle.lanes.current
        if current is None or kind_of(self.stream).name == "round":
            return traits.get("unit", "")
        return current.unit

    @property
    def petitioner(self) -> str:
        """The petitioner's reference, never a name."""
        opening = self.dossier.opening.event
        return opening.petitioner if isinstance(opening, Registered) else ""


def stream_of(engine: Engine, name: str, kind: str = "") -> str:
    """The stream of a dossier, of any kind or of one; of a talk the part behind its unit will do.

    Raises `UNKNOWN_DOSSIER`.
    """
    talks = [each for each in engine.log.streams("talk/") if each.endswith(f"/{name}")]
    if len(talks) == 1 and kind in ("", "talk"):
        return talks[0]
    return engine.stream_of(f"{kind}/{name}" if kind else name)
