"""Prints entries for `wire.json` for events that have none yet: `python -m tests.golden.freeze`.

It never touches an entry that exists: bytes that were written once must be readable for ever.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from sla_engine.record import EVENTS, Event, Meta
from sla_engine.store.codec import encode

FILE = Path(__file__).with_name("wire.json")


def example(kind: Any, name: str, seed: int) -> Any:
    """A value that cannot be mistaken for that of another field."""
    if get_origin(kind) is tuple:
        parts = get_args(kind)
        if parts[-1] is Ellipsis:
            return tuple(example(parts[0], f"{name}·{n}", seed + n) for n in (1, 2))
        return tuple(example(part, f"{name}·{n}", seed + n) for n, part in enumerate(parts))
    if type(None) in get_args(kind):
        return example(get_args(kind)[0], name, seed)
    if get_origin(kind) is Mapping:
        return {f"{name}·{n}": example(get_args(kind)[1], name, seed + n) for n in (1, 2)}
    if issubclass(kind, msgspec.Struct):
        return filled(kind)
    return {
        str: f"{name}·值{seed}",
        int: 1_773_000_000_000_000 + seed,
        float: seed + 0.5,
        bool: True,
    }[kind]


def filled(cls: type[Any]) -> Any:
    """An instance with every field set."""
    hints = get_type_hints(cls)
    return cls(
        **{
            name: example(hints[name], name, seed)
            for seed, name in enumerate(cls.__struct_fields__, 1)
        }
    )


def entry(cls: type[Event]) -> dict[str, Any]:
    meta, event = filled(Meta), filled(cls)
    return {"bytes": encode((meta, event)).hex(), "reads": as_json(event)}


def as_json(event: Event) -> dict[str, Any]:
    fields = {name: msgspec.to_builtins(getattr(event, name)) for name in event.__struct_fields__}
    plain: dict[str, Any] = json.loads(json.dumps(fields))
    return plain


def main() -> None:
    frozen = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    lacking = {wire: entry(cls) for wire, cls in sorted(EVENTS.items()) if wire not in frozen}
    print(json.dumps(lacking, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
