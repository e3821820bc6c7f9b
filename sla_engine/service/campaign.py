"""Campaigns: every open dossier is brought up to rules that were loaded, batch by batch.

What a batch did and how far the campaign has come commit together, so whoever kills it loses
nothing, and whoever continues it does nothing twice: a dossier that has been brought up to the
rules stays so. One process at a time works on a campaign; the others wait for its batch and then
take the next.

First come the streams with open clocks, in their order. What is opened meanwhile is judged by the
new rules, for a transaction that had begun with the old ones cannot commit (`RulesOfLog.hold`). A
process of an earlier release does not ask for that; so at the end every dossier is looked at once
more of which the log has learned something since.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import msgspec
from msgspec.structs import replace

from sla_engine.dossier.events import RungFired, RungWithdrawn, TermRefixed
from sla_engine.errors import Conflict, Refusal, Unavailable, refuse, register
from sla_engine.escalation.kinds import has_clocks
from sla_engine.ports import Log, Transaction, attempt
from sla_engine.record import ENGINE, Draft, Event, Instant, Meta, Recorded
from sla_engine.rules.events import CAMPAIGN, CampaignFinished, CampaignStarted
from sla_engine.rules.loading import Loading
from sla_engine.service.rules import RulesOfLog

CAMPAIGN_UNKNOWN = register(
    "CAMPAIGN_UNKNOWN",
    "没有名为“{found}”的批次",
    "there is no campaign {found}",
    "已有：{allowed}",
    "there are: {allowed}",
)

_PROGRESS, _FAILED = "progress", "failed|"
_OWN = (RungFired, RungWithdrawn, TermRefixed)
_COUNTS = ("dossiers", "again", "refixed", "later", "earlier")
_NAMED = 5


class CampaignLog(Log, Protocol):
    """A log that also shows what was remembered."""

    def memory(self, follower: str) -> Mapping[str, bytes]:
        """The memory kept under a name, outside any transaction."""
        ...


Touch = Callable[[Transaction, Sequence[str], Instant], Iterable[Event]]
"""Bring dossiers up to an instant by the rules in force, in a transaction; what was recorded."""


class Progress(msgspec.Struct, frozen=True):
    """How far a campaign has come.

    `last`: the stream up to which open dossiers are done. Once all are, the log is read from
    `position` to `until`, which is 0 before. `dossiers` were looked at in their order, `again` for
    what the log had learned of them meanwhile; the other counts are of terms.
    """

    last: str = ""
    position: int = 0
    until: int = 0
    dossiers: int = 0
    again: int = 0
    refixed: int = 0
    later: int = 0
    earlier: int = 0

    def counting(self, looked_at: int, events: Iterable[Event]) -> "Progress":
        """With so many dossiers more, and what was recorded on them."""
        moves = [shift(event) for event in events if isinstance(event, TermRefixed)]
        first = not self.until
        return replace(
            self,
            dossiers=self.dossiers + looked_at * first,
            again=self.again + looked_at * (not first),
            refixed=self.refixed + len(moves),
            later=self.later + sum(move > 0 for move in moves),
            earlier=self.earlier + sum(move < 0 for move in moves),
        )


def shift(event: TermRefixed) -> int:
    """How far a term was moved, in µs; 0 where it had no due instant, or has none."""
    if event.old_due is None or event.new_due is None:
        return 0
    return event.new_due - event.old_due


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign: what began it, and how far it has come. `failed`: why dossiers could not be
    brought up to the rules, by stream; they are when they are next touched and can be."""

    id: str
    started_at: Instant
    cause: CampaignStarted
    done: Progress = field(default_factory=Progress)
    failed: Mapping[str, str] = field(default_factory=dict)
    finished_at: Instant | None = None

    @property
    def share(self) -> float:
        """How much is done, of the dossiers that were open when it began; 1 when it has finished
        and not before."""
        if self.finished_at is not None:
            return 1.0
        return min(self.done.dossiers / max(self.cause.dossiers, 1), 0.99)


Rest = Callable[[Campaign], object]
"""Called after each batch has committed: to show how far it has come, and to let others work."""


def no_rest(_campaign: Campaign) -> None:
    """Go on at once."""


class Campaigns:
    """The campaigns of one log."""

    def __init__(
        self,
        log: CampaignLog,
        rules: RulesOfLog,
        touch: Touch,
        now: Callable[[], Instant],
        batch: int = 100,
    ) -> None:
        """`batch`: dossiers of one transaction, which is how long other writers wait."""
        self._log = log
        self._rules = rules
        self._touch = touch
        self._now = now
        self._batch = batch

    def load_notice(self, text: str) -> Campaign:
        """A holiday notice (TOML) becomes known now; returns the campaign that follows from it. One
        that was loaded before changes nothing, and its campaign stands where it stood.

        Raises `Refusal` as `RulesOfLog.notice`."""
        return attempt(partial(self._load, partial(self._rules.notice, text)))

    def load_packs(self, texts: Mapping[str, str]) -> Campaign:
        """Editions of packs (TOML, by file) become known now; otherwise as `load_notice`. Raises
        `Refusal` as `RulesOfLog.packs`."""
        return attempt(partial(self._load, partial(self._rules.packs, texts)))

    def _load(self, prepare: Callable[[Instant], Loading]) -> Campaign:
        """The rules and the beginning of their campaign commit together."""
        self._rules.refresh()
        now = self._rules.moment(self._now())
        loading, head, dossiers = prepare(now), self._log.head(), self._log.count_open()
        stream = CAMPAIGN + loading.campaign
        with self._log.transact() as tx:
            self._rules.record(tx, loading, now)
            if not tx.load(stream):
                cause, title, digests, *_ = loading
                started = CampaignStarted(cause, title, digests, head, dossiers)
                tx.append(stream, 0, [_draft(started, now)])
        self._rules.refresh()
        return self.get(loading.campaign)

    def all(self) -> Iterator[Campaign]:
        """Every campaign, by its id."""
        for stream in self._log.streams(CAMPAIGN):
            yield self.get(stream.removeprefix(CAMPAIGN))

    def unfinished(self) -> list[Campaign]:
        """Those that somebody has still to go on with, the oldest first."""
        waiting = (each for each in self.all() if each.finished_at is None)
        return sorted(waiting, key=lambda each: (each.started_at, each.id))

    def get(self, name: str) -> Campaign:
        """A campaign as it stands. Raises `Refusal` CAMPAIGN_UNKNOWN."""
        events = self._log.read(CAMPAIGN + name)
        if not events:
            known = [stream.removeprefix(CAMPAIGN) for stream in self._log.streams(CAMPAIGN)]
            raise refuse(CAMPAIGN_UNKNOWN, "campaign", name, ", ".join(known[-_NAMED:]) or "-")
        memory = self._log.memory(CAMPAIGN + name)
        started, last = events[0], events[-1]
        assert isinstance(started.event, CampaignStarted), "a campaign begins with its beginning"
        finished = isinstance(last.event, CampaignFinished)
        return Campaign(
            id=name,
            started_at=started.meta.recorded_at,
            cause=started.event,
            done=_progress(memory),
            failed=_failures(memory),
            finished_at=last.meta.recorded_at if finished else None,
        )

    def run(self, name: str, rest: Rest = no_rest) -> Campaign:
        """Go on with a campaign until it has finished, be it by another process's doing.

        Raises `Refusal` CAMPAIGN_UNKNOWN; errors.Unavailable when the store is away, and then it
        can be run again.
        """
        campaign = self.get(name)
        while campaign.finished_at is None:
            campaign = self.step(campaign)
            rest(campaign)
        return campaign

    def step(self, campaign: Campaign) -> Campaign:
        """The next batch in one transaction; how the campaign stands after it."""
        self._rules.refresh()
        streams, after = self._next(campaign)
        if not streams:
            attempt(partial(self._finish, campaign, after))
            return self.get(campaign.id)
        try:
            attempt(partial(self._do, campaign, streams, after))
        except _Failed:
            self._one_by_one(campaign, streams, after)
        return self.get(campaign.id)

    def _next(self, campaign: Campaign) -> tuple[Sequence[str], Progress]:
        """The streams of the next batch, none when all is done, and how far it will have come."""
        done = campaign.done
        if not done.until:
            streams = self._log.open_streams(done.last, self._batch)
            if streams:
                return streams, replace(done, last=streams[-1])
            done = replace(done, position=campaign.cause.head, until=self._log.head())
        while done.position < done.until:
            page = self._log.follow(done.position, self._batch)
            done = replace(done, position=page[-1].position)
            streams = sorted({each.stream for each in page if _learned(each)})
            if streams:
                return streams, done
        return (), done

    def _do(self, campaign: Campaign, streams: Sequence[str], after: Progress) -> bool:
        """One batch; False when another process was quicker and nothing was done."""
        now = max(self._now(), campaign.started_at)
        with self._log.transact() as tx:
            if not _stands(tx, campaign):
                return False
            events = self._touched(tx, streams, now)
            _remember(tx, campaign, after.counting(len(streams), events))
        return True

    def _touched(self, tx: Transaction, streams: Sequence[str], now: Instant) -> Sequence[Event]:
        try:
            return list(self._touch(tx, streams, now))
        except (Conflict, Unavailable):
            raise
        except Exception as error:
            # Its text may quote personal data.
            reason = error.code if isinstance(error, Refusal) else type(error).__name__
            raise _Failed(reason) from error

    def _one_by_one(self, campaign: Campaign, streams: Sequence[str], after: Progress) -> None:
        """A batch of which some dossier cannot be judged, each dossier by itself."""
        for stream in streams:
            here = after if stream == streams[-1] else _midway(campaign, stream, after)
            here = replace(here, **{name: getattr(campaign.done, name) for name in _COUNTS})
            try:
                still = attempt(partial(self._do, campaign, [stream], here))
            except _Failed as failure:
                still = attempt(partial(self._pass_over, campaign, stream, str(failure), here))
            if not still:
                return
            campaign = self.get(campaign.id)

    def _pass_over(self, campaign: Campaign, stream: str, reason: str, after: Progress) -> bool:
        with self._log.transact() as tx:
            if not _stands(tx, campaign):
                return False
            _remember(tx, campaign, after.counting(1, ()), {_FAILED + stream: reason.encode()})
        return True

    def _finish(self, campaign: Campaign, after: Progress) -> None:
        done = campaign.done
        finished = CampaignFinished(
            done.dossiers, done.refixed, done.later, done.earlier, len(campaign.failed)
        )
        now = max(self._now(), campaign.started_at)
        with self._log.transact() as tx:
            if _stands(tx, campaign):
                _remember(tx, campaign, after)
                tx.append(CAMPAIGN + campaign.id, 1, [_draft(finished, now)])


class _Failed(Exception):
    """A dossier of a batch cannot be judged; nothing of the batch was written."""


def _stands(tx: Transaction, campaign: Campaign) -> bool:
    """Whether a campaign stands where it was seen to stand. From here on it is ours."""
    events = tx.load(CAMPAIGN + campaign.id)
    return len(events) == 1 and _progress(tx.remembered(CAMPAIGN + campaign.id)) == campaign.done


def _midway(campaign: Campaign, stream: str, after: Progress) -> Progress:
    """Within a batch, behind one of its streams; of the log the whole page is read again."""
    if after.until and not campaign.done.until:
        return replace(after, position=campaign.cause.head)
    return replace(campaign.done, last=stream)


def _learned(recorded: Recorded) -> bool:
    """Whether an event is news of a dossier, and not only what follows from it."""
    return has_clocks(recorded.stream) and not isinstance(recorded.event, _OWN)


def _progress(memory: Mapping[str, bytes]) -> Progress:
    stored = memory.get(_PROGRESS)
    return Progress() if stored is None else msgspec.json.decode(stored, type=Progress)


def _failures(memory: Mapping[str, bytes]) -> dict[str, str]:
    return {
        key.removeprefix(_FAILED): reason.decode()
        for key, reason in memory.items()
        if key.startswith(_FAILED)
    }


def _remember(
    tx: Transaction, campaign: Campaign, progress: Progress, more: Mapping[str, bytes] | None = None
) -> None:
    tx.remember(CAMPAIGN + campaign.id, {_PROGRESS: msgspec.json.encode(progress), **(more or {})})


def _draft(event: Event, now: Instant) -> Draft:
    return Draft(Meta(occurred_at=now, recorded_at=now, source=ENGINE), event)
