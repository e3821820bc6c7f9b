"""Dead letters of the intake from Redis: what could not be taken, to be sent again or dropped."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sla_engine.cli.desk import Desk, Misuse, command, group
from sla_engine.cli.options import LimitOption, YesOption, checked
from sla_engine.errors import Fault, Refusal, register

if TYPE_CHECKING:
    from sla_engine.streams.letters import Letter, Letters

REDIS_UNSET = register(
    "REDIS_UNSET",
    "没有设置Redis地址",
    "no address of a Redis is set",
    "设置环境变量 SLA_ENGINE_REDIS",
    "set the environment variable SLA_ENGINE_REDIS",
)
LETTERS_UNNAMED = register(
    "LETTERS_UNNAMED",
    "请写明死信编号，或用 --all 表示全部，二者选一",
    "name letters by their ids, or say --all, one of the two",
)

app = group("letter", "死信 · What came from Redis and could not be taken.")

LetterArgument = Annotated[
    str, typer.Argument(metavar="LETTER", help="Its id, as `letter list` shows it.")
]
LettersArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[LETTER]...", help="Ids, as `letter list` shows.")
]
AllOption = Annotated[bool, typer.Option("--all", help="All that there are now.")]


@command(app, "list", help="目录 · Dead letters, the oldest first, and why they were given up.")
def list_(desk: Desk, limit: LimitOption = 100) -> None:
    from sla_engine.cli.lists import Column, show

    columns = (
        Column("编号 letter", lambda row: row["letter"]),
        Column("案卷 dossier", lambda row: row["stream"]),
        Column("来源 source", lambda row: ":".join(filter(None, (row["source"], row["id"])))),
        Column("原因 reason", lambda row: [each["code"] for each in row["faults"]]),
        Column("投递 deliveries", lambda row: row["deliveries"]),
        Column("发送 sent", lambda row: _moment(row["sent"])),
        Column("放弃 given up", lambda row: _moment(row["at"])),
    )
    with _letters(desk) as letters:
        rows = map(_row, letters.read())
        show(desk.voice, "死信 · dead letters", rows, columns, checked(limit))


@command(app, "show", help="查看 · One letter with every fault found in it.")
def show_(
    desk: Desk,
    letter: LetterArgument,
    body: Annotated[
        bool, typer.Option("--body", help="Also what was sent. It may hold personal data.")
    ] = False,
) -> None:
    with _letters(desk) as letters:
        found = letters.get(letter)
    row = _row(found)
    text = (found.body or b"").decode(errors="replace") if body else ""
    if desk.voice.json:
        desk.voice.document({**row, **({"body": text} if body else {})})
        return
    for name, value in row.items():
        if name != "faults":
            desk.voice.show(f"{name}: {'—' if value in ('', None) else value}")
    for fault in row["faults"]:
        desk.voice.show(f"{fault['code']}  {fault['zh']}", f"    {fault['en']}")
    if body:
        desk.voice.read([text])


@command(
    app,
    "replay",
    help="重放 · Put letters back into the stream, to be taken as if they were sent now.\n\n"
    "What is in the log already is recognised. A letter whose body was lost is left where it is.",
)
def replay(desk: Desk, letter: LettersArgument = None, all_: AllOption = False) -> None:
    with _letters(desk) as letters:
        chosen = _chosen(letters, letter or (), all_)
        sent, left = [], []
        for each in chosen:
            if all_ and each.body is None:
                left.append(each.id)
            else:
                sent.append({"letter": each.id, "entry": letters.replay(each.id)})
    if desk.voice.json:
        desk.voice.document({"replayed": sent, "left": left})
    else:
        desk.voice.show(f"重放 replayed {len(sent)} · 正文已失 without a body {len(left)}")


@command(app, "drop", help="删除 · Remove letters for good.")
def drop(
    desk: Desk,
    letter: LettersArgument = None,
    all_: AllOption = False,
    yes: YesOption = False,
) -> None:
    with _letters(desk) as letters:
        chosen = _chosen(letters, letter or (), all_)
        if chosen and not yes:
            typer.confirm(
                f"删除 {len(chosen)} 封死信，不可恢复 · remove for good?", abort=True, err=True
            )
        for each in chosen:
            letters.drop(each.id)
    if desk.voice.json:
        desk.voice.document({"dropped": [each.id for each in chosen]})
    else:
        desk.voice.show(f"已删除 dropped {len(chosen)}")


@contextmanager
def _letters(desk: Desk) -> "Iterator[Letters]":
    """The letters of the stream that is set. Raises `Misuse` where no Redis is."""
    settings = desk.settings
    if not settings.redis:
        raise Misuse(Fault(REDIS_UNSET))
    from sla_engine.streams.client import connect
    from sla_engine.streams.group import Keys
    from sla_engine.streams.letters import Letters

    try:
        redis = connect(settings.redis, "cli")
    except Refusal as refusal:
        raise Misuse(refusal.faults) from None
    try:
        yield Letters(redis, Keys.of(settings.intake))
    finally:
        redis.close()


def _chosen(letters: "Letters", named: Sequence[str], all_: bool) -> "list[Letter]":
    """The letters meant. Raises `Misuse`, or LETTER_UNKNOWN before any of them is touched."""
    if bool(named) == all_:
        raise Misuse(Fault(LETTERS_UNNAMED))
    return [*letters.read()] if all_ else [letters.get(each) for each in dict.fromkeys(named)]


def _row(letter: "Letter") -> dict[str, Any]:
    """A letter without its body, under the names of what comes in."""
    from sla_engine.showing.plain import rfc3339

    return {
        "letter": letter.id,
        "entry": letter.entry,
        "stream": letter.stream,
        "source": letter.source,
        "id": letter.key,
        "deliveries": letter.deliveries,
        "sent": rfc3339(letter.first),
        "at": rfc3339(letter.last),
        "bytes": None if letter.body is None else len(letter.body),
        "faults": letter.faults,
    }


def _moment(text: str) -> str:
    """A time for a table, to the second."""
    return text[:19].replace("T", " ")
