"""What other rules would have done, as a document."""

from collections.abc import Iterator, Mapping

from sla_engine.bulk.impact import Change, Impact, Turned
from sla_engine.documents.form import Document, Fields, Moment, Row
from sla_engine.documents.impact import impact_document
from sla_engine.policy.clause import Text
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.replay.question import Question
from sla_engine.showing.replays import heading
from sla_engine.showing.written import Speech, duration, tight

Names = Mapping[str, Text]


def names_of(rules: Rulebook) -> Names:
    """What the clauses of all packs are called; ids that several packs use, by the latest."""
    return {clause.id: clause.name for pack in rules.packs for clause in pack.clauses}


def document_of(
    found: Impact, question: Question, names: Names, since: str, until: str
) -> Document:
    """The report as a document."""
    turned, longest = found.turned, found.longest
    fields: Fields = {
        "asked": heading(question, Speech()),
        "registered_in": f"{since or '…'} – {until or '…'}" if since or until else "全部",
        "assessed": found.petitions,
        "clocks": found.clocks,
        "moved": found.moved,
        "later": found.later,
        "sooner": found.sooner,
        "added": found.added,
        "gone": found.removed,
        "unjudged": found.refused,
        "days": tuple(_days(found)),
        "longest": "" if longest is None else longest_of(longest, names, Speech()),
        "worse": turned.worse,
        "better": turned.better,
        "units": tuple(_by_unit(found)),
        "flips": tuple(_by_state(found)),
        "examples": tuple(_example(each, names) for each in found.examples),
    }
    return impact_document(f"{found.petitions} 件诉求", question.known_at, fields)


def _days(found: Impact) -> Iterator[Row]:
    for days, count in sorted(found.days.items()):
        yield {"days_moved": _signed(days), "clocks": count}


def _by_unit(found: Impact) -> Iterator[Row]:
    for unit, each in ranked(found):
        yield {"unit": unit, "worse": each.worse, "better": each.better}


def ranked(found: Impact) -> list[tuple[str, Turned]]:
    """Units, those that lose most first."""
    return sorted(found.units.items(), key=lambda pair: (-pair[1].worse, -pair[1].better, pair[0]))


def _by_state(found: Impact) -> Iterator[Row]:
    for (was, now), count in sorted(found.flipped.items(), key=lambda pair: -pair[1]):
        yield {"state_before": was.value, "state_after": now.value, "clocks": count}


def _example(change: Change, names: Names) -> Row:
    return {
        "petition": no_of(change),
        "clause": clock(change, names, Speech()),
        "unit": change.unit,
        "due_before": _moment(change.due_before),
        "due_after": _moment(change.due_after),
        "state_before": None if change.before is None else change.before.value,
        "state_after": None if change.after is None else change.after.value,
    }


def _moment(at: Instant | None) -> Moment | None:
    return None if at is None else Moment(at, ends=True)


def no_of(change: Change) -> str:
    return change.stream.split("/", 1)[1]


def clock(change: Change, names: Names, speech: Speech) -> str:
    name = names.get(change.clause, Text(change.clause, change.clause))
    cycle = "" if change.cycle == "1" else f" #{change.cycle}"
    return tight(speech.word(name)) + cycle


def _signed(days: int) -> str:
    return f"+{days}" if days > 0 else f"−{-days}" if days < 0 else "0"


def longest_of(change: Change, names: Names, speech: Speech) -> str:
    return f"{duration(change.delay, speech.lang)} {no_of(change)} {clock(change, names, speech)}"
