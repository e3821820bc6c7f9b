"""A dossier as people and programs see it: card, clocks, timeline."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from sla_engine import words
from sla_engine.cli import clocks, timeline
from sla_engine.cli.officers import Officers
from sla_engine.cli.output import Voice, rfc3339, styled, when
from sla_engine.dossier.fold import Dossier
from sla_engine.errors import refuse, register
from sla_engine.escalation.kinds import kind_of
from sla_engine.petition.events import Registered
from sla_engine.policy.clause import Pack, Text
from sla_engine.record import Instant, Recorded
from sla_engine.sla.assess import Assessment
from sla_engine.sla.cycle import pack_at

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sla_engine.cli.desk import Desk
    from sla_engine.wiring import Engine

NOTHING_KNOWN = register(
    "NOTHING_KNOWN",
    "截至 {allowed}，{found} 尚无记录",
    "nothing was recorded about {found} by {allowed}",
    "换一个较晚的 --as-known 时间",
    "ask with a later --as-known",
)

_BASIS = Text("暂定依据", "provisional, resting on")
_CARD = (
    "kind", "subject", "channel", "region", "urgency", "matter", "list", "series", "period",
)  # fmt: skip


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
    def open(cls, engine: "Engine", no: str, known_at: Instant | None) -> Self:
        """Raises `UNKNOWN_DOSSIER`, or `NOTHING_KNOWN` before the first record."""
        stream = stream_of(engine, no)
        events = [
            each
            for each in engine.events(stream)
            if known_at is None or each.meta.recorded_at <= known_at
        ]
        if not events:
            raise refuse(NOTHING_KNOWN, "", no, when(known_at))
        assessment = engine.assess(stream, known_at=known_at)
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
            "card": self._card(),
            "clocks": [clocks.as_dict(reading) for reading in self.assessment.readings],
            "timeline": [each.as_dict() for each in self.entries],
        }

    def _card(self) -> dict[str, Any]:
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


def stream_of(engine: "Engine", name: str, kind: str = "") -> str:
    """The stream of a dossier, of any kind or of one; of a talk the part behind its unit will do.

    Raises `UNKNOWN_DOSSIER`.
    """
    talks = [each for each in engine.log.streams("talk/") if each.endswith(f"/{name}")]
    if len(talks) == 1 and kind in ("", "talk"):
        return talks[0]
    return engine.stream_of(f"{kind}/{name}" if kind else name)


def tell(desk: "Desk", kind: str, name: str, as_known: str) -> None:
    """One dossier as it stands, or as it was known at a time: for people or for programs."""
    from sla_engine.cli.options import instant

    known_at = instant(as_known, "--as-known")
    with desk.engine() as engine:
        case = Case.open(engine, f"{kind}/{name}", known_at)
        if desk.voice.json:
            desk.voice.document(case.document())
        else:
            desk.voice.show(*render(case, desk.voice))


def render(case: Case, voice: Voice) -> "Iterator[RenderableType]":
    """Card, clocks, timeline, one under the other."""
    yield from render_head(case, voice)
    yield timeline.render(case.entries, case.pack, voice)


def render_head(case: Case, voice: Voice) -> "Iterator[RenderableType]":
    """Card and clocks."""
    yield _panel(case, voice)
    readings = case.assessment.readings
    if readings:
        yield clocks.render(readings, voice)
    for basis in dict.fromkeys(reading.basis for reading in readings if reading.basis):
        yield styled((f"{voice.word(_BASIS)}：{basis}", "dim"))


def _panel(case: Case, voice: Voice) -> "RenderableType":
    from rich.panel import Panel
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    for label, value in _facts(case, voice):
        grid.add_row(styled((label, "dim")), value)
    now = voice.word(Text("截至", "as known at") if case.known_at else Text("现在", "now"))
    at = styled(f"{now} {when(case.assessment.at)} +08:00")
    return Panel(grid, title=styled(case.name), title_align="left", subtitle=at)


def _facts(case: Case, voice: Voice) -> Iterator[tuple[str, str]]:
    chronicle, kind = case.assessment.chronicle, kind_of(case.stream).name
    card = case.assessment.chronicle.traits
    current = chronicle.lanes.current
    yield "环节 phase", voice.word(words.phase(kind, chronicle.phase))
    yield "单位 unit", case.unit or "—"
    if current is not None and "tier" in current.traits:
        yield "级别 tier", current.traits["tier"]
    for name in _CARD:
        if card.get(name):
            yield f"{words.FIELDS[name].zh} {name}", card[name]
    if case.petitioner:
        yield "诉求人编号 petitioner", case.petitioner
    yield "政策包 pack", f"{voice.word(case.pack.title)} {case.pack.edition}"
    yield "登记 opened", when(case.dossier.opening.meta.occurred_at)
    if card.get("historic"):
        yield "历史导入 history", "只判定，不发 judged, never sent"
