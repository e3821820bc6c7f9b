"""Who decided which days: notices, one per official document, and the statute behind them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sla_engine.worktime.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One official notice, immutable once released.

    `covers` are the years whose working days it makes official (none for a revision or a
    regional notice). `off` and `work` map a day to the holiday it is named after; a day may
    turn work into rest and rest into work. `special` are those days off that were granted
    once and are neither statutory nor made up for; `resumed` those working days that are no
    make-up days but say that work goes on. `recorded` is when the engine learned it; left out,
    it is the first instant of the day of publication.
    """

    title: str
    region: str
    published: date
    number: str | None = None
    issued: date | None = None
    recorded: Instant | None = None
    covers: tuple[int, ...] = ()
    off: Mapping[date, str] = field(default_factory=dict)
    work: Mapping[date, str] = field(default_factory=dict)
    special: frozenset[date] = frozenset()
    resumed: frozenset[date] = frozenset()
    verified: bool = True
    source: str = ""
    note: str = ""

    @property
    def citation(self) -> str:
        return self.number or self.title

    @property
    def rank(self) -> tuple[date, date, str, str]:
        """Order of precedence within one region: the later publication wins."""
        return (self.published, self.issued or self.published, self.number or "", self.title)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statute:
    """One edition of the holiday statute: the days themselves, nothing adjusted.

    `in_force` is the first year it applies to; `days` reach as far as lunar dates are
    tabulated; `entitlement` is the number of days off it grants in a year.
    """

    number: str
    title: str
    published: date
    in_force: int
    entitlement: int
    days: Mapping[date, str]

    @property
    def citation(self) -> str:
        return self.number
