"""Delivery: how the channels fare, and what is done by hand about dead letters."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sla_engine.cli.desk import Desk, Misuse, command, group
from sla_engine.cli.options import LimitOption, YesOption, checked
from sla_engine.cli.output import Voice
from sla_engine.errors import Fault, register
from sla_engine.policy.clause import Text
from sla_engine.showing.plain import rfc3339

if TYPE_CHECKING:
    from sla_engine.cli.lists import Column
    from sla_engine.delivery.letters import Standing
    from sla_engine.delivery.message import Parcel
    from sla_engine.delivery.queue import Dead, Queued

WHICH_LETTERS = register(
    "WHICH_LETTERS",
    "没有说明是哪些：{allowed}",
    "this does not say which ones: {allowed}",
)

app = group(
    "delivery",
    "投递 · What has been sent, what waits, what was put aside.\n\n"
    "Without a command: how every channel fares.",
    default="list",
)

ChannelArgument = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="Its name in the file of endpoints.")
]
IdsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="ID", help="Ids, as `delivery list` shows them.")
]
AllOption = Annotated[bool, typer.Option("--all", help="Every dead letter of the channel.")]


@command(
    app,
    "list",
    help="目录 · Every channel; with CHANNEL its dead letters, the oldest first.",
)
def list_(
    desk: Desk,
    channel: Annotated[
        str, typer.Argument(metavar="[CHANNEL]", help="Only this one, letter by letter.")
    ] = "",
    waiting: Annotated[
        bool, typer.Option("--waiting", help="What waits to be sent instead of dead letters.")
    ] = False,
    limit: LimitOption = 200,
) -> None:
    from sla_engine.cli.lists import show
    from sla_engine.delivery import letters

    if waiting and not channel:
        raise Misuse(Fault(WHICH_LETTERS, "--waiting", "", "CHANNEL"))
    with desk.engine() as engine:
        log, voice = engine.log, desk.voice
        if not channel:
            standings = [letters.standing(log, name) for name in letters.channels(log)]
            rows, columns = [_standing(each) for each in standings], _channels()
        elif waiting:
            rows = [_waiting(each) for each in letters.waiting(log, channel)]
            columns = _queue(voice)
        else:
            rows = [_dead(name, each) for name, each in letters.dead_letters(log, channel)]
            columns = _letters(voice)
    show(voice, f"投递 delivery {channel}", rows, columns, checked(limit))


@command(app, "show", help="内容 · What one dead letter says, as its receiver would read it.")
def show(
    desk: Desk,
    channel: ChannelArgument,
    name: Annotated[str, typer.Argument(metavar="ID", help="As `delivery list` shows it.")],
) -> None:
    import msgspec

    from sla_engine.delivery import letters

    with desk.engine() as engine:
        dead = letters.dead_letter(engine.log, channel, name)
    told = _dead(name, dead) | {"message": msgspec.json.decode(dead.parcel.body())}
    if desk.voice.json:
        desk.voice.document(told)
    else:
        desk.voice.read([msgspec.json.format(msgspec.json.encode(told), indent=2).decode()])


@command(
    app,
    "replay",
    help="重投 · Send dead letters again, or all that the log says from a position on.\n\n"
    "Everything goes out under the id it had before, so a receiver that has it already knows.",
)
def replay(
    desk: Desk,
    *,
    channel: ChannelArgument,
    ids: IdsArgument = None,
    all_: AllOption = False,
    from_: Annotated[
        int | None,
        typer.Option("--from", metavar="POSITION", min=1, help="From this position of the log on."),
    ] = None,
    to: Annotated[
        int | None,
        typer.Option("--to", metavar="POSITION", min=1, help="Up to this position (default: all)."),
    ] = None,
) -> None:
    from sla_engine.delivery import letters
    from sla_engine.delivery.settings import Delivery, load_terms

    _one_of(ids, all_, from_ is not None)
    file = desk.settings.delivery
    terms = load_terms(Path(file)) if file else Delivery()
    with desk.engine() as engine:
        log, now = engine.log, engine.clock.now()
        if from_ is not None:
            last = log.head() if to is None else to
            letters.replay_from(log, channel, from_ - 1, last, now)
            _say(desk.voice, Text("待重投，位置起", "sent again from position"), [str(from_)])
            return
        wanted = ids or [name for name, _ in letters.dead_letters(log, channel)]
        done = letters.replay(log, channel, wanted, now, terms.in_flight)
    _say(desk.voice, Text("待重投", "sent again"), done)


@command(app, "drop", help="放弃 · Throw dead letters away; that they were is noted in the log.")
def drop(
    desk: Desk,
    *,
    channel: ChannelArgument,
    ids: IdsArgument = None,
    all_: AllOption = False,
    yes: YesOption = False,
) -> None:
    from sla_engine.delivery import letters

    _one_of(ids, all_)
    with desk.engine() as engine:
        log = engine.log
        wanted = ids or [name for name, _ in letters.dead_letters(log, channel)]
        if wanted and not yes:
            typer.confirm(
                f"放弃 {len(wanted)} 封死信，不再投递 · never send them?", abort=True, err=True
            )
        done = letters.drop(log, channel, wanted, engine.clock.now())
    _say(desk.voice, Text("已放弃", "dropped"), done)


@command(app, "enable", help="恢复 · Go on with a channel whose receiver had closed it (HTTP 410).")
def enable(desk: Desk, channel: ChannelArgument) -> None:
    from sla_engine.delivery import letters

    with desk.engine() as engine:
        closed = letters.enable(engine.log, channel, engine.clock.now())
    _say(desk.voice, Text("已恢复", "enabled"), [channel] if closed else [])


def _one_of(ids: Sequence[str] | None, *others: bool) -> None:
    if [bool(ids), *others].count(True) != 1:
        allowed = "ID…, --all" + (", --from POSITION" if len(others) > 1 else "")
        raise Misuse(Fault(WHICH_LETTERS, "", "", allowed))


def _say(voice: Voice, what: Text, done: Sequence[str]) -> None:
    if voice.json:
        voice.document({"done": list(done)})
    else:
        voice.read([f"{voice.word(what)}: {each}" for each in done] or ["没有 · none"])


def _standing(each: "Standing") -> dict[str, Any]:
    return {**each._asdict(), "oldest": rfc3339(each.oldest)}


def _dead(name: str, each: "Dead") -> dict[str, Any]:
    return {
        "id": name,
        **_about(each.parcel),
        "reason": each.reason,
        "refused": each.refused,
        "failures": each.failures,
        "put_aside": rfc3339(each.at),
    }


def _waiting(each: "Queued") -> dict[str, Any]:
    return {
        "id": each.parcel.id,
        **_about(each.parcel),
        "failures": each.failures,
        "since": rfc3339(each.since),
        "next": rfc3339(each.due),
    }


def _about(parcel: "Parcel") -> dict[str, Any]:
    first = parcel.messages[0]
    return {
        "messages": len(parcel.messages),
        "stream": first.stream,
        "subject": {"zh": first.subject[0], "en": first.subject[1]},
    }


def _channels() -> "Sequence[Column]":
    from sla_engine.cli.lists import Column

    return (
        Column("通道 channel", lambda row: row["channel"]),
        Column("待投 waiting", lambda row: row["waiting"]),
        Column("最早 oldest", lambda row: row["oldest"]),
        Column("死信 dead", lambda row: row["dead"]),
        Column("落后 behind", lambda row: row["behind"]),
        Column("停用 disabled", lambda row: row["disabled"]),
    )


def _letters(voice: Voice) -> "Sequence[Column]":
    from sla_engine.cli.lists import Column

    return (
        *_subject(voice),
        Column("原因 reason", lambda row: row["reason"]),
        Column("次数 tries", lambda row: row["failures"]),
        Column("搁置 put aside", lambda row: row["put_aside"]),
    )


def _queue(voice: Voice) -> "Sequence[Column]":
    from sla_engine.cli.lists import Column

    return (
        *_subject(voice),
        Column("失败 failures", lambda row: row["failures"]),
        Column("入列 since", lambda row: row["since"]),
        Column("下次 next", lambda row: row["next"]),
    )


def _subject(voice: Voice) -> "Sequence[Column]":
    from sla_engine.cli.lists import Column

    return (
        Column("编号 id", lambda row: row["id"]),
        Column("主题 subject", lambda row: row["subject"][voice.lang]),
        Column("条数 messages", lambda row: row["messages"]),
    )
