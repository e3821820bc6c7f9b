"""The log as a file for process mining, and such a file as a log again."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sla_engine.cli.desk import Desk, Misuse, command
from sla_engine.cli.options import instant
from sla_engine.cli.verify import compared, insist, replayed, verdict
from sla_engine.errors import Fault, register

if TYPE_CHECKING:
    from sla_engine.exporting.manifest import Selection
    from sla_engine.exporting.run import ReadBack
    from sla_engine.replay.verify import Verification
    from sla_engine.wiring import Engine

KIND_UNKNOWN = register(
    "EXPORT_KIND",
    "没有“{found}”这类案卷，可选：{allowed}",
    "there is no kind of dossier {found}; there are: {allowed}",
)
WIDE_ONLY_CSV = register(
    "EXPORT_WIDE",
    "--wide 只用于 csv，这里是 {found}",
    "--wide is for csv alone, and this is {found}",
)

SinceOption = Annotated[
    str, typer.Option("--since", metavar="TIME", help="Only what happened at or after this time.")
]
UntilOption = Annotated[
    str, typer.Option("--until", metavar="TIME", help="Only what happened before this time.")
]
PetitionOption = Annotated[
    list[str] | None,
    typer.Option("--petition", metavar="NO", help="Only this petition; may be repeated."),
]
KindOption = Annotated[
    list[str] | None,
    typer.Option(
        "--kind", metavar="KIND", help="Only dossiers of this kind (petition, talk, …); as well."
    ),
]
WideOption = Annotated[
    bool,
    typer.Option("--wide", metavar="", help="csv: common fields also in columns of their own."),
]

app = typer.Typer()


class Form(StrEnum):
    """What an export can be; the formats of `exporting.run`."""

    xes = "xes"
    ocel = "ocel"
    csv = "csv"
    parquet = "parquet"


@command(
    app,
    "export",
    help="导出 · The log as one file for process mining.\n\n"
    "xes: IEEE 1849, a trace for each dossier. ocel: OCEL 2.0 JSON, with clocks, acts, units and "
    "editions as objects. csv: for spreadsheets. parquet: for data frames. A name that ends in .gz "
    "is compressed. Without a selection `import --exact` makes the same log of it again. Personal "
    "data is in no export; for safe keeping use `backup`.",
)
def export(
    desk: Desk,
    form: Annotated[Form, typer.Argument(metavar="FORMAT", help="xes, ocel, csv or parquet.")],
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write; a new one.")],
    *,
    since: SinceOption = "",
    until: UntilOption = "",
    petition: PetitionOption = None,
    kind: KindOption = None,
    wide: WideOption = False,
) -> None:
    from sla_engine.exporting import run as work

    if wide and form is not Form.csv:
        raise Misuse(Fault(WIDE_ONLY_CSV, "--wide", form.value))
    chosen = work.Format(form.value)
    with desk.engine() as engine:
        selection = _selection(engine, since, until, petition or [], kind or [])
        total = chosen.passes * engine.log.head()
        with desk.voice.progress(f"导出 {form.value}", total) as advance:
            made = work.export(
                engine.log,
                engine.rules,
                to,
                chosen,
                selection=selection,
                now=engine.clock.now(),
                progress=advance,
                wide=wide,
            )
    size = to.stat().st_size
    if desk.voice.json:
        desk.voice.document({"file": str(to), "bytes": size, "manifest": made})
        return
    whole = "全部 whole" if selection.whole else "部分 part"
    desk.voice.show(
        f"已导出 · exported: {to} ({size:,} bytes)",
        f"事件 events {made.events} · {whole} · {made.taken_at}",
        f"摘要 digest {made.chain}",
    )


def read_exactly(desk: Desk, file: Path) -> None:
    """`import --exact`: a new store from an export of a whole log, followed and verified."""
    from sla_engine.exporting import run as work
    from sla_engine.serving.backup import carry_register

    total = 2 * work.manifest_in(file).events
    with (
        desk.engine(create=True) as engine,
        desk.voice.progress(file.name, total) as advance,
    ):
        done = work.read_back(file, engine.log, advance)
    # Opened anew, it finds its alarm index stale and makes it again.
    with desk.engine() as engine:
        if done.erased:
            carry_register(done.erased, engine.erasures)
        found = replayed(desk, engine)
    _tell(desk, done, found)
    insist(found)


def _selection(
    engine: "Engine", since: str, until: str, petitions: list[str], kinds: list[str]
) -> "Selection":
    """What the options select. Raises `Misuse`, `UNKNOWN_DOSSIER`."""
    from sla_engine.escalation.kinds import KINDS
    from sla_engine.exporting.manifest import Selection

    for kind in kinds:
        if kind not in KINDS:
            raise Misuse(Fault(KIND_UNKNOWN, "--kind", kind, ", ".join(KINDS)))
    return Selection(
        since=instant(since, "--since"),
        until=instant(until, "--until"),
        streams=frozenset(engine.stream_of(f"petition/{no}") for no in petitions),
        kinds=frozenset(kinds),
    )


def _tell(desk: Desk, done: "ReadBack", found: "Verification") -> None:
    manifest, store = done.manifest, str(desk.settings.store)
    if desk.voice.json:
        desk.voice.document(
            {
                "store": store,
                "manifest": manifest,
                "erased": len(done.erased),
                **compared(found),
            }
        )
        return
    desk.voice.show(
        f"已读回 · read back: {store}",
        f"事件 events {manifest.events} · 到 head {manifest.head} · 摘要 digest {manifest.chain}",
        f"已删除个人信息 erased {len(done.erased)}",
        f"{verdict(found)} · {found.live}",
    )
