"""Documents of lists: the strike-off of an item, and the map of a project's procedures."""

from collections.abc import Mapping, Sequence
from typing import Any

from sla_engine.documents import witness
from sla_engine.documents.form import Fields, Moment, Row, Source
from sla_engine.documents.orders import NOTHING_TO_DRAW
from sla_engine.dossier.events import StepDone
from sla_engine.errors import refuse
from sla_engine.item.events import (
    ItemListed,
    ItemRebounded,
    ItemRejected,
    ItemReported,
    ItemVerified,
)

_STATES = {"struck_off": "done", "cancelled": "cancelled"}


def strike_off(source: Source) -> Fields:
    """销号单 of a list item; there is none before somebody has verified it."""
    chronicle = source.chronicle
    listed = witness.last(chronicle, ItemListed)
    reported = witness.last(chronicle, ItemReported)
    verified = witness.last(chronicle, ItemVerified)
    if verified is None:
        raise refuse(NOTHING_TO_DRAW, "", source.name, "strike-off")
    rejected = witness.last(chronicle, ItemRejected)
    name = str(witness.said(listed, "list") or "")
    lane = list(chronicle.lanes.all.values())[-1] if chronicle.lanes.all else None
    return {
        "number": witness.said(verified, "document"),
        "item": source.name,
        "list": witness.list_name(name, source.pack),
        "title": witness.said(listed, "title"),
        "unit": lane.unit if lane is not None else None,
        "person": lane.traits.get("person") if lane is not None else None,
        "results": _results(source, name),
        "report": witness.said(reported, "document"),
        "signer": witness.said(reported, "signer"),
        "reported_at": witness.when(reported),
        "verifier": witness.said(verified, "verifier"),
        "method": witness.said(verified, "method"),
        "verified_at": witness.when(verified),
        "struck_off_at": witness.when(verified),
        "rejected": witness.said(rejected, "reason"),
        "rebounds": _rebounds(source),
    }


def _results(source: Source, name: str) -> tuple[Row, ...]:
    """The item itself, and each milestone without which its list allows no strike-off."""
    rules = source.pack.lists.get(name)
    done = {fact.event.step: fact.at for fact in witness.facts(source.chronicle, StepDone)}
    needs = rules.needs if rules is not None else ()
    rows: list[dict[str, Any]] = [{"no": 1, "item": "whole", "result": "verified"}]
    for number, step in enumerate(needs, 2):
        words = witness.named(step, source.pack.steps)
        rows.append({"no": number, "item": words, "result": "done" if step in done else "open"})
    return tuple(rows)


def _rebounds(source: Source) -> tuple[Row, ...]:
    found = witness.facts(source.chronicle, ItemRebounded)
    return tuple({"at": each.at, "reason": each.event.reason} for each in found)


def procedure_map(source: Source) -> Fields:
    """流程图 of one enterprise or project (一企一图): its items in the order they must be done."""
    rows = list(source.model("items"))
    known = {_id(row): row for row in rows}
    steps = in_order({name: _after(row, known) for name, row in known.items()})
    return {
        "project": source.project,
        "region": source.region,
        "steps": tuple(_step(depth, known[name], known) for name, depth in steps),
        "owing": tuple(_owing(row) for row in rows if row.get("owed")),
        "done": sum(row["phase"] == "struck_off" for row in rows),
        "total": sum(row["phase"] != "cancelled" for row in rows),
    }


def in_order(after: Mapping[str, Sequence[str]]) -> list[tuple[str, int]]:
    """Names with their depth: 1 for those that wait for nothing, one more than the deepest they
    wait for otherwise. What waits in a circle comes last, at the depth it is met."""
    depths: dict[str, int] = {}
    waiting = sorted(after)
    while waiting:
        ready = [name for name in waiting if all(each in depths for each in after[name])]
        for name in ready or waiting:
            depths[name] = 1 + max((depths.get(each, 0) for each in after[name]), default=0)
        waiting = [name for name in waiting if name not in depths]
    return sorted(depths.items(), key=lambda each: (each[1], each[0]))


def _step(depth: int, row: Mapping[str, Any], known: Mapping[str, Any]) -> Row:
    due, done = row.get("due"), row.get("struck_off_at")
    return {
        "id": _id(row),
        "depth": depth,
        "title": row["title"] or _id(row),
        "unit": row["unit"],
        "person": row["person"],
        "due": None if due is None else Moment(due, ends=True),
        "done_at": None if done is None else Moment(done),
        "after": tuple(_after(row, known)),
        "before": tuple(str(known[each]["title"] or each) for each in _after(row, known)),
        "state": _STATES.get(row["phase"], "working" if row["phase"] != "listed" else "waiting"),
        "contact": row.get("contact", ""),
        "materials": tuple(row.get("materials", ())),
    }


def _owing(row: Mapping[str, Any]) -> Row:
    return {"title": row["title"] or _id(row), "unit": row["unit"], "owed": tuple(row["owed"])}


def _after(row: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    """What comes before it on this map."""
    return [each for each in row.get("after", ()) if each in known]


def _id(row: Mapping[str, Any]) -> str:
    """The item's id; `item/` is the kind of its stream."""
    return str(row["item"])
