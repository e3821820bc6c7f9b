"""文书 · Documents drawn from the record, ready to print."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from sla_engine.documents.register import FORMS, form_of
from sla_engine.documents.render import render
from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.drafting import drawn
from sla_engine.errors import refuse
from sla_engine.policy.clause import Text
from sla_engine.record import type_name
from sla_engine.talk.events import (
    PlanFiled,
    RectificationVerified,
    TalkMinuted,
    TalkNotified,
    TalkWithdrawn,
)
from sla_engine.web import gate, pages
from sla_engine.web.console.case import NOW, Case
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import HouseDep
from sla_engine.wiring import Engine
from sla_engine.wording import load_wording

router = APIRouter(include_in_schema=False)

Reads = Annotated[Visitor, need("petition:read")]
_BODY = re.compile(r"<body[^>]*>(.*)</body>", re.DOTALL)
_STYLE = re.compile(r"<style[^>]*>.*?</style>", re.DOTALL)


@router.get("/documents/{name}/{of:path}")
def document(request: Request, house: HouseDep, visitor: Reads, name: str, of: str) -> Response:
    """A document about a petition or a talk, as a page to print."""
    kind = _kind(house.engine, name, of)
    case = Case.open(house.engine, visitor, kind, of, NOW)
    if kind == "talk" and not visitor.may("talk:read"):
        raise refuse(gate.NOT_ALLOWED, "", visitor.name, "talk:read")
    made = drawn(house.engine, name, case.stream)
    wording = load_wording()
    page = render(made, "html", wording)
    body = _BODY.search(page)
    assert body is not None, "a document is a whole page"
    return pages.render(
        request,
        "desk/document.html",
        title=made.form.title,
        paper=Markup(_STYLE.sub("", body[1])),
        missing=[wording.labels[each.rpartition(".")[2]] for each in made.missing],
        back=f"/{kind}s/{quote(of)}",
    )


def papers(case: Case) -> list[tuple[str, Text]]:
    """The documents that the record of a dossier calls for."""
    there = {type_name(each.event) for each in case.shown}
    acts = {each.event.act for each in case.shown if isinstance(each.event, RungFired)}
    found = (
        (name, form.title)
        for name, form in FORMS.items()
        if case.kind.name in form.about and _CALLED_FOR[name](there, acts)
    )
    return list(found)


_Test = Callable[[set[str], set[str]], bool]


def _after(*events: type) -> _Test:
    names = {type_name(each) for each in events}
    return lambda there, _acts: bool(names & there)


_CALLED_FOR: Mapping[str, _Test] = {
    **dict.fromkeys(FORMS, lambda _there, _acts: True),
    "urge": lambda _there, acts: "urge" in acts,
    "supervise": lambda _there, acts: "supervise" in acts,
    "recall": _after(RungWithdrawn, TalkWithdrawn),
    "talk-notice": _after(TalkNotified),
    "talk-minutes": _after(TalkMinuted),
    "rectification-plan": _after(PlanFiled),
    "strike-off": _after(RectificationVerified),
}


def _kind(engine: Engine, name: str, of: str) -> str:
    """Whether it is about a petition or a talk: whichever there is."""
    about = form_of(name).about
    fitting = [kind for kind in ("petition", "talk") if kind in about]
    if not fitting:
        raise refuse(gate.NOT_YOURS, "", name)
    return next((kind for kind in fitting if engine.events(f"{kind}/{of}")), fitting[0])
