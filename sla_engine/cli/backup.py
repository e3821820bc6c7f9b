"""Backup into one file and restore from it, both proven by digest."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sla_engine.cli.desk import Desk, Misuse, command
from sla_engine.cli.verify import compared, insist, replayed, verdict
from sla_engine.errors import Fault, register

if TYPE_CHECKING:
    from sla_engine.replay.verify import Verification
    from sla_engine.serving.backup import Restored
    from sla_engine.store.erasures import ErasureRegister

ONE_OF_TWO = register(
    "ONE_OF_TWO",
    "{found} 只能用一个",
    "only one of {found} makes sense",
)

app = typer.Typer()


@command(
    app,
    "backup",
    help="备份 · Everything that cannot be derived, in one file.\n\n"
    "From one state of the store, while it is in use. The file is a zip of MessagePack rows with a "
    "manifest of digests; it is not encrypted, and it holds personal data. It can be restored into "
    "a store of either kind, which is also how a log moves from SQLite to PostgreSQL.",
)
def backup(
    desk: Desk,
    to: Annotated[Path, typer.Argument(metavar="TO", help="The file to write; a new one.")],
) -> None:
    from sla_engine.serving.backup import back_up

    with (
        desk.engine() as engine,
        desk.voice.progress("备份 backup", engine.log.head()) as advance,
    ):
        made = back_up(engine.log, to, engine.clock.now(), advance)
    size = to.stat().st_size
    if desk.voice.json:
        desk.voice.document({"file": str(to), "bytes": size, "manifest": made})
        return
    desk.voice.show(
        f"已备份 · backed up: {to} ({size:,} bytes)",
        f"事件 events {made.events} · 到 head {made.head} · {made.taken_at}",
        f"摘要 digest {made.chain}",
    )


@command(
    app,
    "restore",
    help="恢复 · Make a new store from a backup.\n\n"
    "The backup is checked against its manifest first. Erasures made since are repeated from the "
    "register of erasures. Then the alarm index and the read models are made again, and the whole "
    "is replayed and compared. Ends with 1 if anything differs.",
)
def restore(
    desk: Desk,
    source: Annotated[Path, typer.Argument(metavar="FROM", help="The backup.")],
    erasures: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The register of erasures. Else SLA_ENGINE_ERASURES, else STORE.erasures.",
        ),
    ] = None,
    no_erasures: Annotated[
        bool, typer.Option("--no-erasures", help="There is no register: nothing was ever erased.")
    ] = False,
) -> None:
    from sla_engine.serving import backup as work
    from sla_engine.serving.archive import ArchiveReader

    register = _register(desk, erasures, no_erasures)
    erased = list(register.all()) if register is not None else []
    with ArchiveReader(source) as archive:
        manifest = archive.manifest
    rows = 2 * sum(each.rows for each in manifest.members.values())
    with (
        desk.engine(create=True) as engine,
        desk.voice.progress("恢复 restore", rows) as advance,
    ):
        restored = work.restore(source, engine.log, erased, advance)
    # Opened anew, it finds its alarm index stale and makes it again.
    with desk.engine() as engine:
        work.record_erasures(engine, erased)
        if erased:
            work.carry_register(erased, engine.erasures)
        found = replayed(desk, engine)
    _tell(desk, restored, found)
    insist(found)


def _register(desk: Desk, named: Path | None, none: bool) -> "ErasureRegister | None":
    """The register to go by. Raises `ERASURES_UNKNOWN`: to go on without one could bring back
    what was erased."""
    from sla_engine.errors import refuse
    from sla_engine.serving.backup import ERASURES_UNKNOWN
    from sla_engine.store.erasures import ErasureRegister, register_of

    if named is not None and none:
        raise Misuse(Fault(ONE_OF_TWO, "", "--erasures, --no-erasures"))
    if none:
        return None
    settings = desk.settings
    found = ErasureRegister(named) if named else register_of(settings.store, settings.erasures)
    if not found.path.is_file():
        raise refuse(ERASURES_UNKNOWN, "", str(found.path))
    return found


def _tell(desk: Desk, restored: "Restored", found: "Verification") -> None:
    manifest = restored.manifest
    if desk.voice.json:
        desk.voice.document(
            {
                "store": str(desk.settings.store),
                "manifest": manifest,
                "left_out": restored.erased,
                **compared(found),
            }
        )
        return
    desk.voice.show(
        f"已恢复 · restored: {desk.settings.store}",
        f"事件 events {manifest.events} · 到 head {manifest.head} · 摘要 digest {manifest.chain}",
        f"备份后删除 erased since {restored.erased}",
        f"{verdict(found)} · {found.live}",
    )
