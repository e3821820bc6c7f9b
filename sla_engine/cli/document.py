"""Documents (文书) drawn from the record, and reports (通报) of a period."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sla_engine.cli.desk import FOLDER_MISSING, Desk, Misuse, command, group
from sla_engine.cli.options import PERIOD_WORDS, AsKnownOption, PackOption, instant, period
from sla_engine.errors import Fault, register

if TYPE_CHECKING:
    from sla_engine.documents.form import Days, Document
    from sla_engine.documents.render import Format

OUT_WRONG = register(
    "OUT_WRONG",
    "文件名“{found}”应以 {allowed} 结尾",
    "the file {found} should end in {allowed}",
)
PERIOD_UNLIKE = register(
    "PERIOD_UNLIKE",
    "“{found}”不是这种通报的期间，应像 {allowed} 这样写",
    "{found} is no period of this report; write it like {allowed}",
)
KNOWN_NOW = register(
    "KNOWN_NOW",
    "“{found}”按现有统计出具，不能用 --as-known",
    "the document {found} is drawn from present tallies; --as-known is not for it",
)

app = group(
    "document",
    "文书 · Notices, orders, minutes, lists: drawn from the record, ready to print.\n\n"
    "sla-engine document NAME NO draws one; `document list` names them all.",
    default="draw",
)
reports = typer.Typer()

OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE", help="Into this file, .html to print or .md; else Markdown here."
    ),
]
WordingOption = Annotated[
    Path | None,
    typer.Option(
        "--wording",
        metavar="DIR",
        help="A folder of your own templates and labels.toml over those shipped. Else "
        "SLA_ENGINE_WORDING.",
        envvar="SLA_ENGINE_WORDING",
        show_envvar=False,
    ),
]


class Report(StrEnum):
    """Reports by how often they come."""

    weekly = "weekly"
    monthly = "monthly"
    quarterly = "quarterly"
    half_year = "half-year"
    yearly = "yearly"


_REPORTS: Mapping[Report, tuple[str, str, str]] = {
    Report.weekly: ("circular", "week", "2024-W21"),
    Report.monthly: ("circular", "month", "2024-05"),
    Report.quarterly: ("half-year", "quarter", "2024Q2"),
    Report.half_year: ("half-year", "half_year", "2024H1"),
    Report.yearly: ("half-year", "year", "2024"),
}


@command(app, "list", help="目录 · Every document: what it is about, what it must show.")
def list_(desk: Desk) -> None:
    from sla_engine.cli.lists import Column, show
    from sla_engine.documents.register import FORMS

    rows = [
        {
            "name": form.name,
            "title": {"zh": form.title.zh, "en": form.title.en},
            "about": form.about,
            "required": form.required,
        }
        for form in FORMS.values()
    ]
    columns = (
        Column("名称 name", lambda row: row["name"]),
        Column("文书 title", lambda row: row["title"][desk.voice.lang]),
        Column("针对 about", lambda row: ", ".join(row["about"])),
        Column("必备项 required", lambda row: ", ".join(row["required"])),
    )
    show(desk.voice, "文书 documents", rows, columns, len(rows))


@command(app, "draw", help="出具 · Draw a document from what is on record.")
def draw(  # one argument for each option
    desk: Desk,
    *,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Which document, as `document list` has it.")
    ],
    no: Annotated[
        str,
        typer.Argument(
            metavar="NO",
            help="Number or id of the petition, talk, item or round; PACK/PERIOD; a project.",
        ),
    ],
    out: OutOption = None,
    wording: WordingOption = None,
    unit: Annotated[
        str, typer.Option(metavar="UNIT", help="The one member a statement is for.")
    ] = "",
    as_known: AsKnownOption = "",
) -> None:
    from sla_engine.documents.register import form_of
    from sla_engine.drafting import drawn

    known_at, to = instant(as_known, "--as-known"), format_of(out)
    about = form_of(name).about
    if known_at is not None and {"period", "project"} & set(about):
        raise Misuse(Fault(KNOWN_NOW, "--as-known", name))
    with desk.engine() as engine:
        document = drawn(engine, name, no, unit, known_at)
    tell(desk, document, to, out, wording)


@command(
    reports,
    "report",
    help="通报 · The weekly or monthly circular; the quarter's, half-year's or year's report.\n\n"
    "Every rate has its formula, its numbers and the editions behind it. Figures are drawn from "
    "the data; no script runs in the page.",
)
def report(  # one argument for each option
    desk: Desk,
    *,
    kind: Annotated[Report, typer.Argument(metavar="KIND", help=f"{', '.join(Report)}.")],
    period_: Annotated[str, typer.Option("--period", metavar="PERIOD", help=f"{PERIOD_WORDS}.")],
    pack: PackOption = "",
    region: Annotated[str, typer.Option(metavar="CODE", help="Only this region.")] = "",
    out: OutOption = None,
    wording: WordingOption = None,
) -> None:
    from sla_engine.cli.options import misused
    from sla_engine.documents.register import draw as drawn
    from sla_engine.drafting import of_period, pack_of
    from sla_engine.showing.scorecards import PACK_NEEDED, the_pack

    name, cycle, example = _REPORTS[kind]
    days, to = period(period_, "--period"), format_of(out)
    if days is None or _cycle(days) != cycle:
        raise Misuse(Fault(PERIOD_UNLIKE, "--period", period_, example))
    with desk.engine() as engine:
        at = engine.clock.now()
        with misused(PACK_NEEDED):
            named = the_pack(engine, pack)
        edition = pack_of(engine, named, days.last, at)
        source = of_period(engine, edition, region, days, at)
        document = drawn(name, f"{edition.name}/{days.word}", source)
    tell(desk, document, to, out, wording)


def _cycle(days: "Days") -> str:
    from sla_engine.round.period import cycle_of

    return cycle_of(days.word)


def format_of(out: Path | None) -> "Format":
    """By the file's ending. Raises `Misuse` OUT_WRONG."""
    if out is None or out.suffix == ".md":
        return "md"
    if out.suffix != ".html":
        raise Misuse(Fault(OUT_WRONG, "--out", str(out), ".html / .md"))
    return "html"


def tell(
    desk: Desk, document: "Document", to: "Format", out: Path | None, folder: Path | None
) -> None:
    """Into the file, or here; what it lacks is said beside it."""
    from sla_engine.documents.render import render
    from sla_engine.showing.papers import as_dict
    from sla_engine.wording import load_wording

    if folder is not None and not folder.is_dir():
        raise Misuse(Fault(FOLDER_MISSING, "--wording", str(folder)))
    wording = load_wording(folder)
    text = render(document, to, wording)
    if out is not None:
        out.write_text(text, encoding="utf-8")
    if desk.voice.json:
        desk.voice.document({**as_dict(document), "file": str(out) if out is not None else None})
    elif out is not None:
        desk.voice.show(f"{document.form.title.zh} → {out}")
    else:
        desk.voice.read(text.splitlines())
    if document.missing:
        labels = (wording.labels[name.rpartition(".")[2]] for name in document.missing)
        desk.voice.note(f"未载明 not on record：{desk.voice.listed(map(desk.voice.word, labels))}")
