"""An account as its events make it: asked for, approved by another person, closed.

What takes rights away takes effect at once; what gives them waits for somebody else.
"""

import re
from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from sla_engine.access.events import (
    MACHINE,
    AccountApproved,
    AccountClosed,
    AccountLocked,
    AccountOpened,
    AccountRejected,
    AccountUnlocked,
    LoggedIn,
    LoggedOut,
    PasswordSet,
    RolesAsked,
)
from sla_engine.access.table import Table
from sla_engine.errors import refuse, register
from sla_engine.record import Draft, Event, Instant, Meta, Recorded

ACCOUNT_TAKEN = register(
    "ACCOUNT_TAKEN",
    "账号名“{found}”已用过",
    "the account name {found} is taken",
    "换一个；销户后的名字不再使用",
    "choose another one; the name of a closed account is not given again",
)
ACCOUNT_NAME_WRONG = register(
    "ACCOUNT_NAME_WRONG",
    "账号名“{found}”不对：应为{allowed}",
    "the account name {found} should be {allowed}",
)
ACCOUNT_IMPOSSIBLE = register(
    "ACCOUNT_IMPOSSIBLE",
    "账号{where}现为“{found}”，不能这样办理",
    "account {where} is {found}, so this cannot be done",
)
ROLES_MISSING = register("ROLES_MISSING", "没有写明角色", "no role is named")
UNIT_WRONG = register(
    "UNIT_WRONG",
    "承办员须写明本单位，其他角色不写单位（{found}）",
    "a handler names its unit, and nobody else does ({found})",
)
REQUEST_GONE = register(
    "REQUEST_GONE",
    "账号{where}没有待批准的申请{found}",
    "account {where} has no request {found} that waits for approval",
    "可能已批准、驳回或被新的申请取代",
    "it may have been approved, rejected or replaced by another one",
)
OWN_REQUEST = register(
    "OWN_REQUEST",
    "本人提出的申请，或关于本人账号的申请，须由他人批准",
    "a request of one's own, or about one's own account, is approved by somebody else",
)
OWN_ACCOUNT = register(
    "OWN_ACCOUNT",
    "不能对本人账号这样办理",
    "this cannot be done to one's own account",
    "由另一名系统管理员办理",
    "another system administrator can",
)

PASSWORD_OTHERS = register(
    "PASSWORD_OTHERS",
    "不能替他人设定长期口令",
    "nobody sets a lasting password for another person",
    "可重置为临时口令，经批准后由本人更换",
    "reset it to a temporary one, which its holder replaces once that is approved",
)

State = Literal["new", "pending", "active", "rejected", "closed"]

NAME = re.compile(r"[A-Za-z0-9\u4e00-\u9fff][\w.@-]{0,63}")


_NAMES = "letters, digits and . _ - @, up to 64 字母、汉字、数字及 . _ - @，至多64个"


class Ask(msgspec.Struct, frozen=True):
    """Rights that were asked for and wait for approval. `request`: version of the asking event."""

    request: int
    by: str
    at: Instant
    roles: tuple[str, ...]
    unit: str


class Account(msgspec.Struct, frozen=True):
    """An account as it stands. `locked_until`: None where it is not locked, 0 where only a person
    unlocks it. `roles` and `unit` are those in effect."""

    name: str
    version: int = 0
    state: State = "new"
    title: str = ""
    login: str = ""
    roles: tuple[str, ...] = ()
    unit: str = ""
    ask: Ask | None = None
    locked_until: Instant | None = None
    must_change: bool = False
    opened_at: Instant = 0
    last_login: Instant = 0

    def locked(self, now: Instant) -> bool:
        """Whether nobody may log in now."""
        return self.locked_until is not None and (self.locked_until == 0 or now < self.locked_until)

    def lets_in(self, now: Instant) -> bool:
        """Whether its holder may log in now."""
        return self.state == "active" and not self.locked(now)


# ------------------------------------------------------------------------------------------- fold


def fold(account: Account, events: Iterable[Recorded]) -> Account:
    """The account after further events. Cannot fail: what is in the log was decided."""
    for each in events:
        account = replace(_after(account, each), version=each.version)
    return account


def _after(account: Account, recorded: Recorded) -> Account:
    at, told = recorded.meta.occurred_at, dict[str, Any]()
    match recorded.event:
        case AccountOpened(_, title, roles, unit, login):
            ask = _ask(recorded, roles, unit)
            told = {"state": "pending", "title": title, "login": login, "opened_at": at, "ask": ask}
        case RolesAsked(roles, unit):
            told = {"ask": _ask(recorded, roles, unit)}
        case AccountApproved(request):
            account = _approved(account, request)
        case AccountRejected():
            never = account.state == "pending" and not account.roles
            told = {"state": "rejected" if never else account.state, "ask": None}
        case AccountClosed():
            told = {"state": "closed", "roles": (), "unit": "", "ask": None}
        case AccountLocked(until):
            told = {"locked_until": until}
        case AccountUnlocked():
            told = {"locked_until": None}
        case PasswordSet(temporary):
            account = _reset(account, recorded, temporary)
        case LoggedIn():
            told = {"last_login": at, "locked_until": None}
        case _:
            pass
    return replace(account, **told)


def _approved(account: Account, request: int) -> Account:
    ask = account.ask
    if ask is None or ask.request != request:
        return account
    return replace(account, state="active", roles=ask.roles, unit=ask.unit, ask=None)


def _reset(account: Account, recorded: Recorded, temporary: bool) -> Account:
    """Whoever resets another's password could come in under that name: its rights are asked for
    anew, or one administrator could become the other."""
    account = replace(account, must_change=temporary)
    if not temporary or not account.roles or recorded.meta.source == MACHINE:
        return account
    return replace(account, state="pending", ask=_ask(recorded, account.roles, account.unit))


def _ask(recorded: Recorded, roles: tuple[str, ...], unit: str) -> Ask:
    return Ask(recorded.version, recorded.meta.actor, recorded.meta.occurred_at, roles, unit)


# ----------------------------------------------------------------------------------------- decide


def check(account: Account, draft: Draft, table: Table) -> None:
    """Raises `Refusal` for what may not be recorded of an account as it stands."""
    allowed = _ALLOWED[type(draft.event)]
    if account.state not in allowed:
        code = ACCOUNT_TAKEN if isinstance(draft.event, AccountOpened) else ACCOUNT_IMPOSSIBLE
        raise refuse(code, account.name, account.name if code == ACCOUNT_TAKEN else account.state)
    meta = draft.meta
    match draft.event:
        case AccountOpened(name, _, roles, unit):
            if not NAME.fullmatch(name):
                raise refuse(ACCOUNT_NAME_WRONG, "account", name, _NAMES)
            _may_have(roles, unit, table)
        case RolesAsked(roles, unit):
            _may_have(roles, unit, table)
        case AccountApproved() as approved:
            _may_approve(account, meta, approved, table)
        case AccountRejected(request):
            _asked_for(account, request)
        case AccountClosed() | AccountUnlocked() | PasswordSet(temporary=True):
            _not_own(account, meta)
        case PasswordSet():
            if meta.actor != account.name and meta.source != MACHINE:
                raise refuse(PASSWORD_OTHERS, account.name)
        case _:
            pass


def _may_have(roles: tuple[str, ...], unit: str, table: Table) -> None:
    if not roles:
        raise refuse(ROLES_MISSING, "roles")
    table.refuse_together(roles)
    if table.of_unit(roles) != bool(unit):
        raise refuse(UNIT_WRONG, "unit", unit or "-")


def _may_approve(account: Account, meta: Meta, event: AccountApproved, table: Table) -> None:
    ask = _asked_for(account, event.request)
    machine = event.at_machine and meta.source == MACHINE
    if not machine and (event.at_machine or meta.actor in ("", ask.by, account.name)):
        raise refuse(OWN_REQUEST, account.name)
    # The table may have changed since.
    _may_have(ask.roles, ask.unit, table)


def _asked_for(account: Account, request: int) -> Ask:
    ask = account.ask
    if ask is None or ask.request != request:
        raise refuse(REQUEST_GONE, account.name, request)
    return ask


def _not_own(account: Account, meta: Meta) -> None:
    if meta.actor == account.name and meta.source != MACHINE:
        raise refuse(OWN_ACCOUNT, account.name)


_ALLOWED: dict[type[Event], frozenset[State]] = {
    AccountOpened: frozenset({"new"}),
    RolesAsked: frozenset({"active"}),
    AccountApproved: frozenset({"pending", "active"}),
    AccountRejected: frozenset({"pending", "active"}),
    AccountClosed: frozenset({"pending", "active"}),
    AccountLocked: frozenset({"active"}),
    AccountUnlocked: frozenset({"active"}),
    PasswordSet: frozenset({"pending", "active"}),
    LoggedIn: frozenset({"active"}),
    LoggedOut: frozenset({"active"}),
}
