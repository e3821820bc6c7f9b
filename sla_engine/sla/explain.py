"""Why a clock is due when it is: the derivation, with clause, extensions and pauses named.

The text is rendered from the object the computation produced, so it cannot say anything else.
"""

from dataclasses import dataclass

from sla_engine.sla.assess import Reading
from sla_engine.worktime import Derivation, derive, format_instant, narrate


@dataclass(frozen=True, slots=True)
class Explanation:
    """The working of one due instant: header lines, the derivation, and the rungs."""

    reading: Reading
    derivation: Derivation

    def zh(self) -> list[str]:
        """Lines for officials."""
        return [*self._head_zh(), *narrate.zh(self.derivation), *self._rungs_zh()]

    def en(self) -> list[str]:
        """The same lines in English."""
        return [*self._head_en(), *narrate.en(self.derivation), *self._rungs_en()]

    def _head_zh(self) -> list[str]:
        clause, pack = self.reading.clause, self.reading.cycle.pack
        status = "" if clause.status == "published" else "（默认值，须经用户确认）"
        lines = [
            f"{clause.name.zh}：{clause.term.amount}{status}",
            f"依据：{'；'.join(clause.basis)}（{pack.title.zh} {pack.edition}）",
        ]
        for grant in self.reading.schedule.grants:
            lines.append(
                f"延期：{grant.amount}，批准人 {grant.event.approver}，"
                f"{_when(self.reading, grant.fact.meta.occurred_at)} 批准"
            )
        return lines

    def _head_en(self) -> list[str]:
        clause, pack = self.reading.clause, self.reading.cycle.pack
        status = "" if clause.status == "published" else " (default, to be confirmed)"
        lines = [
            f"{clause.name.en}: {clause.term.amount.en()}{status}",
            f"basis: {'; '.join(clause.basis)} ({pack.title.en} {pack.edition})",
        ]
        for grant in self.reading.schedule.grants:
            lines.append(
                f"extension: {grant.amount}, approved by {grant.event.approver} at "
                f"{_when(self.reading, grant.fact.meta.occurred_at)}"
            )
        return lines

    def _rungs_zh(self) -> list[str]:
        acts = self.reading.cycle.pack.acts
        return [
            f"{'已到' if firing.at <= self.reading.at else '将到'} "
            f"{_when(self.reading, firing.legal)} "
            f"{acts[firing.rung.act].zh if firing.rung.act in acts else firing.rung.act}"
            f"{f'（{firing.rung.tier}级）' if firing.rung.tier else ''}：{firing.rung.basis}"
            for firing in self.reading.schedule.firings
        ]

    def _rungs_en(self) -> list[str]:
        acts = self.reading.cycle.pack.acts
        return [
            f"{'reached' if firing.at <= self.reading.at else 'to come'} "
            f"{_when(self.reading, firing.legal)} "
            f"{acts[firing.rung.act].en if firing.rung.act in acts else firing.rung.act}"
            f"{f' (tier {firing.rung.tier})' if firing.rung.tier else ''}: {firing.rung.basis}"
            for firing in self.reading.schedule.firings
        ]


def explain(reading: Reading) -> Explanation:
    """The derivation of a reading's due instant, day by day."""
    each = reading.schedule
    last = each.last
    derivation = derive(last.term, reading.start, last.timetable, last.pauses)
    return Explanation(reading, derivation)


def _when(reading: Reading, instant: int) -> str:
    return format_instant(instant, reading.schedule.calendar.zone.name)
