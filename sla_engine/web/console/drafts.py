"""A notice or an edition that somebody uploads: every fault at once, what it would change in words,
and what is needed to try it out. Nothing is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass

from sla_engine.errors import Fault, Refusal
from sla_engine.escalation.cases import run_case
from sla_engine.policy.clause import Pack
from sla_engine.policy.diff import Change
from sla_engine.policy.diff import diff as changes_of
from sla_engine.policy.lint import parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.rules.loading import notice_loading, pack_loading
from sla_engine.rules.texts import notice_of
from sla_engine.worktime import Almanac, Notice
from sla_engine.worktime.survey import Change as DayChange
from sla_engine.worktime.survey import check_notice
from sla_engine.worktime.survey import diff as days_of

NOTICE, PACK = "notice", "pack"
FILE = "上传.toml"
"""How faults in what was pasted are named."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was uploaded. `title` is "" where it cannot be read; `known`: it is loaded already.

    Of a notice: the days that would change and the `years` it makes official. Of an edition: how it
    differs from the one `against` it is held, the latest of its name; None where it is the first.
    """

    kind: str
    text: str
    faults: Sequence[Fault] = ()
    title: str = ""
    known: bool = False
    notice: Notice | None = None
    days: Sequence[DayChange] = ()
    pack: Pack | None = None
    against: Pack | None = None
    changes: Sequence[Change] = ()

    @property
    def sound(self) -> bool:
        return not self.faults


def draft_of(rules: Rulebook, kind: str, text: str, now: Instant) -> Draft:
    """Look at what was uploaded, beside the rules in force."""
    read = _notice if kind == NOTICE else _pack
    try:
        return read(rules, text, now)
    except Refusal as refusal:
        return Draft(kind, text, refusal.faults)


def _notice(rules: Rulebook, text: str, now: Instant) -> Draft:
    notice = notice_of(text, now)
    almanac = _almanac(rules, notice)
    faults = check_notice(almanac, notice) if almanac is not None else ()
    loading = notice_loading(rules, frozenset(), text, now)
    days: Sequence[DayChange] = ()
    if almanac is not None:
        revised = next(
            each for each in loading.rules.almanacs.values() if each.region == almanac.region
        )
        days = days_of(almanac.calendar(notice.region), revised.calendar(notice.region)).changes
    known = almanac is not None and any(
        each.citation == notice.citation for each in almanac.notices
    )
    return Draft(NOTICE, text, faults, notice.citation, known, notice=notice, days=days)


def _almanac(rules: Rulebook, notice: Notice) -> Almanac | None:
    for almanac in rules.almanacs.values():
        if f"{notice.region}-".startswith(f"{almanac.region}-"):
            return almanac
    return None


def _pack(rules: Rulebook, text: str, now: Instant) -> Draft:
    pack = parse_pack(text, FILE)
    title = f"{pack.name} {pack.edition}"
    against = latest(rules, pack.name, besides=pack.edition)
    changes = changes_of(against, pack) if against is not None else ()
    known = any(each.digest == pack.digest for each in rules.packs)
    faults: Sequence[Fault] = ()
    try:
        pack_loading(rules, frozenset(), {FILE: text}, now, lambda _pack: False, run_case)
    except Refusal as refusal:
        faults = refusal.faults
    return Draft(PACK, text, faults, title, known, pack=pack, against=against, changes=changes)


def latest(rules: Rulebook, name: str, besides: str = "") -> Pack | None:
    """The edition of a name that comes into force last, apart from one."""
    own = (each for each in rules.packs if each.name == name and each.edition != besides)
    return max(own, key=lambda each: each.effective[0], default=None)
