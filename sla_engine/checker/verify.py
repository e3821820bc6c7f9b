"""One derivation, held against facts, pack and calendar, in the order in which a judge would ask:
what started the clock, by which rules, what held it or made it longer, day by day, until when, and
how it ended. The first thing that does not hold refuses it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sla_engine.checker.amounts import amount_of
from sla_engine.checker.changes import Changes, first_term
from sla_engine.checker.days import Calendar, Country
from sla_engine.checker.packs import Pack, Packs, own_limit
from sla_engine.checker.reasons import Forged, hold
from sla_engine.checker.runs import Run, Runs
from sla_engine.checker.shape import check_derivation
from sla_engine.checker.steps import check_steps
from sla_engine.checker.stream import Stream
from sla_engine.checker.walk import Walk

Told = Mapping[str, Any]


class Court:
    """What derivations of one stream are checked against: its facts, the packs, the calendars."""

    def __init__(
        self, stream: Stream, packs: Packs, countries: Mapping[str, Country], at: int
    ) -> None:
        self.stream, self.packs, self.countries, self.at = stream, packs, countries, at

    def check(self, told: Any) -> None:
        """Raises `Forged` at the first thing that does not hold."""
        check_derivation(told)
        hold("STREAM", "stream", told["stream"], self.stream.name)
        run = self._started(told)
        pack = self._governed(told, run)
        calendar = self._calendar(told, run, pack)
        changes = self._changed(told, run, pack, calendar)
        due = self._walked(told, changes)
        self._ended(told["verdict"], told, run, due)

    # -------------------------------------------------------------------------------- start

    def _started(self, told: Told) -> Run:
        """The run that the derivation is about, begun by the fact that it names."""
        began, quoted = told["began"], told["began"]["fact"]
        fact = self.stream.find(quoted["version"])
        if fact is None:
            raise Forged("START_UNKNOWN", "began.fact", quoted["version"], "-")
        if fact.version in self.stream.voided:
            raise Forged("START_VOIDED", "began.fact", fact.version, "-")
        hold("FACT_MISQUOTED", "began.fact", quoted, fact.ref())
        run = Runs(self.stream, self.packs, told["clause"]).found.get(told["cycle"])
        if run is None:
            raise Forged("CLOCK_UNKNOWN", "clause", f"{told['clause']} {told['cycle']}", "-")
        names = {mark.name for mark in self.stream.marks if mark.fact is fact}
        if began["mark"] not in names or began["mark"] not in run.clause.start:
            raise Forged("START_MARK", "began.mark", began["mark"], " / ".join(run.clause.start))
        mark = run.mark
        hold("START_NOT_RIGHT", "began.fact", quoted["version"], mark.fact.version)
        hold("START_MARK", "began.mark", began["mark"], mark.name)
        hold("START_INSTANT", "began.at", began["at"], mark.at)
        hold("START_MARK", "began.inherited", began["inherited"], mark.inherited)
        hold("LANE", "lane", told["lane"], run.lane)
        return run

    # -------------------------------------------------------------------------------- rules

    def _governed(self, told: Told, run: Run) -> Pack:
        hold("PACK_STAMP", "pack.digest", told["pack"]["digest"], run.mark.fact.pack)
        pack, clause = self.packs.get(run.mark.fact.pack), run.clause
        for name in ("name", "edition", "title"):
            hold("PACK_EDITION", f"pack.{name}", told["pack"][name], pack.head[name])
        hold("CLAUSE_TEXT", "name", told["name"], clause.name)
        hold("CLAUSE_TEXT", "basis", told["basis"], clause.basis)
        hold("CLAUSE_TEXT", "status", told["status"], clause.status)
        return pack

    def _calendar(self, told: Told, run: Run, pack: Pack) -> Calendar:
        hold("CALENDAR_STAMP", "calendar", told["calendar"], run.mark.fact.calendar)
        region = self.stream.traits.get("region") or pack.head["region"]
        return self.countries[pack.head["calendar"]].calendar(region, told["calendar"])

    def _changed(self, told: Told, run: Run, pack: Pack, calendar: Calendar) -> Changes:
        began = calendar.zone.day(run.mark.at)
        amount, roll = own_limit(run.clause, self.stream.limit, began)
        hold("LIMIT", "amount", amount_of(told["amount"]), amount)
        assert amount is not None, "a pack's limits can be read"
        country = self.countries[pack.head["calendar"]]
        term = first_term(run.clause, amount, roll)
        changes = Changes(self.stream, run, term, country, calendar)
        self._pauses(told["pauses"], changes, pack)
        self._extensions(told["extensions"], changes)
        hold("REVISION", "revisions", told["revisions"], changes.revisions)
        return changes

    # ------------------------------------------------------------------- pauses, extensions

    def _pauses(self, told: list[Told], changes: Changes, pack: Pack) -> None:
        left = changes.pauses
        for index, each in enumerate(told):
            where = f"pauses[{index}]"
            version = each["opened_by"]["version"]
            follows = _of(left, "opened_by", version)
            opened = [p.ground for p in self.stream.pauses if p.opened_by.version == version]
            if follows is None and not opened:
                raise Forged("PAUSE_NO_FACT", where, version, "-")
            hold("PAUSE_GROUND", where, each["ground"], follows["ground"] if follows else opened[0])
            if follows is None:
                raise Forged("PAUSE_NOT_HONOURED", where, each["ground"], changes.clause.pauses)
            named = pack.grounds.get(each["ground"], dict.fromkeys(("zh", "en"), each["ground"]))
            hold("PAUSE_GROUND", f"{where}.name", each["name"], named)
            hold("FACT_MISQUOTED", f"{where}.opened_by", each["opened_by"], follows["opened_by"])
            for key in ("since", "until"):
                hold("PAUSE_SPAN", f"{where}.{key}", each[key], follows[key])
            hold("PAUSE_END_FACT", f"{where}.ended_by", each["ended_by"], follows["ended_by"])
            left.remove(follows)
        opened_by = _versions(changes.pauses, "opened_by")
        hold("PAUSE_HIDDEN", "pauses", _versions(told, "opened_by"), opened_by)

    def _extensions(self, told: list[Told], changes: Changes) -> None:
        left = list(changes.extensions)
        for index, each in enumerate(told):
            where, version = f"extensions[{index}]", each["granted"]["version"]
            follows = _of(left, "granted", version)
            if follows is None:
                raise Forged("EXTENSION_NO_FACT", where, version, _versions(left, "granted"))
            left.remove(follows)
            hold("FACT_MISQUOTED", f"{where}.granted", each["granted"], follows["granted"])
            for key, code in _OF_EXTENSION.items():
                found = amount_of(each[key]) if key == "amount" else each[key]
                hold(code, f"{where}.{key}", found, follows[key])
        versions = _versions(changes.extensions, "granted")
        hold("EXTENSION_HIDDEN", "extensions", _versions(told, "granted"), versions)

    # ------------------------------------------------------------------------- day by day

    def _walked(self, told: Told, changes: Changes) -> int | None:
        """The steps, one by one, and the due instant."""
        working, walk = told["working"], changes.walk()
        self._terms(working, changes, walk)
        check_steps(working["steps"], walk.steps)
        hold("TOTAL", "working.reckoning", working["reckoning"], walk.reckoning())
        due = walk.due
        if due is not None and changes.floor is not None:
            due = max(due, changes.floor)
        hold("DUE", "due", told["due"], due)
        return due

    def _terms(self, working: Told, changes: Changes, walk: Walk) -> None:
        term, calendar = changes.term, changes.calendar
        for key in ("amount", "amount_en"):
            hold("LENGTH", f"working.{key}", amount_of(working[key]), term.amount)
        for key, follows in zip(("unit", "size"), term.amount, strict=True):
            hold("LENGTH", f"working.{key}", working[key], follows)
        for key in ("receipt", "expiry", "roll"):
            hold("RULES", f"working.{key}", working[key], getattr(term, key))
        hold("RULES", "working.region", working["region"], calendar.region)
        hold("RULES", "working.zone", working["zone"], calendar.zone.name)
        hold("CALENDAR_STAMP", "working.calendar", working["calendar"], calendar.digest)
        hold("HOURS", "working.hours", working["hours"], changes.clause.hours.digest)
        spans = [list(span) for span in walk.pauses]
        hold("PAUSE_SPAN", "working.pauses", working["pauses"], spans)

    # ------------------------------------------------------------------------------ verdict

    def _ended(self, verdict: Told, told: Told, run: Run, due: int | None) -> None:
        at = self.at
        hold("READ_AT", "verdict.at", verdict["at"], at)
        stop = run.stop if run.stop is not None and run.stop.at <= at else None
        hold("STOPPED", "verdict.stopped_at", verdict["stopped_at"], stop.at if stop else None)
        hold("STOPPED", "verdict.mark", verdict["mark"], stop.name if stop else "")
        fact = stop.fact.ref() if stop else None
        hold("STOPPED", "verdict.stopped_by", verdict["stopped_by"], fact)
        lost = run.cancelled if run.cancelled is not None and run.cancelled <= at else None
        hold("CANCELLED", "verdict.cancelled_at", verdict["cancelled_at"], lost)
        state = _state(run, stop.at if stop else None, lost, due, at)
        hold("STATE", "verdict.state", verdict["state"], state)
        ruling = self.stream.ruling(told["clause"], told["cycle"], at)
        for key, field in (("ruled", "verdict"), ("dispute", "dispute")):
            follows = ruling.data[field] if ruling is not None else ""
            hold("RULED", f"verdict.{key}", verdict[key], follows)


def _of(left: list[dict[str, Any]], by: str, version: int) -> dict[str, Any] | None:
    """The first that a fact tells of; one merge may tell of several."""
    return next((each for each in left if each[by]["version"] == version), None)


def _versions(told: Sequence[Told], by: str) -> list[int]:
    return [each[by]["version"] for each in told]


_OF_EXTENSION = {
    "request": "EXTENSION_REQUEST",
    "asked": "EXTENSION_REQUEST",
    "approver": "EXTENSION_APPROVER",
    "amount": "EXTENSION_AMOUNT",
    "due_before": "EXTENSION_DUE",
    "last_call": "EXTENSION_DUE",
    "against": "EXTENSION_EFFECT",
}


def _state(run: Run, stopped: int | None, lost: int | None, due: int | None, at: int) -> str:
    """Done at the due instant is in time; any later is late, or has lapsed."""
    if stopped is not None:
        if due is None or stopped <= due:
            return "met"
        return "lapsed" if run.clause.lapses else "late"
    if lost is not None:
        return "cancelled"
    if due is None:
        return "paused"
    if at <= due:
        return "running"
    return "lapsed" if run.clause.lapses else "overdue"
