"""Petitions that go to the scalar assessment, one by one."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sla_engine.bulk.facts import NEVER, Facts
from sla_engine.dossier.events import ACTS, TermRefixed
from sla_engine.dossier.fold import Dossier, evolve
from sla_engine.errors import Refusal, refuse, register
from sla_engine.petition.kind import PETITION
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant, Recorded
from sla_engine.sla.assess import Reading, State, assess
from sla_engine.sla.cycle import stamped_anew

LANE_VOIDED = register(
    "LANE_VOIDED",
    "承办“{found}”在所问时点之后被撤销，事实列中已没有它",
    "assignment {found} was voided after the instant asked about; the columns no longer have it",
    "用截至该时点的事实重新取列",
    "gather the columns from what was recorded by then",
)


class Asked(NamedTuple):
    """What is asked of every petition: how it stands at `at` by what was recorded by `known_at`
    (None: all). `anew`: stamps do not count, `rules` say what governed from the start; nothing is
    re-fixed, so they should take the calendar as of one moment."""

    rules: Rulebook
    at: Instant
    known_at: Instant | None = None
    anew: bool = False


class Single(NamedTuple):
    """One clock assessed by itself; `lane` is a row of the facts' lanes."""

    petition: int
    clause: str
    lane: int
    number: int
    start: Instant
    due: Instant
    stop: Instant
    state: State
    provisional: bool
    unit: str


class Refused(NamedTuple):
    """A petition that cannot be assessed, and the code of the reason."""

    stream: str
    code: str


def one_by_one(facts: Facts, petitions: Sequence[int], asked: Asked) -> Iterator[Single | Refused]:
    """Every clock of these petitions."""
    events = facts.recorded(petitions) if petitions else {}
    for petition in petitions:
        stream = facts.petitions.streams[petition]
        try:
            dossier = _folded(stream, events[petition], asked)
            readings = assess(dossier, PETITION, asked.rules, asked.at).readings
            yield from (_single(facts, petition, reading) for reading in readings)
        except Refusal as refusal:
            yield Refused(stream, refusal.code)


def _folded(stream: str, events: Sequence[Recorded], asked: Asked) -> Dossier:
    """The dossier by what was known, stamped anew where other rules than its own are asked for."""
    dossier = Dossier(stream)
    acts = tuple(act for act in ACTS if act is not TermRefixed or asked.anew)
    for each in events:
        known = asked.known_at is None or each.meta.recorded_at <= asked.known_at
        if not known or isinstance(each.event, acts):
            continue
        evolve(dossier, stamped_anew(dossier, PETITION, each, asked.rules) if asked.anew else each)
    return dossier


def _single(facts: Facts, petition: int, reading: Reading) -> Single:
    cycle = reading.cycle
    stop, due = reading.stopped_at, reading.due
    return Single(
        petition,
        cycle.clause.id,
        _lane(facts, petition, cycle.held_in),
        cycle.number if cycle.clause.repeat else 0,
        reading.start,
        NEVER if due is None else due,
        NEVER if stop is None else stop,
        reading.state,
        reading.provisional,
        reading.unit,
    )


def _lane(facts: Facts, petition: int, name: str | None) -> int:
    if name is None:
        return -1
    first, last = map(int, facts.petitions.lanes[petition : petition + 2])
    names = list(facts.lanes.names[first:last])
    if name not in names:
        raise refuse(LANE_VOIDED, facts.petitions.streams[petition], name)
    return first + names.index(name)
