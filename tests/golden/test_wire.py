"""Frozen bytes of every event class. Never update an entry of `wire.json`: logs hold such bytes.

A new event gets an entry by `python -m tests.golden.freeze`. A changed one gets a new wire version
and an upcaster; its old entry stays.
"""

import json
import subprocess
import sys
from pathlib import Path

import msgpack
import pytest

from sla_engine.record import EVENTS, Meta
from sla_engine.store.codec import UPCASTERS, decode, encode
from tests.golden.freeze import FILE, as_json, filled

ROOT = Path(__file__).parents[2]
FROZEN = json.loads(FILE.read_text("utf-8"))


def test_every_event_class_has_frozen_bytes() -> None:
    assert sorted(EVENTS.keys() - FROZEN.keys()) == []


def test_the_codec_alone_knows_every_event_of_the_engine() -> None:
    """Whoever opens a log can read all of it, whatever else he has imported."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "sla_engine").rglob("*.py")
        if "\n@wire(" in path.read_text("utf-8")
    ]
    script = "import sys, sla_engine.store.codec; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert sorted(set(modules) - set(run.stdout.split())) == []
    assert len(modules) > 3


def test_every_frozen_event_can_still_be_read() -> None:
    assert sorted(FROZEN.keys() - EVENTS.keys() - UPCASTERS.keys()) == []


@pytest.mark.parametrize("wire", sorted(FROZEN))
def test_frozen_bytes_say_what_they_always_said(wire: str) -> None:
    _, event = decode(wire, bytes.fromhex(FROZEN[wire]["bytes"]))
    said = as_json(event)
    assert {name: said[name] for name in FROZEN[wire]["reads"]} == FROZEN[wire]["reads"]


@pytest.mark.parametrize("wire", sorted(EVENTS))
def test_reading_and_writing_again_changes_nothing_but_adds_new_fields(wire: str) -> None:
    frozen = bytes.fromhex(FROZEN[wire]["bytes"])
    decoded = decode(wire, frozen)
    assert type(decoded[1]) is EVENTS[wire]
    before, after = msgpack.unpackb(frozen), msgpack.unpackb(encode(decoded))
    assert [new[: len(old)] for old, new in zip(before, after, strict=True)] == before
    if list(map(len, before)) == list(map(len, after)):
        assert encode(decoded) == frozen


@pytest.mark.parametrize("wire", sorted(EVENTS))
def test_every_field_is_written(wire: str) -> None:
    """Bytes of an event with all fields set read back equal, field by field."""
    event = filled(EVENTS[wire])
    assert decode(wire, encode((filled(Meta), event))) == (filled(Meta), event)
