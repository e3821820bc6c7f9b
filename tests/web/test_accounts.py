"""Accounts and keys: whatever is tried, nobody comes to hold what may not be held together, and
nobody approves what they asked for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla_engine.access import account, key
from sla_engine.access.account import Account
from sla_engine.access.events import (
    MACHINE,
    AccountApproved,
    AccountClosed,
    AccountLocked,
    AccountOpened,
    AccountRejected,
    AccountUnlocked,
    KeyApproved,
    KeyIssued,
    KeyRejected,
    KeyRevoked,
    LoggedIn,
    PasswordSet,
    RolesAsked,
)
from sla_engine.access.key import Key
from sla_engine.access.registrar import Actor, at_machine, meta_of
from sla_engine.access.table import shipped
from sla_engine.errors import Refusal
from sla_engine.record import Draft, Event, Recorded

TABLE = shipped()
PEOPLE = ("li", "wang", "zhao")
SYSTEM = Actor("wang", "system", "console:wang")
SECURITY = Actor("zhao", "security", "console:zhao")


def after(known: Any, draft: Draft, module: Any) -> Any:
    """The account or key after an event that is allowed; the same after one that is not."""
    try:
        module.check(known, draft, TABLE)
    except Refusal:
        return known
    return module.fold(known, [Recorded("x", known.version + 1, 0, *draft)])


def lived(*events: tuple[Actor, Event]) -> Account:
    """What becomes of the account "li"; every one of these events must be allowed."""
    known = Account("li")
    for number, (by, event) in enumerate(events):
        draft = Draft(meta_of(by, number), event)
        account.check(known, draft, TABLE)
        known = account.fold(known, [Recorded("account/li", known.version + 1, 0, *draft)])
    return known


def refused(known: Account, by: Actor, event: Event) -> str:
    with pytest.raises(Refusal) as found:
        account.check(known, Draft(meta_of(by, 0), event), TABLE)
    return found.value.code


OPENED = (SYSTEM, AccountOpened("li", "李明", ("handler",), "住建局"))
APPROVED = (SECURITY, AccountApproved(1))


def test_rights_wait_for_another_person() -> None:
    pending = lived(OPENED)
    assert (pending.state, pending.roles, pending.lets_in(0)) == ("pending", (), False)
    assert refused(pending, SYSTEM, AccountApproved(1)) == "OWN_REQUEST"
    assert refused(pending, Actor("li"), AccountApproved(1)) == "OWN_REQUEST"
    assert refused(pending, Actor(""), AccountApproved(1)) == "OWN_REQUEST"
    assert refused(pending, SECURITY, AccountApproved(1, at_machine=True)) == "OWN_REQUEST"
    assert refused(pending, SECURITY, AccountApproved(7)) == "REQUEST_GONE"
    active = lived(OPENED, APPROVED)
    assert (active.roles, active.unit, active.lets_in(0)) == (("handler",), "住建局", True)


def test_the_first_accounts_are_approved_at_the_machine() -> None:
    here = at_machine("root")
    active = lived((here, OPENED[1]), (here, AccountApproved(1, at_machine=True)))
    assert active.state == "active"


def test_other_roles_take_effect_when_approved_and_the_old_ones_last_until_then() -> None:
    asked = lived(OPENED, APPROVED, (SYSTEM, RolesAsked(("reviewer",))))
    assert (asked.roles, asked.state) == (("handler",), "active")
    granted = lived(
        OPENED, APPROVED, (SYSTEM, RolesAsked(("reviewer",))), (SECURITY, AccountApproved(3))
    )
    assert (granted.roles, granted.unit, granted.ask) == (("reviewer",), "", None)
    kept = lived(
        OPENED, APPROVED, (SYSTEM, RolesAsked(("reviewer",))), (SECURITY, AccountRejected(3))
    )
    assert (kept.roles, kept.state) == (("handler",), "active")


@pytest.mark.parametrize(
    ("roles", "unit", "code"),
    [
        ((), "", "ROLES_MISSING"),
        (("system", "audit"), "", "ROLES_TOGETHER"),
        (("king",), "", "ACCOUNT_ROLE_UNKNOWN"),
        (("handler",), "", "UNIT_WRONG"),
        (("supervisor",), "住建局", "UNIT_WRONG"),
    ],
)
def test_what_may_not_be_held_is_not_even_asked_for(
    roles: tuple[str, ...], unit: str, code: str
) -> None:
    assert refused(Account("li"), SYSTEM, AccountOpened("li", "李明", roles, unit)) == code
    assert refused(lived(OPENED, APPROVED), SYSTEM, RolesAsked(roles, unit)) == code


@pytest.mark.parametrize("name", ["", "a b", "a/b", "../x", "-x", "a" * 65, "x\0", "<b>"])
def test_a_name_that_would_read_like_something_else_is_refused(name: str) -> None:
    assert refused(Account(name), SYSTEM, AccountOpened(name, "x", ("intake",))) == (
        "ACCOUNT_NAME_WRONG"
    )


def test_a_closed_account_stays_closed_and_its_name_is_not_given_again() -> None:
    closed = lived(OPENED, APPROVED, (SYSTEM, AccountClosed("调离")))
    assert (closed.state, closed.roles) == ("closed", ())
    assert refused(closed, *OPENED) == "ACCOUNT_TAKEN"
    assert refused(closed, SYSTEM, PasswordSet(temporary=True)) == "ACCOUNT_IMPOSSIBLE"


def test_nobody_closes_or_unlocks_or_resets_their_own_account() -> None:
    active, own = lived(OPENED, APPROVED), Actor("li", "system", "console:li")
    for event in (AccountClosed(), AccountUnlocked(), PasswordSet(temporary=True)):
        assert refused(active, own, event) == "OWN_ACCOUNT"


def test_a_password_that_another_has_reset_opens_nothing_until_a_third_approves() -> None:
    """Else the system administrator could come in as the security administrator."""
    reset = lived(OPENED, APPROVED, (SYSTEM, PasswordSet(temporary=True)))
    assert (reset.state, reset.must_change, reset.lets_in(0)) == ("pending", True, False)
    assert refused(reset, SYSTEM, AccountApproved(3)) == "OWN_REQUEST"
    again = lived(
        OPENED, APPROVED, (SYSTEM, PasswordSet(temporary=True)), (SECURITY, AccountApproved(3))
    )
    assert (again.roles, again.unit, again.lets_in(0)) == (("handler",), "住建局", True)
    assert refused(again, SYSTEM, PasswordSet()) == "PASSWORD_OTHERS"


def test_a_reset_that_is_rejected_leaves_an_account_that_can_be_reset_again() -> None:
    rejected = (
        OPENED, APPROVED, (SYSTEM, PasswordSet(temporary=True)), (SECURITY, AccountRejected(3)),
    )  # fmt: skip
    assert lived(*rejected).state == "pending"
    once_more = lived(
        *rejected, (SYSTEM, PasswordSet(temporary=True)), (SECURITY, AccountApproved(5))
    )
    assert once_more.state == "active"


def test_a_lock_ends_by_itself_or_by_a_person() -> None:
    brief = lived(OPENED, APPROVED, (SYSTEM, AccountLocked(100, 5)))
    assert (brief.lets_in(99), brief.lets_in(100)) == (False, True)
    lasting = lived(OPENED, APPROVED, (SYSTEM, AccountLocked()))
    assert not lasting.lets_in(10**18)
    assert lived(OPENED, APPROVED, (SYSTEM, AccountLocked()), (SYSTEM, AccountUnlocked())).lets_in(
        0
    )


# ------------------------------------------------------------------------------- whatever is tried

ACTORS = st.sampled_from([*PEOPLE, ""])
ROLES = st.lists(st.sampled_from([*TABLE.roles]), max_size=3, unique=True).map(tuple)
UNITS = st.sampled_from(["", "住建局"])
VERSIONS = st.integers(0, 12)
ACCOUNT_EVENTS = st.one_of(
    st.builds(AccountOpened, st.just("li"), st.just("李明"), ROLES, UNITS),
    st.builds(RolesAsked, ROLES, UNITS),
    st.builds(AccountApproved, VERSIONS, st.booleans()),
    st.builds(AccountRejected, VERSIONS),
    st.builds(AccountClosed),
    st.builds(AccountLocked, st.integers(0, 20)),
    st.builds(AccountUnlocked),
    st.builds(PasswordSet, st.booleans()),
    st.builds(LoggedIn, st.just("password")),
)
SOURCES = st.sampled_from(["console:x", "console:x", "console:x", MACHINE])


@given(st.lists(st.tuples(ACTORS, SOURCES, ACCOUNT_EVENTS), max_size=25))
def test_no_account_comes_to_hold_roles_that_are_kept_apart(
    tried: list[tuple[str, str, Event]],
) -> None:
    known = Account("li")
    for by, source, event in tried:
        known = after(known, Draft(meta_of(Actor(by, "", source), 0), event), account)
        if known.roles:
            TABLE.refuse_together(known.roles)
        assert TABLE.of_unit(known.roles) == bool(known.unit)
        assert bool(known.roles) or not known.lets_in(0)


@given(st.lists(st.tuples(ACTORS, SOURCES, ACCOUNT_EVENTS), max_size=25))
def test_nobody_approves_what_they_asked_for_or_what_is_about_themselves(
    tried: list[tuple[str, str, Event]],
) -> None:
    known = Account("li")
    for by, source, event in tried:
        before = known
        known = after(known, Draft(meta_of(Actor(by, "", source), 0), event), account)
        took_effect = known.version > before.version and isinstance(event, AccountApproved)
        if took_effect and source != MACHINE:
            assert before.ask is not None
            assert by not in ("", "li", before.ask.by)


SCOPES = st.lists(st.sampled_from([*TABLE.permissions]), max_size=3, unique=True).map(tuple)
KEY_EVENTS = st.one_of(
    st.builds(
        KeyIssued, st.just("k"), st.just("t"), st.sampled_from(["12345", "", "engine"]), SCOPES,
        st.integers(0, 20),
    ),
    st.builds(KeyApproved, st.booleans()),
    st.builds(KeyRejected),
    st.builds(KeyRevoked),
)  # fmt: skip


@given(st.lists(st.tuples(ACTORS, SOURCES, KEY_EVENTS), max_size=15))
def test_a_key_in_effect_was_approved_by_another_and_is_for_nothing_it_may_not_be(
    tried: list[tuple[str, str, Event]],
) -> None:
    known, approved, revoked = Key("k"), False, False
    for by, source, event in tried:
        before = known
        known = after(known, Draft(meta_of(Actor(by, "", source), 0), event), key)
        if known.version > before.version and isinstance(event, KeyApproved):
            approved = True
            assert source == MACHINE or by not in ("", before.by)
        revoked = revoked or known.state == "revoked"
        if known.valid(0):
            assert approved
            assert not revoked
            assert set(known.scopes) <= TABLE.keys.scopes
            assert known.source == "12345"
