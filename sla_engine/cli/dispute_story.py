"""A dispute told: the verdict as it was, the claim, the replays, the ruling, the verdict now."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from sla_engine import words
from sla_engine.cli import lists
from sla_engine.cli.case import render_head
from sla_engine.cli.lists import Column
from sla_engine.cli.output import Voice, table
from sla_engine.cli.registers import Levels
from sla_engine.dispute.decide import opening
from sla_engine.dispute.kind import DISPUTE
from sla_engine.errors import Refusal
from sla_engine.policy.clause import Text
from sla_engine.showing.case import Case, stream_of
from sla_engine.showing.disputes import ABOUT, said_of, story
from sla_engine.showing.written import deadline, when
from sla_engine.worktime import parse_instant

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sla_engine.cli.desk import Desk
    from sla_engine.showing.questions import Asked
    from sla_engine.wiring import Engine

_SHORT = 12


def same_as(engine: "Engine", dispute: str) -> dict[str, Any]:
    """What another dispute was about. Raises `UNKNOWN_DOSSIER`."""
    opened = opening(engine.dossier(stream_of(engine, dispute, DISPUTE.name)))
    said = {name: getattr(opened, name) for name in ABOUT}
    return {name: value for name, value in said.items() if value}


# --------------------------------------------------------------------------------------- replays


def answered(desk: "Desk", dispute: str, asked: "Asked") -> dict[str, Any]:
    """The subject of a dispute replayed: the data of the fact that puts it on record."""
    from sla_engine.cli.asking import asking

    with desk.engine() as engine:
        opened = opening(engine.dossier(stream_of(engine, dispute, DISPUTE.name)))
    with asking(desk, opened.subject, asked) as review:
        found = review.replay(review.question)
    return {
        "question": msgspec.json.encode(found.question).decode(),
        "inputs": found.inputs,
        "result": found.result,
        "finding": said_of(opened, found.assessment),
    }


# ------------------------------------------------------------------------------------- the story


def tell(desk: "Desk", dispute: str, as_known: str) -> None:
    """A dispute as it stands, or as it was known at a time: for people or for programs."""
    from sla_engine.cli import timeline
    from sla_engine.cli.options import instant

    known_at = instant(as_known, "--as-known")
    with desk.engine() as engine:
        case = Case.open(engine, f"{DISPUTE.name}/{dispute}", known_at)
        told = story(engine, case, known_at)
        if desk.voice.json:
            desk.voice.document({**case.document(), "dispute": told})
            return
        desk.voice.show(_beside(told, desk.voice), *render_head(case, desk.voice))
        desk.voice.show(timeline.render(case.entries, case.pack, desk.voice))


def _beside(story: Mapping[str, Any], voice: Voice) -> "RenderableType":
    """Verdict, claim, replays, ruling and new verdict side by side."""
    found = table(
        "争议 dispute", "原结论 verdict", "主张 claim", "复算 replays", "裁定 ruling", "现结论 now"
    )
    found.add_row(
        "\n".join((story["subject"], *_object(story), _words(story["verdict"]["counts"], voice))),
        "\n".join(_claim(story["claim"], voice)),
        "\n".join(_replays(story["replays"], voice)) or "—",
        "\n".join(_ruled(story["ruling"], voice)) or "—",
        "\n".join(_now(story["now"], voice)),
    )
    return found


def _object(story: Mapping[str, Any]) -> Iterator[str]:
    parts = (story[name] for name in ("clause", "cycle", "rung", "member"))
    yield " / ".join(filter(None, parts))


def _claim(claim: Mapping[str, str], voice: Voice) -> Iterator[str]:
    yield voice.word(words.CLAIMS.get(claim["claim"], Text(claim["claim"], claim["claim"])))
    if claim["ground"]:
        yield claim["ground"]
    if claim["remedy"]:
        yield "→ " + _words(claim["remedy"], voice)


def _replays(replays: list[Mapping[str, str]], voice: Voice) -> Iterator[str]:
    for each in replays:
        yield _words(each["finding"], voice)
        yield f"  {each['inputs'][:_SHORT]} → {each['result'][:_SHORT]}"


def _ruled(ruling: Mapping[str, str] | None, voice: Voice) -> Iterator[str]:
    if ruling is None:
        return
    yield voice.word(words.OUTCOMES[ruling["outcome"]])
    for name in ("verdict", "place"):
        if ruling[name]:
            yield "→ " + _words(ruling[name], voice)
    yield f"{ruling['ruler']} {ruling['document']}"


def _now(now: Mapping[str, str], voice: Voice) -> Iterator[str]:
    yield _words(now["counts"], voice)
    if now["ruled_in"]:
        yield f"{voice.word(Text('原', 'was'))} {_words(now['computed'], voice)}"
        yield now["ruled_in"]


def _words(code: str, voice: Voice) -> str:
    """A verdict or a finding in words: "late 2024-10-01T00:00:00+08:00"."""
    name, _, rest = code.partition(" ")
    known = words.VERDICTS.get(name) or words.STATES.get(name) or Text(name or "—", name or "—")
    return " ".join(filter(None, (voice.word(known), _told(rest))))


def _told(text: str) -> str:
    """An instant as people read it; whatever else a sender wrote stays as it is."""
    try:
        return deadline(parse_instant(text))
    except Refusal:
        return text


# ------------------------------------------------------------------------------------ the register


def register(
    engine: "Engine", voice: Voice, wanted: Mapping[str, str], all_: bool, limit: int
) -> None:
    """争议, those still open first, the earliest due before the others."""
    found = [
        row
        for _, row in engine.rows("dispute_register")
        if (all_ or row["open"])
        and all(not word or row[name] == word for name, word in wanted.items())
    ]
    found.sort(
        key=lambda row: (not row["open"], row["due"] is None, row["due"] or 0, row["dispute"])
    )
    levels = Levels(engine)
    columns = (
        Column("编号 dispute", lambda row: row["dispute"]),
        Column("种类 kind", lambda row: voice.word(words.DISPUTES[row["kind"]])),
        Column("对象 subject", lambda row: "\n".join((row["subject"], *_object(row)))),
        Column("提出 claimant", lambda row: row["claimant"]),
        Column("主张 claim", lambda row: voice.word(words.CLAIMS[row["claim"]])),
        Column("环节 phase", lambda row: voice.word(words.phase("dispute", row["phase"]))),
        Column("裁定 ruling", lambda row: _outcome(row, voice)),
        Column("提出于 opened", lambda row: when(row["opened_at"])),
        Column("到期 due", lambda row: deadline(row["due"])),
        Column("等级 level", lambda row: levels.text(row["pack"], row["level"], voice)),
    )
    lists.show(voice, "争议 disputes", found, columns, limit)


def _outcome(row: Mapping[str, Any], voice: Voice) -> str:
    if not row["outcome"]:
        return ""
    verdict = f" → {_words(row['verdict'], voice)}" if row["verdict"] else ""
    return voice.word(words.OUTCOMES[row["outcome"]]) + verdict
