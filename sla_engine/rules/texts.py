"""Notices and editions of packs from their texts, with when they became known."""

import tomllib
from dataclasses import replace

from sla_engine.errors import Refusal, refuse, register
from sla_engine.policy.clause import Pack
from sla_engine.policy.parse import read
from sla_engine.record import Instant
from sla_engine.worktime.edition import Notice
from sla_engine.worktime.parse import notice_from

CATALOG_UNREADABLE = register(
    "CATALOG_UNREADABLE",
    "文件读不懂：{found}",
    "the file cannot be read: {found}",
)


def notice_of(text: str, recorded: Instant) -> Notice:
    """A notice from its file's text, learned at `recorded`. Raises `Refusal` with all faults."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise refuse(CATALOG_UNREADABLE, "notice", str(error)) from None
    return replace(notice_from(table, "notice"), recorded=recorded)


def edition_of(text: str, known_at: Instant, file: str = "") -> Pack:
    """An edition that was linted when it was loaded, known since `known_at`.

    It is not linted again: a check of a later release must not make an older store unreadable.
    Raises `Refusal` with what cannot be read.
    """
    draft = read(text, file)
    if draft.faults:
        raise Refusal(draft.faults)
    return replace(draft.pack(), recorded_at=known_at)
