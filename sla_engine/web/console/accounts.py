"""Accounts and keys: asked for by the system administrator, approved by the security administrator.

What is asked for and what waits stands on one page, for both.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sla_engine.access.events import ACCOUNT, KEY, AccountLocked, AccountOpened
from sla_engine.access.registrar import Wanted
from sla_engine.errors import refuse, register
from sla_engine.record import Instant
from sla_engine.web.console.access_words import Telling
from sla_engine.web.doorkeeper import actor_of
from sla_engine.web.forms import FormRoute, stands_on
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import HouseDep
from sla_engine.web.language import language_of
from sla_engine.web.pages import render
from sla_engine.web.problems import tell

ACCOUNT_UNKNOWN = tell(
    register("ACCOUNT_UNKNOWN", "没有账号“{found}”", "there is no account {found}"), 404
)
KEY_UNKNOWN = tell(register("KEY_UNKNOWN", "没有密钥“{found}”", "there is no key {found}"), 404)
DAYS_WRONG = register(
    "DAYS_WRONG", "有效天数应为{allowed}（{found}）", "the days should be {allowed} (found {found})"
)

router = APIRouter(include_in_schema=False, route_class=FormRoute)

Reads = Annotated[Visitor, need("account:read")]
Manages = Annotated[Visitor, need("account:manage")]
Approves = Annotated[Visitor, need("grant:approve")]
Word = Annotated[str, Form(max_length=512)]
Words = Annotated[list[str], Form()]

_DAY = 86_400_000_000
_LONGEST_DAYS = 3_650


def _back(path: str) -> Response:
    return RedirectResponse(path, status_code=303)


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").replace("，", " ").split())


# ------------------------------------------------------------------------------------- accounts


@router.get("/accounts")
def accounts_page(request: Request, house: HouseDep, _: Reads) -> Response:
    """Every account, those that wait for approval first."""
    access = house.engine.access
    found = sorted(access.rights.all_accounts(), key=lambda each: (each.ask is None, each.name))
    gone = ("closed", "rejected")
    return render(
        request,
        "access/accounts.html",
        accounts=sorted(found, key=lambda each: each.state in gone),
        table=access.table,
        now=house.now(),
    )


@router.get("/accounts/{name}")
def account_page(request: Request, house: HouseDep, _: Reads, name: str) -> Response:
    """One account with all that was done to it."""
    access = house.engine.access
    account = access.rights.account(name)
    if account.state == "new":
        raise refuse(ACCOUNT_UNKNOWN, "", name)
    events = list(reversed(house.engine.events(ACCOUNT + name)))[:100]
    view: dict[str, Any] = {
        "account": account,
        "events": events,
        "say": Telling(access.table, language_of(request)),
        "table": access.table,
        "now": house.now(),
    }
    return render(request, "access/account.html", **view)


@router.post("/accounts")
@stands_on("/accounts", account="name")
def open_account(
    *,
    request: Request,
    house: HouseDep,
    visitor: Manages,
    name: Word,
    title: Word,
    roles: Words,
    unit: Word = "",
    login: Word = "",
) -> Response:
    """Ask for an account; its temporary password is shown once."""
    name = name.strip()
    opened = AccountOpened(name, title.strip(), tuple(roles), unit.strip(), login.strip())
    password = house.engine.access.registrar.open(opened, actor_of(visitor))
    return _shown_once(request, f"/accounts/{name}", password, name)


@router.post("/accounts/{name}/roles")
@stands_on("/accounts/{name}")
def ask_roles(
    house: HouseDep, visitor: Manages, name: str, roles: Words, unit: Word = ""
) -> Response:
    """Ask for other roles."""
    registrar = house.engine.access.registrar
    registrar.ask_roles(name, roles, unit.strip(), actor_of(visitor))
    return _back(f"/accounts/{name}")


@router.post("/accounts/{name}/reset")
@stands_on("/accounts/{name}")
def reset_password(request: Request, house: HouseDep, visitor: Manages, name: str) -> Response:
    """Give a temporary password, which is shown once; the account waits for approval again."""
    password = house.engine.access.registrar.reset(name, actor_of(visitor))
    return _shown_once(request, f"/accounts/{name}", password, name)


@router.post("/accounts/{name}/lock")
@stands_on("/accounts/{name}")
def lock_account(house: HouseDep, visitor: Manages, name: str, reason: Word = "") -> Response:
    """Let nobody in under that name, until it is unlocked."""
    locked = AccountLocked(0, 0, reason)
    house.engine.access.registrar.lock(name, locked, actor_of(visitor))
    return _back(f"/accounts/{name}")


@router.post("/accounts/{name}/unlock")
@stands_on("/accounts/{name}")
def unlock_account(house: HouseDep, visitor: Manages, name: str) -> Response:
    """Let it log in again."""
    house.engine.access.registrar.unlock(name, actor_of(visitor))
    return _back(f"/accounts/{name}")


@router.post("/accounts/{name}/close")
@stands_on("/accounts/{name}")
def close_account(house: HouseDep, visitor: Manages, name: str, reason: Word = "") -> Response:
    """For good."""
    house.engine.access.registrar.close(name, reason, actor_of(visitor))
    return _back(f"/accounts/{name}")


@router.post("/accounts/{name}/approve")
@stands_on("/accounts/{name}")
def approve_account(
    house: HouseDep, visitor: Approves, name: str, asked: Annotated[int, Form(alias="request")]
) -> Response:
    """Have what was seen to be asked for take effect."""
    house.engine.access.registrar.approve(name, actor_of(visitor), asked)
    return _back("/accounts")


@router.post("/accounts/{name}/reject")
@stands_on("/accounts/{name}")
def reject_account(
    house: HouseDep,
    visitor: Approves,
    name: str,
    asked: Annotated[int, Form(alias="request")],
    reason: Word = "",
) -> Response:
    """Have it not take effect."""
    house.engine.access.registrar.reject(name, reason, actor_of(visitor), asked)
    return _back("/accounts")


# ----------------------------------------------------------------------------------------- keys


@router.get("/keys")
def keys_page(request: Request, house: HouseDep, _: Reads) -> Response:
    """Every key, those that wait for approval first."""
    access = house.engine.access
    order = ("pending", "active", "revoked", "rejected")
    found = sorted(
        access.rights.all_keys(), key=lambda each: (order.index(each.state), each.source)
    )
    view: dict[str, Any] = {
        "used": access.doors.last_used(),
        "table": access.table,
        "now": house.now(),
    }
    return render(request, "access/keys.html", keys=found, **view)


@router.post("/keys")
@stands_on("/keys")
def issue_key(
    *,
    request: Request,
    house: HouseDep,
    visitor: Manages,
    title: Word,
    source: Word,
    scopes: Words,
    days: Word = "365",
    networks: Word = "",
) -> Response:
    """Ask for a key, which is shown once."""
    wanted = Wanted(
        title.strip(), source.strip(), scopes, _until(house.now(), days), _split(networks)
    )
    issued = house.engine.access.registrar.issue(wanted, actor_of(visitor))
    return _shown_once(request, "/keys", issued.text, issued.id)


@router.post("/keys/{id_}/approve")
@stands_on("/keys")
def approve_key(house: HouseDep, visitor: Approves, id_: str) -> Response:
    """Have it take effect."""
    house.engine.access.registrar.approve_key(id_, actor_of(visitor))
    return _back("/keys")


@router.post("/keys/{id_}/reject")
@stands_on("/keys")
def reject_key(house: HouseDep, visitor: Approves, id_: str, reason: Word = "") -> Response:
    """Have it never take effect."""
    house.engine.access.registrar.reject_key(id_, reason, actor_of(visitor))
    return _back("/keys")


@router.post("/keys/{id_}/revoke")
@stands_on("/keys")
def revoke_key(house: HouseDep, visitor: Manages, id_: str, reason: Word = "") -> Response:
    """Have it no effect any more."""
    house.engine.access.registrar.revoke(id_, reason, actor_of(visitor))
    return _back("/keys")


@router.get("/keys/{id_}")
def key_page(request: Request, house: HouseDep, _: Reads, id_: str) -> Response:
    """One key with all that was done to it."""
    access = house.engine.access
    key = access.rights.key(id_)
    if key.state == "new":
        raise refuse(KEY_UNKNOWN, "", id_)
    events = list(reversed(house.engine.events(KEY + id_)))
    view: dict[str, Any] = {
        "key": key,
        "events": events,
        "say": Telling(access.table, language_of(request)),
        "table": access.table,
        "now": house.now(),
    }
    return render(request, "access/key.html", used=access.doors.last_used().get(id_, 0), **view)


def _until(now: Instant, days: str) -> Instant:
    """When a key that is valid for so many days expires."""
    text = days.strip()
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _LONGEST_DAYS):
        raise refuse(DAYS_WRONG, "days", days, f"1–{_LONGEST_DAYS}")
    return now + int(text) * _DAY


def _shown_once(request: Request, back: str, secret: str, name: str) -> Response:
    return render(request, "access/secret.html", back=back, secret=secret, name=name)
