"""Why a clock is due when it is: the derivation, with clause, extensions and rungs named.

The text is rendered from the object the computation produced, so it cannot say anything else.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sla_engine.policy.clause import Text
from sla_engine.sla.assess import Reading
from sla_engine.sla.schedule import Firing
from sla_engine.worktime import Amount, Derivation, Instant, Unit, derive, narrate
from sla_engine.worktime.derivation import Due


@dataclass(frozen=True, slots=True)
class _Words:
    """What one language needs to say what the narrator of the derivation does not."""

    pick: Callable[[Text], str]
    amount: Callable[[Amount], str]
    moment: Callable[[Instant, str], str]
    due: Callable[[Due, str], str]
    separator: str
    clause: str
    default: str
    basis: str
    extension: str
    ineffective: str
    kept: str
    reached: str
    coming: str
    tier: str


_ZH = _Words(
    pick=lambda text: text.zh,
    amount=str,
    moment=lambda instant, zone: narrate.moment(instant, zone)[0],
    due=lambda step, zone: narrate.told([step], Unit.CALENDAR_DAYS, zone)[0][0],
    separator="；",
    clause="{name}：{amount}{default}",
    default="（默认值，须经用户确认）",
    basis="依据：{basis}（{pack} {edition}）",
    extension="延期：{amount}，批准人 {approver}，{when} 批准",
    ineffective="延期未计入：{amount}，批准人 {approver}，{when} 批准，超出上限或逾期申请",
    kept="已告知的期限不提前，{due}",
    reached="已到 {when} {act}{tier}：{basis}",
    coming="将到 {when} {act}{tier}：{basis}",
    tier="（{tier}级）",
)
_EN = _Words(
    pick=lambda text: text.en,
    amount=Amount.en,
    moment=lambda instant, zone: narrate.moment(instant, zone)[1],
    due=lambda step, zone: narrate.told([step], Unit.CALENDAR_DAYS, zone)[1][0],
    separator="; ",
    clause="{name}: {amount}{default}",
    default=" (default, to be confirmed)",
    basis="Basis: {basis} ({pack} {edition})",
    extension="Extension: {amount}, approved by {approver} on {when}",
    ineffective="Extension without effect: {amount}, approved by {approver} on {when}, beyond the "
    "caps or asked for too late",
    kept="A term already notified is not brought forward. {due}",
    reached="Reached {when} {act}{tier}: {basis}",
    coming="To come {when} {act}{tier}: {basis}",
    tier=" (tier {tier})",
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The working of one due instant: clause and basis, the derivation, and the rungs."""

    reading: Reading
    derivation: Derivation

    def zh(self) -> list[str]:
        """Lines for officials."""
        return self._lines(_ZH, narrate.zh(self.derivation))

    def en(self) -> list[str]:
        """The same lines in English."""
        return self._lines(_EN, narrate.en(self.derivation))

    def _lines(self, words: _Words, derivation: list[str]) -> list[str]:
        return [*self._head(words), *derivation, *self._kept(words), *self._rungs(words)]

    def _head(self, words: _Words) -> Iterator[str]:
        clause, pack = self.reading.clause, self.reading.cycle.pack
        yield words.clause.format(
            name=words.pick(clause.name),
            amount=words.amount(self.reading.cycle.term.amount),
            default="" if clause.status == "published" else words.default,
        )
        basis = words.separator.join(clause.basis)
        yield words.basis.format(basis=basis, pack=words.pick(pack.title), edition=pack.edition)
        schedule = self.reading.schedule
        for form, grants in (
            (words.extension, schedule.grants),
            (words.ineffective, schedule.refused_grants),
        ):
            for grant in grants:
                yield form.format(
                    amount=words.amount(Amount.parse(grant.amount)),
                    approver=grant.event.approver,
                    when=self._moment(words, grant.fact.meta.occurred_at),
                )

    def _kept(self, words: _Words) -> Iterator[str]:
        """The due date that stands where the pack does not allow the derivation's earlier one."""
        stands, zone = self.reading.schedule.last.reckoning, self.derivation.zone
        if stands.due != self.derivation.reckoning.due:
            step = Due(stands.due, stands.due_date, stands.provisional, stands.basis)
            yield words.kept.format(due=words.due(step, zone))

    def _rungs(self, words: _Words) -> Iterator[str]:
        for firing in self.reading.schedule.firings:
            form = words.reached if firing.at <= self.reading.at else words.coming
            yield form.format(
                when=self._moment(words, firing.legal),
                act=self._act(words, firing),
                tier=words.tier.format(tier=firing.rung.tier) if firing.rung.tier else "",
                basis=firing.rung.basis,
            )

    def _act(self, words: _Words, firing: Firing) -> str:
        named = self.reading.cycle.pack.acts.get(firing.rung.act)
        return words.pick(named) if named is not None else firing.rung.act

    def _moment(self, words: _Words, instant: Instant) -> str:
        return words.moment(instant, self.reading.schedule.calendar.zone.name)


def explain(reading: Reading) -> Explanation:
    """The derivation of a reading's due instant, day by day."""
    last = reading.schedule.last
    derivation = derive(last.term, reading.start, last.timetable, last.pauses)
    return Explanation(reading, derivation)
