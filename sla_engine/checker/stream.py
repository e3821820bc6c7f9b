"""What was recorded of one dossier, put in the order in which it happened.

Voided facts do not count. A fact gives marks, by which clauses name it; a lane is a part of the
dossier with clocks of its own: an assignment of a petition, a round of a talk, a member of a round.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

RANKS = {
    name: rank
    for rank, names in {
        0: "petition.registered talk.proposed item.listed round.opened dispute.opened",
        2: "talk.cause_attached",
        3: "talk.cause_overturned",
        4: "talk.tier_raised",
        5: "petition.admitted round.member_joined",
        6: "petition.declined round.member_left",
        10: "petition.dispatched item.assigned talk.approved dispute.admitted",
        11: "talk.refused dispute.refused",
        20: "petition.accepted item.started talk.notified round.reported dispute.evidence_filed",
        21: "talk.postponed",
        25: "petition.return_requested round.scored",
        26: "petition.return_ruled",
        30: "item.linked talk.held round.statement_signed dispute.replay_run",
        31: "talk.no_show",
        32: "talk.no_show_excused",
        40: "dossier.step_done talk.minuted round.drafted dispute.ruled",
        45: "dossier.extension_requested round.objected",
        46: "dossier.extension_granted dossier.extension_denied round.objection_ruled",
        51: "talk.plan_accepted talk.plan_returned",
        60: "dossier.suspended item.reported talk.rectification_reported round.published",
        61: "dossier.resumed",
        65: "round.place_overturned",
        70: "petition.resolved item.verified item.rejected talk.rectification_verified "
        "talk.rectification_rejected",
        75: "petition.callback_done",
        76: "petition.rated",
        78: "petition.rework_ordered",
        80: "petition.closed item.rebounded talk.struck_off round.closed",
        81: "talk.rebounded",
        85: "petition.merged petition.absorbed item.cancelled talk.withdrawn "
        "dossier.verdict_superseded",
        86: "petition.withdrawn",
        88: "petition.excluded",
        89: "petition.exclusion_lifted",
        90: "dossier.voided",
    }.items()
    for name in names.split()
}
"""Which of two facts of one instant comes first in the life of a matter; 50 for all others."""

LIFTS = {
    "petition.resolved", "petition.rework_ordered", "item.verified", "item.rebounded",
    "talk.struck_off", "talk.rebounded",
}  # fmt: skip
"""Facts with which the work is over, or is taken up anew: no suspension outlives them."""

_ENDS = {
    "petition": ("declined", "merged", "withdrawn"),
    "talk": ("refused", "withdrawn"),
    "item": ("cancelled",),
    "round": ("closed",),
    "dispute": ("refused", "withdrawn"),
}
_MARKS = {
    "talk.proposed": ["proposed"],
    "talk.tier_raised": ["tier_raised", "proposed"],
    "talk.rebounded": ["rebounded", "proposed"],
    "talk.rectification_reported": ["reported"],
    "talk.rectification_verified": ["verified"],
    "talk.rectification_rejected": ["rejected"],
    "dispute.opened": ["disputed"],
}


class Fact:
    """One recorded fact, as the case has it."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.version: int = given["version"]
        self.wire: str = given["type"]
        self.type = self.wire.rpartition("/")[0]
        self.name = self.type.partition(".")[2]
        self.at: int = given["occurred_at"]
        self.recorded_at: int = given["recorded_at"]
        self.source: str = given["source"]
        self.key: str = given["key"]
        self.pack: str = given["pack"]
        self.calendar: str = given["calendar"]
        self.data: Mapping[str, Any] = given["data"]
        self.place = (self.at, given["seq"], RANKS.get(self.type, 50), self.key, self.version)

    def ref(self) -> dict[str, Any]:
        """The fact as a derivation quotes it."""
        return {
            "version": self.version,
            "type": self.wire,
            "source": self.source,
            "key": self.key,
            "occurred_at": self.at,
            "recorded_at": self.recorded_at,
        }

    def about(self, clause: str, cycle: str) -> bool:
        """Whether it is about one clock."""
        return bool(self.data["clause"] == clause and self.data["cycle"] == cycle)

    def marks(self) -> list[str]:
        """The names by which clauses refer to it."""
        data = self.data
        if self.type == "dossier.step_done":
            return [data["step"]]
        if self.type == "petition.callback_done" and not (data["satisfied"] and data["solved"]):
            return [self.name, "callback_unsatisfied"]
        if self.type == "item.started" and data["owed"]:
            return [self.name, "owed"]
        if self.type == "round.statement_signed":
            return [f"signed_{data['side']}"]
        return _MARKS.get(self.type, [self.name])


class Mark(NamedTuple):
    """A named instant; `inherited` from a petition that was merged into this one."""

    name: str
    at: int
    lane: str
    fact: Fact
    inherited: bool = False


class Lane:
    """A part of the dossier, from its opening to its end."""

    def __init__(self, name: str, at: int, traits: Mapping[str, str], lead: bool = True) -> None:
        self.name, self.opened_at, self.traits, self.lead = name, at, traits, lead
        self.ended_at: int | None = None
        self.away: list[tuple[int, int]] = []
        self.finished = False

    def held(self, at: int) -> bool:
        """Whether it was open at an instant."""
        ended = self.ended_at is not None and at >= self.ended_at
        return at >= self.opened_at and not ended and not any(a <= at < b for a, b in self.away)

    def end_from(self, at: int) -> int | None:
        """When it ended, at an instant or next after it."""
        ends = (*(begin for begin, _ in self.away), self.ended_at)
        return next((end for end in ends if end is not None and end >= at), None)


class Pause:
    """A suspension; `end` None while it is open."""

    def __init__(self, ground: str, lane: str, fact: Fact) -> None:
        self.ground, self.lane, self.opened_by, self.start = ground, lane, fact, fact.at
        self.end: int | None = None
        self.ended_by: Fact | None = None

    def stop(self, at: int, fact: Fact) -> None:
        self.end, self.ended_by = at, fact


class Carried(NamedTuple):
    """What a merge says of one clause: when the duplicate's clock `began`, if that is kept, with
    its pauses, as ground, begin and end, and its extensions, as request, amount and approver."""

    clause: str
    began: int | None
    pauses: list[tuple[str, int, int]]
    extensions: list[tuple[str, str, str]]


class Stream:
    """One dossier, read in the order in which things happened."""

    def __init__(self, name: str, given: list[Mapping[str, Any]]) -> None:
        self.name, self.kind = name, name.partition("/")[0]
        self.recorded = sorted((Fact(each) for each in given), key=lambda fact: fact.version)
        self.voided = self._voided()
        self.marks: list[Mark] = []
        self.lanes: dict[str, Lane] = {}
        self.pauses: list[Pause] = []
        self.requests: dict[str, Fact] = {}
        self.grants: list[Fact] = []
        self.ended_at: int | None = None
        self.traits: dict[str, str] = {}
        self.limit = ""
        self._done = True
        self.facts = [fact for fact in self.recorded if fact.name not in _BESIDES]
        self.facts = [fact for fact in self.facts if fact.version not in self.voided]
        self.facts.sort(key=lambda fact: fact.place)
        for fact in self.facts:
            self._take(fact)
        self.marks.sort(key=lambda mark: mark.at)

    def find(self, version: int) -> Fact | None:
        """The fact of a version."""
        return next((fact for fact in self.recorded if fact.version == version), None)

    def revisions(self, clause: str, cycle: str) -> list[Fact]:
        """The calendar revisions recorded for one clock."""
        return [f for f in self.recorded if f.name == "term_refixed" and f.about(clause, cycle)]

    def ruling(self, clause: str, cycle: str, at: int) -> Fact | None:
        """The latest ruling on one clock that was made by an instant."""
        ruled = [f for f in self.facts if f.type == "dossier.verdict_superseded" and f.at <= at]
        mine = [f for f in ruled if f.about(clause, cycle) and not f.data["rung"]]
        return mine[-1] if mine else None

    def carried(self, clause: str, mark: Mark) -> Carried | None:
        """What a merge says of one clause, for a mark that came with it."""
        said = mark.fact.data.get("carried", []) if mark.inherited else []
        return next((Carried(*each) for each in said if each[0] == clause), None)

    def assists(self, lane: str) -> bool:
        """Whether a lane helps and does not lead."""
        return lane in self.lanes and not self.lanes[lane].lead

    def _voided(self) -> set[int]:
        """Versions of facts that do not count; a void may be voided, so the last comes first."""
        gone: set[int] = set()
        voids = [fact for fact in self.recorded if fact.name == "voided"]
        for void in reversed(voids):
            if void.version not in gone:
                named = void.data["fact"]
                target = (f for f in self.recorded if named in _names(f))
                gone |= {fact.version for fact in list(target)[:1]}
        return gone

    def _take(self, fact: Fact) -> None:
        lane = _ENTER[self.kind](self, fact) if self.kind in _ENTER else ""
        for name in fact.marks():
            self.marks.append(Mark(name, fact.at, lane, fact))
        self.marks += _further(fact)
        if self.kind == "petition":
            self._finish(fact, lane)
        if not self.traits:
            self._open(fact)
        if fact.name in _ENDS.get(self.kind, ()) and self.ended_at is None:
            self.ended_at = fact.at
        self._hold(fact, lane)

    def _open(self, fact: Fact) -> None:
        texts = {key: value for key, value in fact.data.items() if isinstance(value, str)}
        self.limit = texts.get("limit", "") if self.kind == "item" else ""
        self.traits = texts | {"historic": "true" if fact.data.get("historic") else ""}
        if self.kind == "dispute":
            about = "act" if texts["rung"] else "clock"
            self.traits["about"] = "place" if texts["member"] and not texts["clause"] else about

    def _finish(self, fact: Fact, lane: str) -> None:
        """The instant at which no lane is left that has not done its part is a mark of its own."""
        was_done = self._done and fact.name != "resolved"
        if fact.name == "resolved" and lane in self.lanes:
            self.lanes[lane].finished = True
        left = [each for each in self.lanes.values() if each.ended_at is None]
        led = not self.lanes or any(each.lead for each in left)
        self._done = led and all(each.finished for each in left)
        if self._done and not was_done:
            self.marks.append(Mark("all_resolved", fact.at, "", fact))

    def _hold(self, fact: Fact, lane: str) -> None:
        """Pauses and extensions."""
        if fact.type == "dossier.suspended" and not self._suspended():
            self.pauses.append(Pause(fact.data["ground"], "", fact))
        elif fact.type == "dossier.resumed" or (fact.type in LIFTS and not self.assists(lane)):
            for pause in self._suspended()[:1]:
                pause.stop(fact.at, fact)
        elif fact.type == "talk.postponed":
            for pause in self.pauses:
                if pause.lane == lane and pause.end is not None and pause.end > fact.at:
                    pause.stop(fact.at, fact)
            self.pauses.append(Pause(fact.data["reason"], lane, fact))
            self.pauses[-1].stop(fact.data["scheduled_at"], fact)
        elif fact.type == "dossier.extension_requested":
            self.requests.setdefault(fact.data["request"], fact)
        elif fact.type == "dossier.extension_granted" and fact.data["request"] in self.requests:
            self.grants.append(fact)

    def _suspended(self) -> list[Pause]:
        return [pause for pause in self.pauses if pause.end is None]

    # ------------------------------------------------------------------------------- lanes

    def current(self) -> Lane | None:
        """The last leading lane that is still open."""
        open_ = [lane for lane in self.lanes.values() if lane.lead and lane.ended_at is None]
        return open_[-1] if open_ else None

    def _open_lane(self, lane: Lane) -> str:
        self.lanes.setdefault(lane.name, lane)
        return lane.name

    def _end_lane(self, name: str, at: int) -> None:
        lane = self.lanes.get(name) or (None if name else self.current())
        if lane is not None and lane.ended_at is None:
            lane.ended_at = at

    def _of_petition(self, fact: Fact) -> str:
        data = fact.data
        if fact.name == "dispatched":
            if data["replaces"]:
                self._end_lane(data["replaces"], fact.at)
            lead: bool = data["lead"]
            traits = {"assignment_level": data["level"], "assignment_lead": str(lead).lower()}
            return self._open_lane(Lane(data["assignment"], fact.at, traits, lead))
        if fact.name == "rework_ordered":
            return self._open_lane(Lane(data["assignment"], fact.at, {}))
        current = self.current()
        name = data.get("assignment") or (current.name if current else "")
        if fact.name == "return_ruled" and data["granted"]:
            self._end_lane(name, fact.at)
        return str(name)

    def _of_talk(self, fact: Fact) -> str:
        current = self.current()
        if fact.name == "proposed":
            return self._open_lane(Lane("1", fact.at, {"tier": str(fact.data["tier"])}))
        if fact.name in ("tier_raised", "rebounded") and current is not None:
            tier = str(fact.data.get("tier", current.traits["tier"]))
            current.ended_at = fact.at
            return self._open_lane(Lane(str(len(self.lanes) + 1), fact.at, {"tier": tier}))
        return current.name if current else ""

    def _of_round(self, fact: Fact) -> str:
        data = fact.data
        if fact.name == "opened":
            since = fact.at if data["begins"] is None else min(fact.at, data["begins"])
            for each in data["members"]:
                self._open_lane(Lane(each, since, {"member": each}))
            return ""
        member = str(data.get("member", ""))
        if fact.name == "member_joined":
            self._open_lane(Lane(member, fact.at, {"member": member}))
            lane = self.lanes[member]
            if lane.ended_at is not None:
                lane.away.append((lane.ended_at, fact.at))
                lane.ended_at = None
        elif fact.name == "member_left":
            self._end_lane(member, fact.at)
        return member


_BESIDES = ("voided", "term_refixed", "rung_fired", "rung_withdrawn", "anomaly_noted")
_ENTER = {
    "petition": Stream._of_petition,
    "talk": Stream._of_talk,
    "round": Stream._of_round,
}


def _names(fact: Fact) -> list[str]:
    """How a void may name a fact."""
    return [f"@{fact.version}", *([f"{fact.source}:{fact.key}"] if fact.key else [])]


def _further(fact: Fact) -> Iterator[Mark]:
    """Marks that fall on other instants: those of a merged petition, and the ends of a period. A
    period's end belongs to its last day."""
    if fact.type == "petition.absorbed":
        for name, at in fact.data["anchors"]:
            yield Mark(name, at, "", fact, True)
    if fact.type == "dispute.opened" and fact.data["told_at"] is not None:
        yield Mark("told", fact.data["told_at"], "", fact)
    if fact.type == "round.opened":
        if fact.data["begins"] is not None:
            yield Mark("period_begun", fact.data["begins"], "", fact)
        if fact.data["ends"] is not None:
            yield Mark("period_ended", fact.data["ends"] - 1, "", fact)
