"""What an export comes to: which events it holds, their number, their digest."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from sla_engine.errors import refuse, register
from sla_engine.record import Instant
from sla_engine.serving.archive import Row
from sla_engine.store.codec import decode
from sla_engine.worktime import format_instant

FORMAT = 1
"""Of the words in which events are told, whatever the file is."""

UNREADABLE = register(
    "EXPORT_UNREADABLE",
    "不是本程序导出的日志（{found}）",
    "not a log that this program exported ({found})",
    "其他系统的日志用 import --mapping 导入",
    "logs of other systems are imported with import --mapping",
)
NEWER = register(
    "EXPORT_NEWER",
    "导出格式为{found}，本程序能读{allowed}",
    "the export has format {found}, this program reads {allowed}",
    "用导出时的那一版程序读取",
    "read it with the release that made it",
)
PARTIAL = register(
    "EXPORT_PARTIAL",
    "只导出了一部分（{found}），不能还原成完整日志",
    "a part of a log ({found}) does not make a log again",
    "不加筛选条件重新导出",
    "export it again without any selection",
)


class Selection(NamedTuple):
    """Which events are exported. `since` and `until` (exclusive) are about when they happened;
    `streams` and `kinds` name dossiers, an empty one naming all."""

    since: Instant | None = None
    until: Instant | None = None
    streams: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        return self == Selection()

    @property
    def timed(self) -> bool:
        return self.since is not None or self.until is not None

    def names(self, stream: str) -> bool:
        """Whether a dossier is among those named."""
        named = not self.streams or stream in self.streams
        return named and (not self.kinds or kind_of(stream) in self.kinds)

    def takes(self, row: Row) -> bool:
        """Whether an event is selected."""
        if not self.names(row[0]):
            return False
        if not self.timed:
            return True
        at = decode(row[3], row[4])[0].occurred_at
        late = self.until is not None and at >= self.until
        return not late and (self.since is None or at >= self.since)

    def told(self) -> dict[str, str]:
        """For the manifest; nothing when it is the whole log."""
        said = {
            "since": "" if self.since is None else format_instant(self.since),
            "until": "" if self.until is None else format_instant(self.until),
            "dossiers": " ".join(sorted(self.streams)),
            "kinds": " ".join(sorted(self.kinds)),
        }
        return {name: text for name, text in said.items() if text}


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an export comes to. `chain` is over its events in the order of the log, the same that a
    backup of the same log has; `head` is the position of the last. `selection` is empty if the
    export is the whole log."""

    format: int
    release: str
    taken_at: str
    head: int
    events: int
    chain: str
    selection: Mapping[str, str] = {}


def manifest_of(text: str, where: str) -> Manifest:
    """The manifest in a text. Raises `EXPORT_UNREADABLE`, `EXPORT_NEWER`, `EXPORT_PARTIAL`."""
    try:
        told = msgspec.json.decode(text)
        if isinstance(told, dict) and told.get("format") != FORMAT:
            raise refuse(NEWER, where, told.get("format"), str(FORMAT))
        manifest = msgspec.convert(told, Manifest)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise refuse(UNREADABLE, where, type(error).__name__) from error
    if manifest.selection:
        raise refuse(PARTIAL, where, msgspec.json.encode(manifest.selection).decode())
    return manifest


def kind_of(stream: str) -> str:
    """What kind of thing a stream is about: "petition" of "petition/ZZ1"."""
    return stream.partition("/")[0]
