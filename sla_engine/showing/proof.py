"""The case of a dossier: what the independent checker is given."""

from collections.abc import Mapping
from typing import Any

import msgspec

from sla_engine.rules.events import RULES, NoticeLoaded, PackLoaded
from sla_engine.sla.assess import Assessment
from sla_engine.sla.case import GivenNotice, case_of
from sla_engine.wiring import Engine


def proof(engine: Engine, assessment: Assessment, texts: Mapping[str, str]) -> dict[str, Any]:
    """JSON-ready: facts and derivations, with every pack and notice that the store was given, and
    the `texts` of packs of one's own."""
    loaded = engine.events(RULES)
    packs = dict(texts)
    notices: list[GivenNotice] = []
    for each in loaded:
        event = each.event
        if isinstance(event, PackLoaded):
            packs[event.digest] = event.text
        elif isinstance(event, NoticeLoaded):
            known_at = event.known_at or each.meta.recorded_at
            notices.append(GivenNotice(event.text, known_at))
    case = case_of(assessment, packs, notices)
    built: dict[str, Any] = msgspec.to_builtins(case)
    return built
