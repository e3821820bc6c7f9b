"""Who read and changed what, newest first: for the audit administrator, and nobody else."""

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from projections import access_register
from sla_engine.web.console.access_words import Telling
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import HouseDep
from sla_engine.web.language import language_of
from sla_engine.web.pages import render

router = APIRouter(include_in_schema=False)

Audits = Annotated[Visitor, need("audit:read")]

WHAT = (
    ("subject.read", "查看个人信息", "personal data read"),
    ("subject.", "个人信息（含删除）", "personal data, with erasures"),
    ("account.", "账号", "accounts"),
    ("key.", "密钥", "keys"),
    ("rules.", "规则", "rules"),
    ("petition.", "工单", "petitions"),
    ("talk.", "约谈", "talks"),
    ("dispute.", "异议", "disputes"),
    ("export.", "导出", "exports"),
    ("proposal.", "规则变更", "changes of rules"),
    ("campaign.", "启用批次", "campaigns"),
)


@router.get("/audit")
def audit_page(
    *,
    request: Request,
    house: HouseDep,
    _: Audits,
    who: str = "",
    about: str = "",
    what: str = "",
    cursor: str = "",
) -> Response:
    """One page of the register; filters go together."""
    found = access_register.page(
        house.engine, cursor, who=who.strip(), about=_stream(about), what=what
    )
    filters = {"who": who, "about": about, "what": what}
    say = Telling(house.engine.access.table, language_of(request))
    return render(request, "access/audit.html", page=found, filters=filters, kinds=WHAT, say=say)


def _stream(about: str) -> str:
    """A petition goes by its number alone."""
    text = about.strip()
    return f"petition/{text}" if text and "/" not in text else text
