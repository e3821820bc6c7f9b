"""From a mapping file to a `LogMapping`, and to the pack it names, with every fault at once."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sla_engine.catalog import load_almanac
from sla_engine.errors import Fault, Refusal, refuse, register, shorten
from sla_engine.importing.mapping import (
    BY_EVENT,
    BY_PETITION,
    REGISTERED,
    Due,
    Fact,
    LogMapping,
    Table,
)
from sla_engine.petition.events import Absorbed, Registered
from sla_engine.petition.kind import PETITION
from sla_engine.policy.clause import Pack
from sla_engine.policy.faults import nearest
from sla_engine.policy.lint import parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.policy.vocabulary import PETITION_MARKS
from sla_engine.record import type_name

MAPPING_UNREADABLE = register(
    "MAPPING_UNREADABLE",
    "映射文件读不了：{found}",
    "the mapping file cannot be read: {found}",
    "应为 UTF-8 编码的 TOML 文件",
    "it should be a TOML file in UTF-8",
)
MAPPING_KEY_UNKNOWN = register(
    "MAPPING_KEY_UNKNOWN",
    "映射没有“{found}”这个字段",
    "a mapping has no key {found!r} here",
)
MAPPING_KEY_MISSING = register(
    "MAPPING_KEY_MISSING",
    "映射缺少字段“{found}”",
    "the mapping lacks the key {found!r}",
)
MAPPING_VALUE = register(
    "MAPPING_VALUE",
    "“{found}”不能用，应为：{allowed}",
    "{found!r} cannot be used; it should be: {allowed}",
)
MAPPING_NAME = register(
    "MAPPING_NAME",
    "没有“{found}”，可用的有：{allowed}",
    "there is no {found!r}; there are: {allowed}",
)
MAPPING_TWICE = register(
    "MAPPING_TWICE",
    "名称“{found}”用了两次",
    "the name {found!r} is used twice",
)

_FACTS = {
    type_name(event): event for event in PETITION.steps if event not in (Registered, Absorbed)
}
_FILLED_IN = "assignment"
_FIGURES = ("elapsed_workdays", "due")
_EXPECTED = {
    "string_type": "text",
    "tuple_type": "[ … ]",
    "model_type": "{ … }",
    "model_attributes_type": "{ … }",
    "mapping_type": "{ … }",
    "string_too_short": "text",
    "string_too_long": "1 character",
    "too_short": "[ … ]",
    "string_pattern_mismatch": "a-z 0-9 _ -",
    "union_tag_invalid": " / ".join(_FIGURES),
}
_KEYS = {
    field.alias or name
    for table in Table.__subclasses__()
    for name, field in table.model_fields.items()
}


@dataclass(frozen=True, slots=True)
class BoundMapping:
    """A mapping with the pack that came with it; `pack` None: it names one of the engine's."""

    tables: LogMapping
    pack: Pack | None = None

    @property
    def pack_name(self) -> str:
        return self.tables.log.pack if self.pack is None else self.pack.name

    def known_to(self, rules: Rulebook) -> Rulebook:
        """A rulebook that also knows the mapping's own pack, and the calendar that pack names."""
        if self.pack is None:
            return rules
        if self.pack.calendar not in rules.almanacs:
            almanacs = {**rules.almanacs, self.pack.calendar: load_almanac(self.pack.calendar)}
            rules = Rulebook(almanacs, rules.packs)
        return rules.with_pack(self.pack)


def load_mapping(path: Path) -> BoundMapping:
    """The mapping in a file and the pack it names by a path relative to itself.

    Raises `Refusal` MAPPING_* with every fault found, or the faults of the pack.
    """
    tables = read_mapping(_text(path, path.name), path.name)
    name = tables.log.pack
    if not name.endswith(".toml"):
        return BoundMapping(tables)
    pack = parse_pack(_text(path.parent / name, f"{path.name} log.pack"), Path(name).name)
    check_against(tables, [pack])
    return BoundMapping(tables, pack)


def _text(path: Path, where: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise refuse(MAPPING_UNREADABLE, where, error.strerror) from None
    except UnicodeDecodeError as error:
        raise refuse(MAPPING_UNREADABLE, where, str(error)) from None


def read_mapping(text: str, file: str = "") -> LogMapping:
    """The mapping in a TOML text. Raises `Refusal` MAPPING_* with every fault found."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise refuse(MAPPING_UNREADABLE, file, str(error)) from None
    try:
        mapping = LogMapping.model_validate(table)
    except ValidationError as error:
        raise Refusal(_fault(each, file) for each in error.errors(include_url=False)) from None
    faults = list(_cross_faults(mapping, file))
    if faults:
        raise Refusal(faults)
    return mapping


def check_against(mapping: LogMapping, editions: Sequence[Pack]) -> None:
    """Refuse (MAPPING_NAME) a mapping whose checks name clauses or marks that no edition of its
    pack has."""
    clauses = {clause.id for pack in editions for clause in pack.clauses}
    marks = {*PETITION_MARKS, *(step for pack in editions for step in pack.steps)}
    faults: list[Fault] = []
    for check in mapping.checks:
        where = f"check.{check.name}"
        if isinstance(check, Due):
            faults += _unknown(f"{where}.clause", check.clause, clauses)
        else:
            faults += _unknown(f"{where}.from", check.start, marks)
            faults += _unknown(f"{where}.to", check.stop, marks)
    if faults:
        raise Refusal(faults)


def _fault(error: Mapping[str, Any], file: str) -> Fault:
    """One of pydantic's errors in our words."""
    kind, context = error["type"], error.get("ctx", {})
    where = f"{file} {'.'.join(_steps(error['loc']))}".strip()
    if kind == "extra_forbidden":
        key = str(error["loc"][-1])
        return Fault(MAPPING_KEY_UNKNOWN, where, key, near=nearest(key, _KEYS))
    if kind in ("missing", "union_tag_not_found"):
        key = "figure" if kind != "missing" else str(error["loc"][-1])
        return Fault(MAPPING_KEY_MISSING, where, key)
    allowed = context.get("allowed") or _EXPECTED.get(kind) or context.get("expected")
    return Fault(MAPPING_VALUE, where, shorten(error["input"]), str(allowed or error["msg"]))


def _steps(location: Sequence[str | int]) -> Iterator[str]:
    """Where in the file, counting from 1; which figure a check is of is no key of the file."""
    for step in location:
        if step not in _FIGURES:
            yield f"#{step + 1}" if isinstance(step, int) else step


def _unknown(where: str, found: str, names: Iterable[str]) -> list[Fault]:
    known = sorted(names)
    if found in known:
        return []
    return [Fault(MAPPING_NAME, where, found, ", ".join(known), nearest(found, known))]


def _cross_faults(mapping: LogMapping, file: str) -> Iterator[Fault]:
    """What no table can see by itself."""
    yield from _unknown(f"{file} petition.at", mapping.petition.at, mapping.times)
    taken = {REGISTERED}
    for fact in mapping.facts:
        yield from _fact_faults(mapping, fact, f"{file} fact.{fact.name}")
    for each in (*mapping.facts, *mapping.checks):
        if each.name in taken:
            yield Fault(MAPPING_TWICE, file, each.name)
        taken.add(each.name)
    for check in mapping.checks:
        if isinstance(check, Due):
            yield from _unknown(f"{file} check.{check.name}.time", check.time, mapping.times)


def _fact_faults(mapping: LogMapping, fact: Fact, where: str) -> Iterator[Fault]:
    yield from _unknown(f"{where}.at", fact.at, mapping.times)
    log = mapping.log
    if fact.each == BY_EVENT and log.format == "csv" and log.rows == BY_PETITION:
        yield Fault(MAPPING_VALUE, f"{where}.each", BY_EVENT, 'rows = "event"')
    unknown = _unknown(f"{where}.type", fact.type, _FACTS)
    yield from unknown
    if unknown:
        return
    event = _FACTS[fact.type]
    names = event.__struct_fields__
    for name in fact.data:
        yield from _unknown(f"{where}.data.{name}", name, names)
    required = names[: len(names) - len(event.__struct_defaults__)]
    for name in required:
        if name not in fact.data and name != _FILLED_IN:
            yield Fault(MAPPING_KEY_MISSING, f"{where}.data", name)
