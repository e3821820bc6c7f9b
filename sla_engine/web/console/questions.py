"""The what-if form: what a person typed into it, as the words that `asking` reads, and back."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from starlette.datastructures import QueryParams

from sla_engine import words
from sla_engine.escalation.kinds import kind_of
from sla_engine.policy.clause import Pack, Text
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Recorded
from sla_engine.replay.replay import counts
from sla_engine.showing.questions import Asked, Review
from sla_engine.showing.written import when
from sla_engine.web.console.comparing import named_fact
from sla_engine.worktime import Zone

_MOVE, _REMOVE = "move", "remove"


class Choice(NamedTuple):
    """Something a form offers: what it sends and what it is called."""

    value: str
    name: Text


class Typed(NamedTuple):
    """The fields of the form as they were typed, to be shown again."""

    known_at: str
    at: str
    against: str
    pack: str
    calendar: str
    without: tuple[str, ...]
    fact: str
    how: str
    to: str
    edits: str

    @property
    def any(self) -> bool:
        """Whether anything was asked."""
        return any(self)


def typed(query: QueryParams) -> Typed:
    """The fields of the form from an address."""
    said = (query.get(name, "").strip() for name in ("known_at", "at", "against", "pack"))
    known_at, at, against, pack = said
    return Typed(
        known_at,
        at,
        against,
        pack,
        query.get("calendar", "").strip(),
        tuple(each for each in query.getlist("without") if each),
        query.get("fact", ""),
        query.get("how", ""),
        query.get("to", "").strip(),
        query.get("edits", "").strip(),
    )


def asked_of(form: Typed, zone: Zone, against: str = "") -> Asked:
    """What is asked, in the words of `showing.questions`; `against`: unless the form says so."""
    return Asked(
        known_at=instant_text(form.known_at, zone),
        at=instant_text(form.at, zone),
        pack=form.pack,
        calendar=instant_text(form.calendar, zone),
        without=form.without,
        edits=tuple(_edits(form, zone)),
        against=instant_text(form.against, zone) or against,
    )


def instant_text(text: str, zone: Zone) -> str:
    """A local time as browsers send it, with its offset; anything else stays as it is."""
    if "T" not in text:
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    local = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone.info)
    return local.isoformat()


def _edits(form: Typed, zone: Zone) -> Iterator[str]:
    if form.fact and form.how == _MOVE:
        yield f"move {form.fact} to {instant_text(form.to, zone)}"
    elif form.fact and form.how == _REMOVE:
        yield f"remove {form.fact}"
    yield from (line.strip() for line in form.edits.splitlines() if line.strip())


class Choices(NamedTuple):
    """What the form offers for one dossier: editions of its pack, notices, its facts."""

    packs: Sequence[Choice]
    notices: Sequence[Choice]
    facts: Sequence[Choice]


def choices(review: Review) -> Choices:
    """What may be asked about a dossier."""
    own = str(getattr(review.events[0].event, "pack", "")) if review.events else ""
    facts = [each for each in review.events if counts(each, review.question)]
    return Choices(
        packs=editions(review.rules, own),
        notices=notices(review.rules),
        facts=_facts(facts, _governing(review, own)),
    )


def editions(rules: Rulebook, name: str = "") -> list[Choice]:
    """Editions of packs, the latest first; of one name where it is given."""
    packs = sorted(rules.packs, key=lambda pack: (pack.name, pack.effective[0]), reverse=True)
    return [
        Choice(f"{pack.name}@{pack.edition}", _titled(pack.title, pack.edition))
        for pack in packs
        if name in ("", pack.name)
    ]


def _titled(title: Text, edition: str) -> Text:
    return Text(f"{title.zh}（{edition}）", f"{title.en} ({edition})")


def notices(rules: Rulebook) -> list[Choice]:
    """Notices by number, the latest first."""
    found = {
        notice.citation: notice.published
        for almanac in rules.almanacs.values()
        for notice in almanac.notices
    }
    dated = sorted(found.items(), key=lambda each: each[1], reverse=True)
    return [Choice(name, Text(f"{name}（{day}）", f"{name} ({day})")) for name, day in dated]


def _governing(review: Review, own: str) -> Pack | None:
    """The edition under which the dossier was opened; its steps have names."""
    return review.rules.pack_on(own, review.events[0].meta.occurred_at) if own else None


def _facts(facts: Sequence[Recorded], pack: Pack | None) -> list[Choice]:
    return [
        Choice(named_fact(each), _stamped(words.fact(kind_of(each.stream), each.event, pack), each))
        for each in facts
    ]


def _stamped(name: Text, fact: Recorded) -> Text:
    at = when(fact.meta.occurred_at)
    return Text(f"{at} {name.zh}", f"{at} {name.en}")
