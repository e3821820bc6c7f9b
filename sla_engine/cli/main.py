"""`sla-engine`: the program, its nouns, and what becomes of an error."""

import sys
from typing import Annotated

import typer

from sla_engine.cli import (
    account,
    backup,
    board,
    calendar,
    campaign,
    delivery,
    dispute,
    document,
    export,
    import_,
    intake,
    item,
    key,
    letter,
    petition,
    policy,
    reconcile,
    registry,
    replay,
    roster,
    round,
    run,
    scenario,
    scorecard,
    serve,
    standalone,
    talk,
    verify,
    whatif,
    worklist,
)
from sla_engine.cli.desk import (
    DEPARTED,
    ENVIRONMENT,
    PROGRAM,
    USAGE,
    DebugOption,
    Desk,
    JsonOption,
    LangOption,
    Misuse,
    PacksOption,
    StoreOption,
)
from sla_engine.cli.output import Voice
from sla_engine.errors import Fault, Refusal, Unavailable, register, shorten

PROGRAM_FAULT = register(
    "PROGRAM_FAULT",
    "程序出错（{found}）",
    "a fault in the program ({found})",
    "未提交的内容没有写入；加 --debug 可见出错位置",
    "nothing uncommitted was written; --debug shows where it arose",
)
STORE_UNUSABLE = register(
    "STORE_UNUSABLE",
    "数据库或文件不能用：{found}",
    "the store or a file cannot be used: {found}",
    "核对路径、权限和磁盘空间",
    "check the path, its permissions and the room on the disk",
)

HELP = """中国政务诉求时限与三级约谈引擎 · Deadlines, ladders and talks for government petitions.

Facts go in (append), time passes (run), people look (worklist, petition, talk), and anything can \
be asked again as it was known then (petition show --as-known).

Begin with `sla-engine demo`, or with `sla-engine init` and `sla-engine append facts.jsonl`.
"""

EPILOG = """\b
Exit status
  0  done
  1  some input was refused, or something departed from what was expected
  2  the command was not understood
  3  the store, a file or the machine stood in the way
  4  a fault in the program
"""

# Codes by which the store, a file or the machine stands in the way; whatever else is refused is
# something in the input.
ENVIRONMENT_CODES = frozenset(
    {
        "STORE_MISSING",
        "STORE_BUSY",
        "STORE_NEWER",
        "STORE_UNUSABLE",
        "FILE_UNREADABLE",
        "WIRE_UNKNOWN",
        "WIRE_DAMAGED",
        "RULES_CHANGED",
        "FOLLOWER_BACKWARDS",
        "ARCHIVE_DAMAGED",
        "ARCHIVE_NEWER",
        "ARCHIVE_UNREADABLE",
        "BACKUP_EXISTS",
        "BULK_MISSING",
        "ERASURES_UNKNOWN",
        "EXPORT_CUT",
        "EXPORT_DAMAGED",
        "EXPORT_DIFFERS",
        "EXPORT_EXISTS",
        "EXPORT_LIBRARY_MISSING",
        "EXPORT_NEWER",
        "EXPORT_UNREADABLE",
        "REGISTER_DAMAGED",
        "REGISTER_UNNAMED",
        "TARGET_NOT_EMPTY",
    }
)

app = typer.Typer(
    name="sla-engine",
    help=HELP,
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(asked: bool) -> None:
    if asked:
        from sla_engine import __version__

        sys.stdout.write(f"sla-engine {__version__}\n")
        raise typer.Exit


@app.callback()
def entry(
    ctx: typer.Context,
    *,
    store: StoreOption = None,
    packs: PacksOption = None,
    json: JsonOption = False,
    lang: LangOption = None,
    debug: DebugOption = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    assert not version, "an eager option has ended the program by now"
    desk: Desk = ctx.obj
    desk.take(store, packs, json, lang, debug)


for noun in (
    standalone, intake, run, worklist, petition, talk, item, round, board, dispute, scorecard,
    reconcile, document, registry, roster, verify, replay, whatif, import_, scenario, calendar,
    policy, campaign, serve, account, key, backup, export, letter,
    delivery,
):  # fmt: skip
    app.add_typer(noun.app)
app.add_typer(document.reports)


def main() -> None:
    """Run the program and leave with its exit status."""
    desk = Desk(Voice("--json" in sys.argv))
    try:
        app(obj=desk)
    except Refusal as refusal:
        desk.voice.complain(refusal.faults)
        sys.exit(_status(refusal))
    except OSError as error:
        _unexpected(desk, STORE_UNUSABLE, error)
        sys.exit(ENVIRONMENT)
    except Exception as error:
        environment = type(error).__module__.startswith(("sqlite3", "eventsourcing.persistence"))
        _unexpected(desk, STORE_UNUSABLE if environment else PROGRAM_FAULT, error)
        sys.exit(ENVIRONMENT if environment else PROGRAM)


def _status(refusal: Refusal) -> int:
    if isinstance(refusal, Misuse):
        return USAGE
    away = isinstance(refusal, Unavailable) or refusal.code in ENVIRONMENT_CODES
    return ENVIRONMENT if away else DEPARTED


def _unexpected(desk: Desk, code: str, error: Exception) -> None:
    """An error nobody foresaw: one panel, and with --debug where it arose."""
    if desk.debug:
        import traceback

        traceback.print_exception(error)
    found = shorten(f"{type(error).__name__}: {error}", 300)
    desk.voice.complain([Fault(code, "", found)])


if __name__ == "__main__":
    main()
