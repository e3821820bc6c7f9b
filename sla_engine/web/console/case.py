"""A dossier as a page shows it: what was known by when, judged at which instant."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from sla_engine.dossier.chronicle import Chronicle
from sla_engine.dossier.kind import Kind, Lane
from sla_engine.errors import Refusal, refuse, register
from sla_engine.escalation.kinds import KINDS
from sla_engine.policy.clause import Pack
from sla_engine.policy.rulebook import POLICY_UNKNOWN, RULES_CHANGED
from sla_engine.record import Instant, Recorded
from sla_engine.sla.assess import Assessment, Reading
from sla_engine.sla.cycle import pack_at
from sla_engine.web import problems
from sla_engine.web.gate import Visitor
from sla_engine.web.permits import check_read, lane_of, works_on
from sla_engine.wiring import UNKNOWN_DOSSIER, Engine
from sla_engine.worktime import format_instant

KNOWN_TOO_EARLY = problems.tell(
    register(
        "KNOWN_TOO_EARLY",
        "截至 {allowed}，{found} 还没有任何记录",
        "nothing had been recorded of {found} by {allowed}",
        "换一个较晚的时间",
        "ask with a later time",
    ),
    404,
)
PACK_NOT_LOADED = problems.tell(
    register(
        "PACK_NOT_LOADED",
        "所依据的政策包“{found}”没有装入（版本摘要 {allowed}）",
        "it goes by the policy pack {found}, which is not loaded (digest {allowed})",
        "请系统管理员装入该版本；已登记的内容都在，装入后照常显示",
        "have the system administrator load that edition; what was recorded is all there",
    ),
    409,
)
_GONE = frozenset({RULES_CHANGED, POLICY_UNKNOWN})


class Known(NamedTuple):
    """From where a dossier is looked at: with the knowledge of that instant, or (`corrected`) with
    today's knowledge about it. `at` None: now."""

    at: Instant | None = None
    corrected: bool = False

    @property
    def past(self) -> bool:
        return self.at is not None


NOW = Known()


@dataclass(frozen=True, slots=True)
class Case:
    """One dossier. `events` are all there are, `shown` those that count from where it is seen."""

    kind: Kind
    name: str
    known: Known
    events: Sequence[Recorded]
    shown: Sequence[Recorded]
    assessment: Assessment
    pack: Pack

    @classmethod
    def open(cls, engine: Engine, visitor: Visitor, kind: str, name: str, known: Known) -> Self:
        """As far as the visitor may read it. Raises `Refusal` UNKNOWN_DOSSIER, KNOWN_TOO_EARLY."""
        stream = f"{kind}/{name}"
        events = engine.events(stream)
        if not events:
            raise refuse(UNKNOWN_DOSSIER, "", name)
        check_read(visitor, engine.dossier(stream))
        shown = [each for each in events if _counts(each, known)]
        if not shown:
            assert known.at is not None
            raise refuse(KNOWN_TOO_EARLY, "", name, format_instant(known.at)[:16])
        learned = None if known.corrected else known.at
        try:
            assessment = engine.assess(stream, at=known.at, known_at=learned)
            chronicle = assessment.chronicle
            pack = pack_at(chronicle, chronicle.marks[0], engine.rules)
        except Refusal as refusal:
            raise _explained(refusal, events) from None
        return cls(KINDS[kind], name, known, events, shown, assessment, pack)

    @property
    def stream(self) -> str:
        return f"{self.kind.name}/{self.name}"

    @property
    def version(self) -> int:
        """The stream's version as this page has seen it."""
        return self.events[-1].version

    @property
    def chronicle(self) -> Chronicle:
        return self.assessment.chronicle

    @property
    def phase(self) -> str:
        return self.chronicle.phase

    @property
    def readings(self) -> Sequence[Reading]:
        return self.assessment.readings

    @property
    def instants(self) -> Sequence[Instant]:
        """When the log learned anything of it, each once, in order."""
        return sorted({each.meta.recorded_at for each in self.events})

    @property
    def unit(self) -> str:
        """Who has it now; "" while it lies with the dispatcher."""
        current = self.chronicle.lanes.current
        return current.unit if current is not None else ""

    def lane_of(self, visitor: Visitor) -> Lane | None:
        """The open lane of a handler's own unit; nobody else has one of their own."""
        return lane_of(visitor, self.chronicle)

    def worked_by(self, visitor: Visitor) -> bool:
        """Whether this visitor may act on it: a handler only where their unit has it."""
        return works_on(visitor, self.chronicle)


def _explained(refusal: Refusal, events: Sequence[Recorded]) -> Refusal:
    """Of a dossier whose pack is not loaded: which pack, and which edition of it."""
    (fault,), opening = refusal.faults, events[0]
    if fault.code not in _GONE or fault.where != "pack":
        return refusal
    name, digest = getattr(opening.event, "pack", ""), opening.meta.pack
    missing = fault.found if fault.code == RULES_CHANGED else digest
    return refuse(PACK_NOT_LOADED, opening.stream.partition("/")[2], name, missing or "-")


def _counts(each: Recorded, known: Known) -> bool:
    if known.at is None:
        return True
    meta = each.meta
    return (meta.occurred_at if known.corrected else meta.recorded_at) <= known.at
