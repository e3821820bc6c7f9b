"""Knows visitors by their session or their key, and gives browsers the cookie that proves one."""

from collections.abc import Mapping

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from sla_engine.access.account import Account
from sla_engine.access.doors import KEY_WRONG, LOGIN_LATER, LOGIN_WRONG
from sla_engine.access.gatehouse import Gatehouse
from sla_engine.access.key import Key
from sla_engine.access.registrar import Actor
from sla_engine.clock import SystemClock
from sla_engine.errors import Refusal, Unavailable
from sla_engine.settings import Settings
from sla_engine.web.gate import NOBODY, Visitor
from sla_engine.web.problems import tell

tell(KEY_WRONG, 401)
tell(LOGIN_WRONG, 401)
tell(LOGIN_LATER, 429)

_MOMENT_S = 1.0
"""How long a key that was found valid is not asked about again: a system that sends hundreds of
facts a second is not to read the store for each. So long may a revoked key still be taken."""

_MANY = 1_000

OWN_PASSWORD = frozenset({"account:own"})
"""All that may be done with a password that somebody else has set: replace it."""


class Doorkeeper:
    """Implements `gate.Access`."""

    def __init__(self, gatehouse: Gatehouse, settings: Settings) -> None:
        self._gatehouse = gatehouse
        self._lasts = settings.session_s
        self._clock = SystemClock()
        self._lately: dict[tuple[str, str], tuple[float, Visitor]] = {}
        self._secure = settings.origin.startswith("https:")
        # A browser takes a cookie of this name only if it is secure and of this very host.
        self.cookie = "__Host-session" if self._secure else "session"

    def visitor(self, request: Request) -> Visitor:
        """Whoever asks; `NOBODY` with neither session nor key. Raises `KEY_WRONG`."""
        sent = key_in(request.headers)
        if sent:
            found = self._system(self._gatehouse.doors.system(sent, address_of(request)))
            self._remember(sent, address_of(request), found)
            return found
        token = self.token(request)
        account = self._gatehouse.doors.person(token) if token else None
        return self.person(account) if account else NOBODY

    def lately(self, request: Request) -> Visitor | None:
        """Implements `gate.Access`."""
        sent = key_in(request.headers)
        if not sent:
            return None if self.token(request) else NOBODY
        found = self._lately.get((sent, address_of(request)))
        return found[1] if found and self._clock.monotonic() < found[0] else None

    def still(self, request: Request, visitor: Visitor) -> bool:
        """Implements `gate.Access`."""
        sent, doors = key_in(request.headers), self._gatehouse.doors
        if sent:
            try:
                return self._system(doors.system(sent, address_of(request))) == visitor
            except Unavailable:
                raise
            except Refusal:
                return False
        account = doors.person(self.token(request), used=False)
        return account is not None and self.person(account) == visitor

    def _remember(self, sent: str, address: str, visitor: Visitor) -> None:
        if len(self._lately) >= _MANY:
            self._lately.clear()
        self._lately[sent, address] = (self._clock.monotonic() + _MOMENT_S, visitor)

    def token(self, request: HTTPConnection) -> str:
        """What a browser has to prove its session."""
        return request.cookies.get(self.cookie, "")

    def person(self, account: Account) -> Visitor:
        """Whoever an account belongs to."""
        table = self._gatehouse.table
        return Visitor(
            name=account.name,
            source=f"console:{account.name}",
            roles=frozenset(account.roles),
            permissions=OWN_PASSWORD if account.must_change else table.may(account.roles),
            unit=account.unit,
            title=account.title,
        )

    def _system(self, key: Key) -> Visitor:
        may = frozenset(key.scopes) & self._gatehouse.table.keys.scopes
        return Visitor(key.id, key.source, frozenset(), may, key.unit, key.title, person=False)

    def hand_over(self, response: Response, token: str) -> None:
        """Give a browser what proves its session."""
        response.set_cookie(
            self.cookie, token, self._lasts, path="/", secure=self._secure, httponly=True,
            samesite="lax",
        )  # fmt: skip

    def take_back(self, response: Response) -> None:
        """Have a browser forget it."""
        response.delete_cookie(
            self.cookie, path="/", secure=self._secure, httponly=True, samesite="lax"
        )


def actor_of(visitor: Visitor) -> Actor:
    """A visitor as the log names them."""
    return Actor(visitor.name, "+".join(sorted(visitor.roles)), visitor.source)


def key_in(headers: Mapping[str, str]) -> str:
    """The key that a system sends: `Authorization: Bearer …` or `X-API-Key`."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")


def address_of(connection: HTTPConnection) -> str:
    """From where somebody asks; "" where the server does not know."""
    return connection.client.host if connection.client else ""
