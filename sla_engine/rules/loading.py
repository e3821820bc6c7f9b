"""What may be loaded into the log, and the rulebook as the log has it.

What the log holds comes first: a notice or an edition that a later release of the program brings
along, under the same name or in its way, changes nothing in a store that has its own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import replace
from typing import NamedTuple

import msgspec

from sla_engine.errors import Fault, Refusal, register
from sla_engine.identity import digest
from sla_engine.policy.cases import RunCase
from sla_engine.policy.clause import Pack
from sla_engine.policy.editions import clash
from sla_engine.policy.lint import lint, parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Event, Instant, Recorded
from sla_engine.rules.events import NoticeLoaded, PackLoaded
from sla_engine.rules.texts import edition_of, notice_of
from sla_engine.worktime import Almanac, Notice

EDITION_CHANGED = register(
    "EDITION_CHANGED",
    "政策包版本 {found} 已有另一内容（摘要 {allowed}）；已发布的版本不得修改",
    "the edition {found} exists with another content (digest {allowed}); a released edition is "
    "never changed",
    "改动请另立新版本（edition）和生效日期",
    "give the change an edition of its own, with its own effective_from",
)


class Loading(NamedTuple):
    """Something to be loaded: what is not in the log yet, by key, and the `rules` with all of it.

    `cause` is "notice" or "pack", `title` names it, `digests` are those of its contents."""

    cause: str
    title: str
    digests: tuple[str, ...]
    events: Mapping[str, Event]
    rules: Rulebook

    @property
    def campaign(self) -> str:
        """Id of the campaign that brings open dossiers up to it; the same for the same content."""
        return f"{self.cause}-{digest(self.digests)[:12]}"


def key_of(event: Event) -> str:
    """The key under which a notice or an edition is loaded, once."""
    if isinstance(event, NoticeLoaded):
        return f"notice|{event.digest}"
    assert isinstance(event, PackLoaded), "nothing else is loaded"
    return f"pack|{event.name}|{event.edition}|{event.digest}"


def with_loaded(rules: Rulebook, loaded: Iterable[Recorded]) -> Rulebook:
    """The rulebook with every notice and every edition that was loaded into the log."""
    for recorded in loaded:
        event = recorded.event
        if isinstance(event, NoticeLoaded):
            notice = notice_of(event.text, event.known_at or recorded.meta.recorded_at)
            # One that was loaded before `known_at` was kept is known since it was first heard of.
            rules = _with_notice(rules, notice, first=not event.known_at)
        elif isinstance(event, PackLoaded):
            file = f"{event.name}/{event.edition}.toml"
            rules = _with_edition(rules, edition_of(event.text, event.known_at, file))
    return rules


def notice_loading(rules: Rulebook, loaded: Set[str], text: str, now: Instant) -> Loading:
    """A notice to be loaded at `now` beside what is `loaded`, by key.

    Raises `Refusal` with all faults of the text, or NOTICE_CONFLICT, REGION_UNKNOWN or
    PACK_CALENDAR_UNKNOWN where it cannot stand beside the calendars there are.
    """
    notice, name = notice_of(text, now), digest(text)
    revised = rules.with_notice(notice)
    known = next((each for each in _notices(revised) if _same(each, notice)), None)
    assert known is not None, "a calendar holds the notices it was given"
    since = known.recorded or now
    event = NoticeLoaded(notice.citation, name, text, since)
    fresh = {} if key_of(event) in loaded else {key_of(event): event}
    return Loading("notice", notice.citation, (name,), fresh, revised)


def pack_loading(
    rules: Rulebook,
    loaded: Set[str],
    texts: Mapping[str, str],
    now: Instant,
    used: Callable[[Pack], bool],
    run_case: RunCase,
) -> Loading:
    """Editions to be loaded at `now` from `texts`, by file name, beside what is `loaded`.

    An edition that was `used` before, from a folder of packs, stays known since its file says so;
    any other is known from now on. Raises `Refusal` with every fault of every file, and of the
    editions beside one another and beside those there are.
    """
    packs = _parsed(texts)
    held, faults = list(rules.packs), list[Fault]()
    for pack in packs.values():
        faults += _contradictions(pack, held)
        held.append(pack)
    if faults:
        raise Refusal(faults)
    fresh: dict[str, Event] = {}
    for file, pack in packs.items():
        event = PackLoaded(pack.name, pack.edition, pack.digest, texts[file], now)
        if key_of(event) not in loaded:
            since = pack.recorded_at if used(pack) else now
            fresh[key_of(event)] = msgspec.structs.replace(event, known_at=since)
            rules = rules.with_pack(replace(pack, recorded_at=since))
    for file in packs:
        faults += lint(texts[file], file, rules, run_case)
    if faults:
        raise Refusal(faults)
    title = ", ".join(f"{pack.name} {pack.edition}" for pack in packs.values())
    return Loading("pack", title, tuple(sorted(p.digest for p in packs.values())), fresh, rules)


def _parsed(texts: Mapping[str, str]) -> dict[str, Pack]:
    faults: list[Fault] = []
    packs: dict[str, Pack] = {}
    for file, text in texts.items():
        try:
            packs[file] = parse_pack(text, file)
        except Refusal as refusal:
            faults += refusal.faults
    if faults:
        raise Refusal(faults)
    return packs


def _contradictions(pack: Pack, held: Iterable[Pack]) -> Iterator[Fault]:
    """What speaks against an edition beside those there are."""
    for other in held:
        if (other.name, other.edition) != (pack.name, pack.edition):
            yield from clash(pack, other)
        elif other.digest != pack.digest:
            found = f"{pack.name}/{pack.edition}"
            yield Fault(EDITION_CHANGED, f"{found}.toml", found, other.digest[:12])


def _with_notice(rules: Rulebook, notice: Notice, first: bool) -> Rulebook:
    """The rulebook with the notice in the place of any other of its name. `first`: known since the
    earlier of the two."""
    for name, almanac in rules.almanacs.items():
        if f"{notice.region}-".startswith(f"{almanac.region}-"):
            other = next((each for each in almanac.notices if _same(each, notice)), None)
            if other is not None and first:
                since = min(other.recorded or 0, notice.recorded or 0)
                notice = replace(notice, recorded=since)
            others = (each for each in almanac.notices if each is not other)
            revised = Almanac(
                region=almanac.region,
                zone=almanac.zone.name,
                weekend=almanac.weekend,
                notices=(*others, notice),
                statutes=almanac.statutes,
            )
            return Rulebook({**rules.almanacs, name: revised}, rules.packs)
    return rules.with_notice(notice)


def _with_edition(rules: Rulebook, pack: Pack) -> Rulebook:
    """The rulebook with the edition, without those that are in its way."""
    others = (each for each in rules.packs if not any(clash(pack, each)))
    return Rulebook(rules.almanacs, (*others, pack))


def _notices(rules: Rulebook) -> Iterable[Notice]:
    return (notice for almanac in rules.almanacs.values() for notice in almanac.notices)


def _same(notice: Notice, other: Notice) -> bool:
    """Whether two are one official document."""
    return (notice.region, notice.published, notice.citation) == (
        other.region,
        other.published,
        other.citation,
    )
