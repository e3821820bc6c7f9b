"""Why a clock is due when it is, in the words of officials.

The text is rendered from the derivation, the very object that the checker verifies, so it cannot
say anything else. The rungs of the ladder, which are no part of the due instant, follow it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sla_engine.policy.clause import Scope, Text
from sla_engine.policy.vocabulary import marks_of
from sla_engine.record import Instant
from sla_engine.sla import extension
from sla_engine.sla.assess import Reading
from sla_engine.sla.derivation import ClockDerivation, FactRef, Words, derivation_of
from sla_engine.sla.schedule import Firing
from sla_engine.worktime import Amount, Derivation, Unit, narrate
from sla_engine.worktime.derivation import Due
from sla_engine.worktime.instant import zone_of


@dataclass(frozen=True, slots=True)
class _Voice:
    """What one language needs to say what the narrator of the steps does not."""

    lang: str
    steps: Callable[[Derivation], list[str]]
    separator: str
    clause: str
    default: str
    basis: str
    began: str
    inherited: str
    fact: str
    learned: str
    extension: str
    lengthened: str
    ineffective: str
    against: Mapping[str, str]
    pause: str
    resumed: str
    still: str
    revision: str
    kept: str
    ruled: str
    reached: str
    coming: str
    tier: str


_ZH = _Voice(
    lang="zh",
    steps=narrate.zh,
    separator="；",
    clause="{name}：{amount}{default}",
    default="（默认值，须经用户确认）",
    basis="依据：{basis}（{pack} {edition}）",
    began="起算事实：{mark}，{when}（{fact}）",
    inherited="，并自重复件",
    fact="第{version}条记录{name}{learned}",
    learned="，{when} 录入",
    extension="延期：{amount}，批准人 {approver}，{when} 批准（{fact}），{asked} 申请（{request}）",
    lengthened="延期：{amount}，批准人 {approver}，并自重复件（{fact}）",
    ineffective="延期未计入：{amount}，批准人 {approver}，{when} 批准，{against}",
    against={
        extension.NOT_ALLOWED: "本条款不得延期",
        extension.OTHER_UNIT: "单位与期限不同",
        extension.ASKED_LATE: "{asked} 申请，已过最迟申请时间 {last}",
        extension.TOO_MANY: "超出上限次数",
        extension.TOO_LONG: "超出每次上限",
        extension.TOO_LONG_IN_ALL: "超出累计上限",
    },
    pause="中止事由：{name}（{ground}），{since}起（{fact}），{until}",
    resumed="{when}恢复（{fact}）",
    still="尚未恢复",
    revision="日历修订：{when} 起按新的放假通知计算",
    kept="已告知的期限不提前，{due}",
    ruled="复核裁定：{ruled}（{dispute}）",
    reached="已到 {when} {act}{tier}：{basis}",
    coming="将到 {when} {act}{tier}：{basis}",
    tier="（{tier}级）",
)
_EN = _Voice(
    lang="en",
    steps=narrate.en,
    separator="; ",
    clause="{name}: {amount}{default}",
    default=" (default, to be confirmed)",
    basis="Basis: {basis} ({pack} {edition})",
    began="Started by: {mark}, {when} ({fact})",
    inherited=", taken over from a duplicate",
    fact="record {version}{name}{learned}",
    learned=", recorded {when}",
    extension="Extension: {amount}, approved by {approver} on {when} ({fact}), "
    "asked for on {asked} ({request})",
    lengthened="Extension: {amount}, approved by {approver}, taken over from a duplicate ({fact})",
    ineffective="Extension without effect: {amount}, approved by {approver} on {when}, {against}",
    against={
        extension.NOT_ALLOWED: "the clause allows none",
        extension.OTHER_UNIT: "not in the unit of the term",
        extension.ASKED_LATE: "asked for on {asked}, later than {last}",
        extension.TOO_MANY: "beyond the caps: one too many",
        extension.TOO_LONG: "beyond the caps: too long",
        extension.TOO_LONG_IN_ALL: "beyond the caps: too long in all",
    },
    pause="Ground of suspension: {name} ({ground}), from {since} ({fact}), {until}",
    resumed="resumed {when} ({fact})",
    still="not yet resumed",
    revision="Calendar revised: reckoned by the new notice from {when}",
    kept="A term already notified is not brought forward. {due}",
    ruled="Ruled on review: {ruled} ({dispute})",
    reached="Reached {when} {act}{tier}: {basis}",
    coming="To come {when} {act}{tier}: {basis}",
    tier=" (tier {tier})",
)
_RULED = {
    "met": Words("按期", "in time"),
    "late": Words("逾期", "late"),
    "excluded": Words("不计入考核", "counts in no rate"),
}


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung of the ladder as it is told: reached by now, or still to come."""

    reached: bool
    when: Instant
    act: Words
    tier: int
    basis: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The derivation of one clock, read out, and its rungs."""

    clock: ClockDerivation
    rungs: tuple[Rung, ...]

    @property
    def derivation(self) -> Derivation:
        """The steps of the term alone."""
        return self.clock.working

    def zh(self) -> list[str]:
        """Lines for officials."""
        return list(_Reading(self, _ZH).lines())

    def en(self) -> list[str]:
        """The same lines in English."""
        return list(_Reading(self, _EN).lines())


def explain(reading: Reading) -> Explanation:
    """The derivation of a reading's due instant, day by day."""
    rungs = (_rung(reading, firing) for firing in reading.schedule.firings)
    return Explanation(derivation_of(reading), tuple(rungs))


def _rung(reading: Reading, firing: Firing) -> Rung:
    rung = firing.rung
    named = reading.cycle.pack.acts.get(rung.act)
    act = Words(rung.act, rung.act) if named is None else Words(named.zh, named.en)
    return Rung(firing.at <= reading.at, firing.legal, act, rung.tier, rung.basis)


def _marks(stream: str) -> Mapping[str, Text]:
    """The words for the marks of a stream's kind."""
    kind = stream.partition("/")[0]
    return marks_of(next((scope for scope in Scope if scope.value == kind), None))


class _Reading:
    """An explanation read out in one voice."""

    def __init__(self, told: Explanation, voice: _Voice) -> None:
        self.clock = told.clock
        self.rungs = told.rungs
        self.voice = voice

    def lines(self) -> Iterator[str]:
        yield from self._head()
        yield from self._extensions()
        yield from self._pauses()
        for revision in self.clock.revisions:
            yield self.voice.revision.format(when=self._at(revision.at))
        yield from self.voice.steps(self.clock.working)
        yield from self._kept()
        verdict = self.clock.verdict
        if verdict.ruled:
            ruled = self._say(_RULED[verdict.ruled])
            yield self.voice.ruled.format(ruled=ruled, dispute=verdict.dispute)
        yield from self._ladder()

    def _head(self) -> Iterator[str]:
        clock, voice = self.clock, self.voice
        yield voice.clause.format(
            name=self._say(clock.name),
            amount=self._amount(clock.amount),
            default="" if clock.status == "published" else voice.default,
        )
        yield voice.basis.format(
            basis=voice.separator.join(clock.basis),
            pack=self._say(clock.pack.title),
            edition=clock.pack.edition,
        )
        began = clock.began
        named = _marks(clock.stream).get(began.mark)
        mark = began.mark if named is None else self._say(Words(named.zh, named.en))
        yield voice.began.format(
            mark=mark + (voice.inherited if began.inherited else ""),
            when=self._at(began.at),
            fact=self._fact(began.fact),
        )

    def _extensions(self) -> Iterator[str]:
        voice = self.voice
        for each in self.clock.extensions:
            asked, last = each.asked.occurred_at, each.last_call
            against = voice.against.get(each.against, "").format(
                asked=self._at(asked), last="" if last is None else self._at(last)
            )
            said = voice.ineffective if each.against else voice.extension
            if each.granted == self.clock.began.fact:
                said = voice.lengthened
            yield said.format(
                amount=self._amount(each.amount),
                approver=each.approver,
                when=self._at(each.granted.occurred_at),
                fact=self._fact(each.granted),
                asked=self._at(asked),
                request=self._fact(each.asked),
                against=against,
            )

    def _pauses(self) -> Iterator[str]:
        voice = self.voice
        for each in self.clock.pauses:
            until = voice.still
            if each.until is not None and each.ended_by is not None:
                fact = self._fact(each.ended_by)
                until = voice.resumed.format(when=self._at(each.until), fact=fact)
            yield voice.pause.format(
                name=self._say(each.name),
                ground=each.ground,
                since=self._at(each.since),
                fact=self._fact(each.opened_by),
                until=until,
            )

    def _kept(self) -> Iterator[str]:
        """The due date that stands where the pack does not allow the steps' earlier one."""
        clock, answer = self.clock, self.clock.working.reckoning
        if clock.due is None or clock.due == answer.due:
            return
        zone = clock.working.zone
        day = zone_of(zone).date_of(clock.due - 1)
        step = Due(clock.due, day, answer.provisional, answer.basis)
        lines = dict(zip(("zh", "en"), narrate.told([step], Unit.CALENDAR_DAYS, zone), strict=True))
        yield self.voice.kept.format(due=lines[self.voice.lang][0])

    def _ladder(self) -> Iterator[str]:
        voice = self.voice
        for rung in self.rungs:
            yield (voice.reached if rung.reached else voice.coming).format(
                when=self._at(rung.when),
                act=self._say(rung.act),
                tier=voice.tier.format(tier=rung.tier) if rung.tier else "",
                basis=rung.basis,
            )

    def _fact(self, fact: FactRef) -> str:
        voice, late = self.voice, fact.recorded_at != fact.occurred_at
        return voice.fact.format(
            version=fact.version,
            name=f" {fact.source}:{fact.key}" if fact.key else "",
            learned=voice.learned.format(when=self._at(fact.recorded_at)) if late else "",
        )

    def _say(self, words: Words) -> str:
        return words.zh if self.voice.lang == "zh" else words.en

    def _amount(self, amount: str) -> str:
        return amount if self.voice.lang == "zh" else Amount.parse(amount).en()

    def _at(self, instant: Instant) -> str:
        zh, en = narrate.moment(instant, self.clock.working.zone)
        return zh if self.voice.lang == "zh" else en
