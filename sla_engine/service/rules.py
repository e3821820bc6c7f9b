"""The rules in force: those a process brings along, and what was loaded into the log since."""

from collections.abc import Callable, Mapping, Sequence, Set
from typing import NamedTuple

from sla_engine.errors import Refusal
from sla_engine.escalation.cases import run_case
from sla_engine.policy.clause import Pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.ports import Log, Transaction
from sla_engine.record import ENGINE, Draft, Instant, Meta, Recorded
from sla_engine.rules.events import RULES
from sla_engine.rules.loading import (
    Loading,
    key_of,
    notice_loading,
    pack_loading,
    with_loaded,
)


class _Known(NamedTuple):
    """What the log had loaded up to a version of its stream, the last of it `at`: the keys, and the
    rules with it."""

    version: int
    at: Instant
    keys: Set[str]
    rules: Rulebook


_NEVER = -1
"""A version that no stream is ever at."""


class RulesOfLog:
    """The rules in force. Several threads may use it."""

    def __init__(self, log: Log, brought: Rulebook) -> None:
        """`brought`: what ships with the program, and packs from a folder."""
        self._log = log
        self._known = _Known(0, 0, frozenset(), brought)
        self.refresh()

    @property
    def rules(self) -> Rulebook:
        return self._known.rules

    def refresh(self) -> None:
        """Take up what this or another process has loaded into the log. Cheap when that is nothing,
        and to be done before every transaction."""
        known = self._known
        self._take_up(known, self._log.read(RULES, known.version))

    def overtaken(self, tx: Transaction) -> bool:
        """Whether the log has rules that this process had not heard of when `tx` began; from the
        next transaction on they are in force here too."""
        known = self._known
        return self._take_up(known, tx.load(RULES, known.version))

    def hold(self, tx: Transaction, rules: Rulebook) -> None:
        """What is judged by `rules` commits only while no others were loaded; else `tx` raises
        Conflict at its end."""
        version, _, _, known = self._known
        tx.expect(RULES, version if known is rules else _NEVER)

    def _take_up(self, known: _Known, news: Sequence[Recorded]) -> bool:
        version, _, keys, rules = known
        if news:
            more = {key_of(each.event) for each in news}
            at, rules = news[-1].meta.recorded_at, with_loaded(rules, news)
            self._known = _Known(version + len(news), at, keys | more, rules)
        return bool(news)

    def moment(self, now: Instant) -> Instant:
        """When something that is loaded now becomes known: after whatever was loaded before, so
        that what was judged between the two can be judged again."""
        return max(now, self._known.at + 1)

    def notice(self, text: str, now: Instant) -> Loading:
        """A notice that might be loaded now. Raises as `rules.loading.notice_loading`."""
        return notice_loading(self.rules, self._known.keys, text, now)

    def packs(self, texts: Mapping[str, str], now: Instant) -> Loading:
        """Editions that might be loaded now. Raises as `rules.loading.pack_loading`."""
        keys = self._known.keys
        return pack_loading(self.rules, keys, texts, now, self._judged_by(now), run_case)

    def record(self, tx: Transaction, loading: Loading, now: Instant) -> None:
        """Load what is not loaded yet. Raises Conflict when another process has loaded something
        since the last `refresh`."""
        drafts = [
            Draft(Meta(occurred_at=now, recorded_at=now, source=ENGINE, key=key), event)
            for key, event in loading.events.items()
        ]
        if drafts:
            tx.append(RULES, self._known.version, drafts)

    def _judged_by(self, now: Instant) -> Callable[[Pack], bool]:
        """Whether any fact was judged by an edition before it is loaded `now`."""
        rules = self.rules
        return lambda pack: pack.recorded_at <= now and _judged(self._log, rules, pack)


_PAGE = 1_000


def _judged(log: Log, rules: Rulebook, pack: Pack) -> bool:
    """Whether the log names the edition, or has a dossier that only this edition can govern.
    Nothing is judged by an edition before it is known."""
    others = [each for each in rules.packs if _identity(each) != _identity(pack)]
    without = Rulebook(rules.almanacs, others)
    after = _before(log, pack.recorded_at)
    while page := log.follow(after, _PAGE):
        if any(each.meta.pack == pack.digest or _opens(each, pack, without) for each in page):
            return True
        after = page[-1].position
    return False


def _opens(recorded: Recorded, pack: Pack, without: Rulebook) -> bool:
    """Whether an event opens a dossier of that pack which no other edition governs."""
    if recorded.version > 1 or getattr(recorded.event, "pack", "") != pack.name:
        return False
    try:
        without.pack_on(pack.name, recorded.meta.occurred_at, recorded.meta.recorded_at)
    except Refusal:
        return True
    return False


def _before(log: Log, since: Instant) -> int:
    """A position behind which everything lies that was recorded since an instant, give or take
    what several writers recorded at once."""
    low, high = 0, log.head()
    while low < high:
        middle = (low + high) // 2
        page = log.follow(middle, 1)
        if page and page[0].meta.recorded_at < since:
            low = middle + 1
        else:
            high = middle
    return low


def _identity(pack: Pack) -> tuple[str, str]:
    return (pack.name, pack.edition)
