"""An office with one petition and one talk at hand, for those who try what the screens can do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

from starlette.testclient import TestClient

from sla_engine.policy.rulebook import Rulebook
from sla_engine.service.intake import parse
from sla_engine.service.rules import RulesOfLog
from sla_engine.wiring import Engine
from sla_engine.worktime import parse_instant
from tests.support.delivery import engine_at, move_to

PACK, REGION = "zaozhuang-2110", "CN-3704"
NO, TALK = "ZZ1", "U01/t1"
BEGIN = parse_instant("2024-09-02T08:00:00+08:00")
PERSONAL = {"姓名": "王小明", "电话": "13900001234"}


def fact(stream: str, type_: str, at: str, **data: Any) -> dict[str, Any]:
    """One submission; `at` is a time of September 2024 in Zaozhuang ("02T09:00")."""
    kind, _, name = stream.partition("/")
    told = {kind: name, "type": type_, "id": f"{name}-{type_}-{at}", "source": "hotline"}
    return {**told, "at": f"2024-09-{at}:00+08:00", "data": data}


@contextmanager
def office() -> Iterator[Engine]:
    """Petition ZZ1, dispatched to U01 on Monday at 9:30, and a talk with U01; it is 10:00."""
    with engine_at(BEGIN) as engine:
        traits = {"pack": PACK, "region": REGION, "kind": "投诉", "subject": "enterprise"}
        registered = fact(f"petition/{NO}", "registered", "02T09:00", **traits)
        facts = [
            {**registered, "personal": PERSONAL},
            fact(f"petition/{NO}", "admitted", "02T09:10"),
            fact(f"petition/{NO}", "dispatched", "02T09:30", unit="U01", assignment="a1"),
            fact(
                f"talk/{TALK}", "proposed", "02T09:40",
                pack=PACK, region=REGION, unit="U01", tier=1, causes=["多次推诿"],
            ),
        ]  # fmt: skip
        for each in facts:
            move_to(engine, parse_instant(each["at"]))
            (outcome,) = engine.take([parse(each)])
            assert not outcome.faults, outcome
        move_to(engine, parse_instant("2024-09-02T10:00:00+08:00"))
        yield engine


def without_pack(engine: Engine, name: str) -> None:
    """The engine as it is where somebody forgot to bring a pack along."""
    packs = [pack for pack in engine.rules.packs if pack.name != name]
    engine._rules = RulesOfLog(engine.log, Rulebook(engine.rules.almanacs, packs))


def page(client: TestClient, path: str) -> str:
    """A page that must be there, as text."""
    answer = client.get(path, headers={"accept": "text/html"})
    assert answer.status_code == 200, answer.text[:2000]
    return unescape(answer.text)


def form_of(html: str, type_: str) -> dict[str, str]:
    """The hidden fields of a form on a page."""
    form = html[html.index(f'id="form-{type_}"') :]
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[: form.index("</form>")])
    return dict(found)


def words_of(html: str) -> str:
    """What a reader sees of a page, without marks."""
    text = re.sub(r"<(script|style)[^>]*>.*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
