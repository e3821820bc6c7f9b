"""Whatever characters a fact holds, every store gives the same answer and the same text back."""

import json
from typing import Any, cast

import pytest

from scenarios.workload import HOUR
from sla_engine.clock import VirtualClock
from sla_engine.errors import Refusal
from sla_engine.petition.events import Registered
from sla_engine.service.intake import Submission, parse_line
from sla_engine.settings import Settings
from sla_engine.store.application import PetitionLog
from sla_engine.wiring import Engine
from tests.conformance.store.samples import OpenLog
from tests.faults.script import BEGIN, TRAITS
from tests.support.delivery import RULES

STRANGE = {
    "NUL": "\0",
    "high surrogate": "\ud800",
    "low surrogate": "\udc00",
    "control": "\x01\x1f\x7f\x85",
    "escape": r"\u0000 \\ ' \" %s $1 ;--",
    "non-characters": "\ufffe\uffff\U0010ffff",
    "beyond the first plane": "😀𠮷",
    "direction": "\u202e\u2066\u200f\ufeff",
    "composed in two ways": "é e\u0301",
    "long": "".join(map(chr, range(0x20000, 0x20000 + 190))),
    "too long": "".join(map(chr, range(0x20000, 0x20000 + 200))),
}
"""A long one is of characters with four bytes each, no two of them the same."""
REFUSED = {
    "NUL": "TEXT_UNSTORABLE",
    "high surrogate": "TEXT_UNSTORABLE",
    "low surrogate": "TEXT_UNSTORABLE",
    "too long": "NAME_TOO_LONG",
}


def line(number: int, text: str) -> bytes:
    fact: dict[str, Any] = {
        "petition": f"P{number}{text}",
        "type": "registered",
        "id": f"{number}{text}",
        "source": f"hotline{text}",
        "by": text,
        "at": "2025-03-03T09:00:00+08:00",
        "data": {**TRAITS, "channel": text},
        "personal": {"name": text},
    }
    return json.dumps(fact).encode()


@pytest.fixture
def engine(log: OpenLog) -> Engine:
    return Engine(cast(PetitionLog, log), VirtualClock(BEGIN + HOUR), Settings(), RULES)


def test_every_store_takes_and_refuses_the_same_texts(engine: Engine) -> None:
    refused, taken = dict[str, str](), dict[str, Submission]()
    for number, (name, text) in enumerate(STRANGE.items()):
        try:
            taken[name] = parse_line(line(number, text))
        except Refusal as refusal:
            refused[name] = refusal.code
    outcomes = engine.take([*taken.values()])
    assert refused == REFUSED
    assert {each.status for each in outcomes} == {"recorded"}
    for name, submission in taken.items():
        first = engine.events(submission.stream)[0]
        assert isinstance(first.event, Registered)
        assert first.event.channel == STRANGE[name]
        assert (first.meta.actor, first.meta.key) == (STRANGE[name], submission.key)
        assert engine.log.personal(submission.subject) == {"name": STRANGE[name]}
    again = engine.take([*taken.values()])
    assert {each.status for each in again} == {"repeated"}
    assert engine.verify().identical
