"""Coming in and going out, and one's own password."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sla_engine.access.doors import LOGIN_LATER, LOGIN_WRONG, Doors, Entered
from sla_engine.errors import Refusal, refuse, register
from sla_engine.web import pages
from sla_engine.web.doorkeeper import Doorkeeper, actor_of, address_of
from sla_engine.web.forms import FormRoute, stands_on
from sla_engine.web.gate import Anybody, Visitor, need
from sla_engine.web.house import House, HouseDep
from sla_engine.web.oidc import CALLBACK, WAY_S, Provider
from sla_engine.web.pages import render
from sla_engine.web.problems import status_of, tell

PASSWORDS_DIFFER = tell(
    register("PASSWORDS_DIFFER", "两次输入的新口令不同", "the two new passwords differ"), 422
)

PASSWORD_NOT_IT = register("PASSWORD_NOT_IT", "现口令不对", "that is not the present password")

router = APIRouter(include_in_schema=False, route_class=FormRoute)

_STATE = "oidc"

Word = Annotated[str, Form(max_length=512)]
Own = Annotated[Visitor, need("account:own")]


def doorkeeper_of(house: HouseDep) -> Doorkeeper:
    """Whoever gives this house's cookies out."""
    return Doorkeeper(house.engine.access, house.settings)


Keeper = Annotated[Doorkeeper, Depends(doorkeeper_of)]


def local(path: str) -> str:
    """Where to go on, if that is here."""
    try:
        elsewhere = urlsplit(path).netloc != ""
    except ValueError:
        return "/"
    ours = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if ours and not elsewhere else "/"


def come_in(keeper: Doorkeeper, entered: Entered, goes_on: str) -> Response:
    """The answer to whoever has come in; with a temporary password, to where it is replaced."""
    path = "/password" if entered.account.must_change else local(goes_on)
    if path == "/":
        path = pages.home(keeper.person(entered.account))
    response = RedirectResponse(path, status_code=303)
    keeper.hand_over(response, entered.token)
    return response


@router.get("/login")
def login_page(request: Request, house: HouseDep, _: Anybody, next: str = "/") -> Response:
    """The form."""
    return _form(request, house, next)


@router.post("/login")
def login(
    *,
    request: Request,
    house: HouseDep,
    keeper: Keeper,
    _: Anybody,
    name: Word,
    password: Word,
    next: Word = "/",
) -> Response:
    """By password. Whatever session the browser had ends."""
    doors = house.engine.access.doors
    try:
        entered = doors.enter(name.strip(), password, address_of(request))
    except Refusal as refusal:
        status = 429 if refusal.code == LOGIN_LATER else 401
        return _form(request, house, next, name, refusal, status)
    if old := keeper.token(request):
        doors.leave(old)
    return come_in(keeper, entered, next)


@router.post("/logout")
def logout(request: Request, house: HouseDep, keeper: Keeper, _: Anybody) -> Response:
    """Out, whether the session was still there or not."""
    if token := keeper.token(request):
        house.engine.access.doors.leave(token)
    response = RedirectResponse("/login", status_code=303)
    keeper.take_back(response)
    return response


@router.get("/password")
def password_page(request: Request, _: Own) -> Response:
    """The form."""
    return render(request, "access/password.html")


@router.post("/password")
@stands_on("/password", password="new")
def change_password(
    *,
    request: Request,
    house: HouseDep,
    keeper: Keeper,
    visitor: Own,
    old: Word,
    new: Word,
    again: Word,
) -> Response:
    """Replace one's own password; every session ends, and a new one begins here."""
    access, address = house.engine.access, address_of(request)
    if new != again:
        raise refuse(PASSWORDS_DIFFER, "again")
    _prove(access.doors, visitor.name, old, address)
    access.registrar.change(visitor.name, new, actor_of(visitor))
    return come_in(keeper, access.doors.enter(visitor.name, new, address), "/")


def _prove(doors: Doors, name: str, old: str, address: str) -> None:
    """Whoever finds a screen that was left alone does not know the password."""
    try:
        doors.prove(name, old, address)
    except Refusal as refusal:
        raise refuse(PASSWORD_NOT_IT, "old") if refusal.code == LOGIN_WRONG else refusal from None


@router.get("/login/oidc")
def oidc(request: Request, house: HouseDep, _: Anybody, next: str = "/") -> Response:
    """To the identity provider."""
    sent = _provider(request, house).send(local(next))
    response = RedirectResponse(sent.address, status_code=303)
    response.set_cookie(
        _STATE, sent.state, WAY_S, path=CALLBACK, httponly=True, samesite="lax",
        secure=house.settings.origin.startswith("https:"),
    )  # fmt: skip
    return response


@router.get(CALLBACK)
def oidc_callback(
    *,
    request: Request,
    house: HouseDep,
    keeper: Keeper,
    _: Anybody,
    code: str = "",
    state: str = "",
) -> Response:
    """Back from there."""
    kept = request.cookies.get(_STATE, "")
    try:
        login, goes_on = _provider(request, house).receive(code, state, kept)
        entered = house.engine.access.doors.enter_as(login, address_of(request))
    except Refusal as refusal:
        return _form(request, house, "/", refusal=refusal, status=status_of(refusal))
    if old := keeper.token(request):
        house.engine.access.doors.leave(old)
    response = come_in(keeper, entered, goes_on)
    response.delete_cookie(_STATE, path=CALLBACK)
    return response


def _provider(request: Request, house: House) -> Provider:
    origin = house.settings.origin.rstrip("/") or str(request.base_url).rstrip("/")
    engine = house.engine
    return Provider(house.settings, engine.log.vault, engine.clock.now, redirect=origin + CALLBACK)


def _form(
    request: Request,
    house: House,
    goes_on: str,
    name: str = "",
    refusal: Refusal | None = None,
    status: int = 200,
) -> Response:
    return render(
        request,
        "access/login.html",
        status,
        next=local(goes_on),
        name=name,
        refusal=refusal,
        oidc=bool(house.settings.oidc_issuer),
    )
