"""`list` commands: rows of a read model, filtered, as a table or as JSON lines."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from sla_engine import words
from sla_engine.cli import output
from sla_engine.cli.output import Voice
from sla_engine.cli.registers import Levels
from sla_engine.policy.clause import Text
from sla_engine.showing.names import Names
from sla_engine.showing.plain import jsonable
from sla_engine.showing.written import deadline, when

if TYPE_CHECKING:
    from sla_engine.wiring import Engine

Row = Mapping[str, Any]
Cell = "RenderableType"


class Column(NamedTuple):
    """A column: its heading `中文 english`, and what stands in it."""

    heading: str
    cell: Callable[[Row], Any]


def show(
    voice: Voice, title: str, rows: Iterable[Row], columns: Sequence[Column], limit: int
) -> None:
    """Rows as a table, or as JSON lines; at most `limit`, and a note of how many there are."""
    found = list(rows)
    if voice.json:
        for row in islice(found, limit):
            voice.line(jsonable(row))
        return
    table = output.table(title, *(column.heading for column in columns))
    for row in islice(found, limit):
        table.add_row(*(_cell(column.cell(row)) for column in columns))
    if found:
        voice.show(table)
    if not found:
        voice.note("没有 · none")
    elif len(found) > limit:
        voice.note(
            f"共 {len(found)} 项，只列 {limit} 项，用 --limit 多看 · {limit} of {len(found)} shown"
        )


def _cell(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return "\n".join(map(str, value)) or "—"
    return "—" if value in ("", None) else value if not isinstance(value, int) else str(value)


# ------------------------------------------------------------------------------- the registers


def items(
    engine: "Engine", voice: Voice, wanted: Mapping[str, str], all_: bool, limit: int
) -> None:
    """清单事项, those still open first, the earliest due before the others."""
    found = [row for row in _rows(engine, "items", wanted) if all_ or row["open"]]
    found.sort(key=lambda row: (not row["open"], row["due"] is None, row["due"] or 0, row["item"]))
    levels, names = Levels(engine), Names(engine)
    columns = (
        Column("编号 item", lambda row: row["item"]),
        Column("清单 list", lambda row: voice.word(names.list(row["pack"], row["list"]))),
        Column("名称 title", lambda row: row["title"]),
        Column("单位 unit", lambda row: _joined(row["unit"], row["person"])),
        Column("环节 phase", lambda row: voice.word(words.phase("item", row["phase"]))),
        Column("等级 level", lambda row: levels.text(row["pack"], row["level"], voice)),
        Column("到期 due", lambda row: deadline(row["due"])),
        Column("前置 after", lambda row: row["after"]),
    )
    show(voice, "清单事项 items", found, columns, limit)


def rounds(
    engine: "Engine", voice: Voice, wanted: Mapping[str, str], all_: bool, limit: int
) -> None:
    """轮次, those still running first, the latest opened before the others."""
    found = [row for row in _rows(engine, "rounds", wanted) if all_ or row["phase"] != "closed"]
    found.sort(key=lambda row: (row["phase"] == "closed", -row["opened_at"]))
    names = Names(engine)
    columns = (
        Column("编号 round", lambda row: row["round"]),
        Column("系列 series", lambda row: voice.word(names.series(row["pack"], row["series"]))),
        Column("期间 period", lambda row: row["period"]),
        Column("环节 phase", lambda row: voice.word(words.phase("round", row["phase"]))),
        Column("成员 members", lambda row: len(row["members"])),
        Column("已报 reported", lambda row: f"{len(row['reported'])}/{len(row['members'])}"),
        Column("打分 scored", lambda row: len(row["scores"])),
        Column("签字 signed", _signed),
    )
    show(voice, "轮次 rounds", found, columns, limit)


def supervision(
    engine: "Engine", voice: Voice, wanted: Mapping[str, str], all_: bool, limit: int
) -> None:
    """督办台账: orders that stand and are not settled, the latest first."""
    found = [
        row
        for row in _rows(engine, "supervision", wanted)
        if all_ or (row["stands"] and row["settled_at"] is None)
    ]
    found.sort(key=lambda row: -row["number"])
    columns = (
        Column("序号 no", lambda row: row["number"]),
        Column("件 about", lambda row: row["stream"].split("/", 1)[1]),
        Column("动作 act", lambda row: voice.word(words.act(row["act"], None))),
        Column("单位 unit", lambda row: row["unit"]),
        Column("条款 clause", lambda row: row["clause"]),
        Column("到期 due", lambda row: deadline(row["due"])),
        Column("发出 issued", lambda row: when(row["recorded_at"])),
        Column("了结 settled", lambda row: _ended(row, voice)),
    )
    show(voice, "督办台账 supervision", found, columns, limit)


def callbacks(engine: "Engine", voice: Voice, wanted: Mapping[str, str], limit: int) -> None:
    """回访清单: resolved and not yet called back, the longest waiting first."""
    found = sorted(
        _rows(engine, "callbacks", wanted), key=lambda row: (row["resolved_at"], row["no"])
    )
    columns = (
        Column("编号 no", lambda row: row["no"]),
        Column("类别 kind", lambda row: row["kind"]),
        Column("事项 matter", lambda row: row["matter"]),
        Column("单位 unit", lambda row: row["unit"]),
        Column("办结 resolved", lambda row: when(row["resolved_at"])),
    )
    show(voice, "回访清单 callbacks", found, columns, limit)


def duplicates(engine: "Engine", voice: Voice, limit: int) -> None:
    """疑似重复: open petitions of one petitioner about one matter over several channels."""
    from projections.duplicates import candidates

    found = [
        {
            "petitioner": each.petitioner,
            "kind": each.kind,
            "matter": each.matter,
            "petitions": [one.stream.split("/", 1)[1] for one in each.petitions],
            "channels": [one.channel for one in each.petitions],
            "registered_at": each.petitions[0].registered_at,
        }
        for each in candidates(engine.rows("duplicates.cells"))
    ]
    columns = (
        Column("诉求人编号 petitioner", lambda row: row["petitioner"]),
        Column("类别 kind", lambda row: row["kind"]),
        Column("事项 matter", lambda row: row["matter"]),
        Column("诉求 petitions", lambda row: row["petitions"]),
        Column("渠道 channels", lambda row: row["channels"]),
        Column("最早登记 earliest", lambda row: when(row["registered_at"])),
    )
    show(voice, "疑似重复 duplicates", found, columns, limit)


def roster(engine: "Engine", voice: Voice, region: str, all_: bool, limit: int) -> None:
    """职务名录: who holds which role for whom, since when."""
    found = [
        {**row, **holder}
        for _, row in engine.rows("roster", f"{region}|" if region else "")
        for holder in row["holders"]
        if all_ or holder["to"] is None
    ]
    names = Names(engine)
    columns = (
        Column("地区 region", lambda row: row["region"]),
        Column("职务 role", lambda row: voice.word(names.role(row["role"]))),
        Column("所及 about", lambda row: row["about"]),
        Column("任职人 holder", lambda row: row["holder"]),
        Column("单位 unit", lambda row: row["unit"]),
        Column("起 from", lambda row: when(row["from"])),
        Column("止 to", lambda row: when(row["to"])),
    )
    rows = ({name: row[name] for name in row if name != "holders"} for row in found)
    show(voice, "职务名录 roster", rows, columns, limit)


def stewards(engine: "Engine", voice: Voice, project: str, limit: int) -> None:
    """包保台账: each project's items by phase, who owes what, visits."""
    from dataclasses import asdict

    from projections.stewards import accounts

    walks = {
        name
        for pack in engine.rules.packs
        for name, series in pack.series.items()
        if series.form == "walk"
    }
    cells = engine.rows("stewards.cells")
    found = [asdict(each) for each in accounts(cells, walks) if project in ("", each.project)]
    columns = (
        Column("企业（项目） project", lambda row: row["project"]),
        Column("事项 items", lambda row: row["items"]),
        Column("环节 phases", lambda row: _counts(row["phases"], "item", voice)),
        Column("谁欠办 owes", _owing),
        Column("待补材料 papers", _papers),
        Column("走访 visits", lambda row: [f"{name} {n}" for name, n in row["visits"].items()]),
        Column("上报数 figures", _figures),
    )
    show(voice, "包保台账 stewards", found, columns, limit)


def _rows(engine: "Engine", model: str, wanted: Mapping[str, str]) -> Iterator[Row]:
    """Rows whose columns have the values asked for; "" asks for nothing."""
    for _, row in engine.rows(model):
        if all(value in ("", row.get(name)) for name, value in wanted.items()):
            yield row


def _joined(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _signed(row: Row) -> str:
    """Members for whom both sides have signed."""
    both = sum(len(sides) == 2 for sides in row["statements"].values())
    return f"{both}/{len(row['members'])}" if row["statements"] else "—"


def _ended(row: Row, voice: Voice) -> str:
    if not row["stands"]:
        return voice.word(Text("已撤", "withdrawn"))
    return when(row["settled_at"])


def _counts(counts: Mapping[str, int], kind: str, voice: Voice) -> list[str]:
    return [f"{voice.word(words.phase(kind, name))} {count}" for name, count in counts.items()]


def _owing(row: Row) -> list[str]:
    """Units with the steps they owe; how many only where steps bear the same title."""
    return [
        f"{unit}：{step}" + (f" {count}" if count > 1 else "")
        for unit, steps in row["owes"].items()
        for step, count in steps.items()
    ]


def _papers(row: Row) -> list[str]:
    return [
        f"{unit}：{step}（{'、'.join(papers)}）"
        for unit, steps in row["papers"].items()
        for step, papers in steps.items()
    ]


def _figures(row: Row) -> list[str]:
    return [f"{name} {n}" for each in row["figures"].values() for name, n in each.items()]
