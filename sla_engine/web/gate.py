"""Who asks, and whether they may. Every route names the one permission it takes, or that it takes
none; a test walks all routes and compares them with the table of roles."""

from typing import Annotated, Any, Protocol

import msgspec
from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from sla_engine.errors import refuse, register

NOT_KNOWN = register(
    "NOT_KNOWN",
    "未登录，或密钥无效",
    "nobody is signed in, or the key is not valid",
    "先登录，或随请求带上有效的密钥",
    "sign in, or send a valid key with the request",
)
NOT_ALLOWED = register(
    "NOT_ALLOWED",
    "没有“{allowed}”权限",
    "this takes the permission {allowed}",
    "向系统管理员申请，经安全保密管理员批准后生效",
    "ask the system administrator; it takes effect once the security administrator approves",
)
NOT_YOURS = register(
    "NOT_YOURS",
    "“{found}”不属于本单位",
    "{found} does not belong to your unit",
)

PUBLIC = ""
"""Permission of a route that anybody may ask."""


class Visitor(msgspec.Struct, frozen=True):
    """Whoever asks. `source`: under which the facts they send are recorded. `unit`: a handler's
    own; they see and do only what is this unit's."""

    name: str
    source: str
    roles: frozenset[str]
    permissions: frozenset[str]
    unit: str = ""
    title: str = ""
    person: bool = True
    """A person at the console, who has seen what they change; a system otherwise."""

    def may(self, permission: str) -> bool:
        return permission == PUBLIC or permission in self.permissions


NOBODY = Visitor("", "", frozenset(), frozenset())


class Access(Protocol):
    """Knows whoever asks."""

    def visitor(self, request: Request) -> Visitor:
        """`NOBODY` where there is neither a session nor a key. Blocking; raises `NOT_KNOWN` for a
        key that is not valid."""
        ...

    def lately(self, request: Request) -> Visitor | None:
        """The same where it is known without asking the store, for whoever came a moment ago or
        brings nothing; None otherwise. Does not block."""
        ...

    def still(self, request: Request, visitor: Visitor) -> bool:
        """Whether they have the same rights as when they came; to ask is no sign of life. Blocking,
        and raises nothing but errors.Unavailable."""
        ...


def asks(request: Request) -> Visitor:
    """The visitor of a request, found once."""
    found: Visitor | None = getattr(request.state, "visitor", None)
    if found is None:
        found = request.app.state.house.access.visitor(request)
        request.state.visitor = found
    return found


def _lately(request: Request) -> Visitor | None:
    """The visitor, if that takes no thread. A turn in another thread costs more than most
    questions, and much more while the writer is at work."""
    found: Visitor | None = request.app.state.house.access.lately(request)
    if found is not None:
        request.state.visitor = found
    return found


def need(*permissions: str) -> Any:
    """Dependency: the visitor, who has one of `permissions`. Raises `NOT_KNOWN`, `NOT_ALLOWED`."""

    async def admit(request: Request) -> Visitor:
        visitor = _lately(request)
        if visitor is None:
            visitor = await run_in_threadpool(asks, request)
        if not any(map(visitor.may, permissions)):
            code = NOT_ALLOWED if visitor.name else NOT_KNOWN
            raise refuse(code, "", visitor.name, " | ".join(permissions))
        return visitor

    # Read by the walk over all routes; one of several, with bars between them.
    admit.permission = "|".join(permissions)  # type: ignore[attr-defined]
    return Depends(admit)


def own(visitor: Visitor, unit: str, what: str) -> None:
    """Raises `NOT_YOURS` for whoever belongs to a unit and asks about another's."""
    if visitor.unit and visitor.unit != unit:
        raise refuse(NOT_YOURS, "", what)


Anybody = Annotated[Visitor, need(PUBLIC)]
