"""Candidates for a merge (并单): one petitioner, one matter, several channels."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from projections import history
from projections.dossiers import Dossiers
from projections.worklist import STAYS
from projections.worklist import says as moves
from sla_engine.petition.events import Registered
from sla_engine.petition.kind import OPEN, PETITION
from sla_engine.projection import Cells, Columns
from sla_engine.record import Event, Instant, Recorded

_TRAITS = ("pack", "region", "petitioner", "kind", "matter", "channel")


class Duplicates(Dossiers):
    """Key: the stream, of petitions whose petitioner has a reference that others can have too.
    Columns: the petition's traits, `stream`, `registered_at`, `lines`. A cell (`duplicates.cells`)
    holds the open petitions about one matter, `PACK|REGION|PETITIONER|KIND|MATTER`:
    {`CHANNEL|STREAM`: registered_at}."""

    name = "duplicates"
    dossiers = (PETITION.name,)
    opening = Registered
    told = moving = history.moving(PETITION)

    def begin(self, recorded: Recorded) -> Columns | None:
        traits = {name: getattr(recorded.event, name) for name in _TRAITS}
        own = f"of/{recorded.stream.partition('/')[2]}"
        if traits["petitioner"] in ("", own):
            return None  # Nobody else can have a reference that was made for this petition.
        registered_at = recorded.meta.occurred_at
        return {**traits, "stream": recorded.stream, "registered_at": registered_at, "lines": []}

    def says(self, event: Event) -> Mapping[str, Any]:
        return moves(event)

    def tally(self, row: Columns) -> Cells:
        if history.phase(history.standing(row["lines"]), STAYS) not in OPEN:
            return {}
        key = "|".join(row[name] for name in _TRAITS[:-1])
        return {key: {f"{row['channel']}|{row['stream']}": row["registered_at"]}}


class Arrived(NamedTuple):
    """An open petition: when it was registered, over which channel."""

    registered_at: Instant
    channel: str
    stream: str


class Candidates(NamedTuple):
    """Open petitions that may be one, the earliest first: it is the one that would survive."""

    pack: str
    region: str
    petitioner: str
    kind: str
    matter: str
    petitions: tuple[Arrived, ...]


def candidates(cells: Iterable[tuple[str, Mapping[str, int]]]) -> Iterator[Candidates]:
    """Groups that came over more than one channel, from `duplicates.cells`."""
    for key, counters in cells:
        arrived = sorted(Arrived(at, *name.split("|", 1)) for name, at in counters.items())
        if len({each.channel for each in arrived}) > 1:
            pack, region, petitioner, kind, matter = key.split("|", 4)
            yield Candidates(pack, region, petitioner, kind, matter, tuple(arrived))
