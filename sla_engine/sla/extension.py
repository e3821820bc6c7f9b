"""Whether an extension takes effect: asked for in time, and within the caps of its clause (D12)."""

from datetime import timedelta

from sla_engine.dossier.chronicle import Grant
from sla_engine.policy.clause import ExtensionRule
from sla_engine.record import Instant, Value
from sla_engine.sla.ladder import beside
from sla_engine.worktime import Amount, Reckoning, Timetable

NOT_ALLOWED = "not_allowed"
OTHER_UNIT = "other_unit"
ASKED_LATE = "asked_late"
TOO_MANY = "too_many"
TOO_LONG = "too_long"
TOO_LONG_IN_ALL = "too_long_in_all"


class Standing(Value):
    """A term when an extension of it is granted: its length at `first` and `now`, how many
    extensions have taken effect, and when it would be due without this one."""

    first: Amount
    now: Amount
    granted: int
    reckoning: Reckoning
    timetable: Timetable


def objection(rule: ExtensionRule | None, grant: Grant, standing: Standing) -> str:
    """What keeps an extension from taking effect, as one of the names above; "" if nothing does."""
    amount, asked = Amount.parse(grant.amount), grant.request.fact.meta.occurred_at
    if rule is None:
        return NOT_ALLOWED
    if amount.unit is not standing.first.unit:
        return OTHER_UNIT
    latest = last_call(rule, standing)
    if latest is not None and asked > latest:
        return ASKED_LATE
    return _beyond(rule, amount, standing)


def _beyond(rule: ExtensionRule, amount: Amount, standing: Standing) -> str:
    """Which cap an extension goes beyond."""
    if standing.granted >= rule.max_count:
        return TOO_MANY
    if rule.each_max is not None and amount.n > rule.each_max.n:
        return TOO_LONG
    total = standing.now.n - standing.first.n + amount.n
    if rule.total_max is not None and total > rule.total_max.n:
        return TOO_LONG_IN_ALL
    return ""


def last_call(rule: ExtensionRule, standing: Standing) -> Instant | None:
    """The latest instant at which an extension can be asked for; None while a pause is open.
    Whole days before the due date end at their 24:00."""
    reckoning, ahead = standing.reckoning, rule.ask_before
    if reckoning.due is None or ahead is None:
        return reckoning.due
    if ahead.unit.is_hours:
        return beside(reckoning, -1, ahead, standing.timetable)
    calendar = standing.timetable.calendar
    last = reckoning.due_date or calendar.zone.date_of(reckoning.due)
    day = (
        calendar.add_workdays(last, -int(ahead.n))
        if ahead.unit.is_working
        else last - timedelta(days=int(ahead.n))
    )
    return calendar.zone.midnight[day.toordinal() + 1]
