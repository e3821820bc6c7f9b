"""What a replay is asked: known by when, under which rules, with which facts changed.

A question is plain data: `msgspec.json.encode` writes it and `msgspec.json.decode` reads it, so a
dispute can record what it asked and anybody can ask it again.
"""

from typing import Any, TypeAlias

import msgspec

from sla_engine.record import Instant


class _Edit(msgspec.Struct, frozen=True, tag_field="edit", forbid_unknown_fields=True):
    """Encoded, an edit names its kind under `edit`."""


class Moved(_Edit, frozen=True, tag="move"):
    """The fact `fact` ("source:key" or "@version") happened at `to` instead."""

    fact: str
    to: Instant


class Removed(_Edit, frozen=True, tag="remove"):
    """The fact `fact` never was."""

    fact: str


class Added(_Edit, frozen=True, tag="add"):
    """A fact that nobody recorded: `wire` names its event, `fields` are those of the event.

    `fact` is the name "source:key" under which it is added and may be edited further. It counts as
    recorded when it happened, unless `recorded_at` says otherwise.
    """

    fact: str
    wire: str
    at: Instant
    fields: dict[str, Any] = {}
    recorded_at: Instant | None = None
    seq: int = 0


Edit: TypeAlias = Moved | Removed | Added


class Question(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """One replay.

    `known_at`: only what was recorded by then counts. `at`: the instant judged (default: `known_at`
    itself). `pack`: "" for the editions that governed, as stamped on the facts; "NAME@EDITION" for
    one edition from the start, in place of every edition of `instead_of` (default: NAME).
    `calendar`: "" for the editions that were known, and re-fixed when they changed; an instant for
    what was known of the calendar then, from the start. `without`: citations of notices that are
    left out of it. `edits` are made one after the other.
    """

    known_at: Instant
    at: Instant | None = None
    pack: str = ""
    instead_of: str = ""
    calendar: Instant | None = None
    without: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()

    @property
    def judged_at(self) -> Instant:
        return self.known_at if self.at is None else self.at

    @property
    def calendar_at(self) -> Instant | None:
        """Of when the calendar is that counts from the start; None: as it became known."""
        return self.known_at if self.calendar is None and self.without else self.calendar

    @property
    def as_stamped(self) -> bool:
        """Whether the rules are those that governed."""
        return not self.pack and self.calendar is None and not self.without
