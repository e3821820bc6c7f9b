"""Both ways of bringing a stream up to date: from the plans in its rows, and by reading it."""

from collections.abc import Sequence

import msgspec

from sla_engine.dossier.fold import Dossier, evolve, fold
from sla_engine.dossier.pending import Pending
from sla_engine.escalation.armed import Ready, armed_rows, ready
from sla_engine.escalation.kinds import kind_of
from sla_engine.escalation.plan import catch_up
from sla_engine.policy.rulebook import Rulebook
from sla_engine.ports import AlarmRow, Claim
from sla_engine.record import Draft, Instant, Recorded

Rows = dict[tuple[str, str], AlarmRow]


class Life:
    """One stream and its rows in the alarm index.

    What reading it gives is worked out twice: from a dossier that is kept and read on, as a process
    does, and from one that is folded anew.
    """

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.log: list[Recorded] = []
        self.kept = Dossier(stream)
        self.rows = Rows()

    def learn(self, fact: Recorded, rules: Rulebook, now: Instant) -> None:
        """A fact arrives, when everything due before it has been recorded."""
        if self.due(now):
            self.sweep(rules, now)
        meta = msgspec.structs.replace(fact.meta, recorded_at=now)
        self.log.append(fact._replace(version=len(self.log) + 1, meta=meta))
        self._write(*self._in_full(rules, now))

    def sweep(self, rules: Rulebook, now: Instant) -> Ready | None:
        """What is due is recorded; both ways are compared where there are two."""
        made = ready(Claim(self.stream, len(self.log), self.due(now)), rules, now)
        drafts, rows = self._in_full(rules, now)
        if made is not None:
            assert list(made.drafts) == drafts
            assert self.rows | _named(made.rows) == rows
        self._write(drafts, rows)
        return made

    def arm(self, rules: Rulebook, now: Instant) -> None:
        """Write the rows that the log calls for."""
        self.rows = self._in_full(rules, now)[1]

    def due(self, now: Instant) -> list[AlarmRow]:
        return [
            row for row in self.rows.values() if row.alarm_at is not None and row.alarm_at <= now
        ]

    @property
    def next_alarm(self) -> Instant | None:
        alarms = (row.alarm_at for row in self.rows.values())
        return min((at for at in alarms if at is not None), default=None)

    def _in_full(self, rules: Rulebook, now: Instant) -> tuple[list[Draft], Rows]:
        for recorded in self.log[self.kept.version :]:
            evolve(self.kept, recorded)
        anew = _caught_up(fold(self.stream, self.log), rules, now)
        assert _caught_up(self.kept, rules, now) == anew
        return anew

    def _write(self, drafts: Sequence[Draft], rows: Rows) -> None:
        for draft in drafts:
            self.log.append(Recorded(self.stream, len(self.log) + 1, 0, *draft))
        self.rows = rows


def _caught_up(dossier: Dossier, rules: Rulebook, now: Instant) -> tuple[list[Draft], Rows]:
    pending = Pending(dossier)
    assessment = catch_up(pending, kind_of(dossier.stream), rules, now)
    return list(pending.drafts), _named(armed_rows(assessment, rules))


def _named(rows: Sequence[AlarmRow]) -> Rows:
    return {(row.clause, row.cycle): row for row in rows}
