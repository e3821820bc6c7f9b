"""政策包: packs and their editions in words, one held against another; a new edition is uploaded
here and goes its way as a proposal."""

from collections.abc import Sequence
from typing import NamedTuple

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from sla_engine import words
from sla_engine.policy.annex_lines import annex
from sla_engine.policy.clause import Clause, Level, Pack, Rung, Text
from sla_engine.policy.diff import diff
from sla_engine.policy.rulebook import POLICY_UNKNOWN, Rulebook
from sla_engine.policy.vocabulary import marks_of
from sla_engine.policy.when import say_when
from sla_engine.policy.wording import NOTHING
from sla_engine.record import Instant
from sla_engine.replay.rules import EDITION_UNKNOWN, edition
from sla_engine.web import pages
from sla_engine.web.console.drafts import latest
from sla_engine.web.gate import need
from sla_engine.web.house import HouseDep
from sla_engine.web.problems import tell

tell(EDITION_UNKNOWN, 404)
tell(POLICY_UNKNOWN, 404)

router = APIRouter(include_in_schema=False)

_TONES = {"red": "red", "orange": "red", "purple": "red", "black": "grey", "yellow": "yellow"}


class Listing(NamedTuple):
    """A pack by its name: the edition in force now, if any, and all of them, the latest first."""

    name: str
    title: Text
    region: str
    in_force: Pack | None
    editions: Sequence[Pack]


class Step(NamedTuple):
    """One rung of a ladder in words. `tone`: how a badge shows its level."""

    when: Text
    act: Text
    level: Text
    tone: str
    to: Sequence[Text]
    basis: str
    default: bool


class Told(NamedTuple):
    """A clause in words."""

    clause: Clause
    scope: Text
    limit: Text
    starts: Sequence[Text]
    stops: Sequence[Text]
    all_of: bool
    steps: Sequence[Step]


_SCOPES = {
    "petition": Text("诉求", "petition"),
    "assignment": Text("承办", "assignment"),
    "talk": Text("约谈", "talk"),
    "item": Text("清单事项", "item"),
    "round": Text("轮次", "round"),
    "member": Text("成员", "member"),
    "dispute": Text("争议", "dispute"),
}


@router.get("/policies", dependencies=[need("rules:read")])
def policies(request: Request, house: HouseDep) -> Response:
    """目录."""
    rules, now = house.engine.rules, house.now()
    waiting = [each for each in house.engine.proposals.all() if each.pending]
    return pages.render(
        request, "rules/policies.html", packs=listings(rules, now), waiting=waiting, words=words
    )


def listings(rules: Rulebook, now: Instant) -> list[Listing]:
    """Packs by name."""
    names = sorted({pack.name for pack in rules.packs})
    return [_listing(rules, name, now) for name in names]


def _listing(rules: Rulebook, name: str, now: Instant) -> Listing:
    editions = sorted(rules.editions(name), key=lambda each: each.effective[0], reverse=True)
    current = next((each for each in editions if _in_force(rules, each, now)), None)
    shown = current or editions[0]
    return Listing(name, shown.title, shown.region, current, editions)


def _in_force(rules: Rulebook, pack: Pack, now: Instant) -> bool:
    begin, end = pack.effective
    today = rules.almanacs[pack.calendar].zone.date_of(now)
    return begin <= today and (end is None or today < end)


@router.get("/policies/{name}/{edition_name}", dependencies=[need("rules:read")])
def policy(
    request: Request,
    house: HouseDep,
    name: str,
    edition_name: str,
    against: str = "",
) -> Response:
    """一个版本: every clause in words; and what is otherwise than in another edition."""
    rules = house.engine.rules
    pack = edition(rules, f"{name}@{edition_name}")
    other = edition(rules, f"{name}@{against}") if against else latest(rules, name, edition_name)
    return pages.render(
        request,
        "rules/policy.html",
        pack=pack,
        in_force=_in_force(rules, pack, house.now()),
        clauses=[told(pack, clause) for clause in pack.clauses],
        annex=list(annex(pack)),
        other=other,
        changes=diff(other, pack) if other is not None else [],
        editions=[each.edition for each in rules.editions(name) if each.edition != edition_name],
        nothing=NOTHING,
    )


def told(pack: Pack, clause: Clause) -> Told:
    """A clause in words."""
    marks = {**marks_of(clause.scope), **pack.steps}
    amount, stops = clause.term.amount, clause.stop_any or clause.stop_all
    return Told(
        clause,
        _SCOPES[clause.scope.value],
        Text(str(amount), amount.en()),
        [marks.get(each, Text(each, each)) for each in clause.start],
        [marks.get(each, Text(each, each)) for each in stops],
        not clause.stop_any,
        [_step(pack, rung) for rung in clause.rungs],
    )


def _step(pack: Pack, rung: Rung) -> Step:
    level: Level | None = pack.level(rung.level)
    return Step(
        say_when(rung.when),
        words.act(rung.act, pack),
        level.name if level is not None else Text(str(rung.level), str(rung.level)),
        _TONES.get(level.light, "green") if level is not None else "grey",
        [pack.roles.get(each, Text(each, each)) for each in rung.to],
        rung.basis,
        rung.status == "default",
    )
