"""Events beside the dossiers: who was given which rights by whom, and who read whose data.

Streams: `account/NAME`, `key/ID`, and `reading/SUBJECT` for what was read of one petitioner, apart
from `subject/SUBJECT`, where an erasure is the last word. Whoever did it is the event's `actor` in
its `role`; its `source` is "console:NAME", or "machine" for the command line. No event holds a
password, a key, a digest of either, or a value that was read.

A right takes effect when another person has approved what was asked for; `request` is the version
of the event that asked. What takes rights away takes effect at once.
"""

from sla_engine.record import Event, Instant, wire

ACCOUNT = "account/"
KEY = "key/"
READING = "reading/"
EXPORT = "export/"

MACHINE = "machine"
"""Source of what was done at the command line of the machine itself."""


@wire("account.opened/1")
class AccountOpened(Event):
    """An account was asked for. `title`: the person as others know them; `unit`: of a handler, the
    one unit whose petitions it may see; `login`: the person's name at the OIDC provider."""

    account: str
    title: str
    roles: tuple[str, ...]
    unit: str = ""
    login: str = ""


@wire("account.roles_asked/1")
class RolesAsked(Event):
    """From its approval on the account is to have these roles, and no others."""

    roles: tuple[str, ...]
    unit: str = ""


@wire("account.approved/1")
class AccountApproved(Event):
    """What was asked for at version `request` takes effect. `at_machine`: approved at the command
    line, which is how the first administrators come about."""

    request: int
    at_machine: bool = False


@wire("account.rejected/1")
class AccountRejected(Event):
    """What was asked for at version `request` does not take effect."""

    request: int
    reason: str = ""


@wire("account.closed/1")
class AccountClosed(Event):
    """The account is gone for good, with its sessions; its name is not given again."""

    reason: str = ""


@wire("account.locked/1")
class AccountLocked(Event):
    """No login until then, be the password right or wrong. `failures`: how many there had been;
    0: locked by a person. `until` 0: until it is unlocked."""

    until: Instant = 0
    failures: int = 0
    reason: str = ""


@wire("account.unlocked/1")
class AccountUnlocked(Event):
    """Logins are possible again."""


@wire("account.password_set/1")
class PasswordSet(Event):
    """The password is another one, and every session has ended. `temporary`: set by another person,
    to be replaced at the next login."""

    temporary: bool = False


@wire("account.logged_in/1")
class LoggedIn(Event):
    """Somebody came in. `method`: "password" or "oidc"; `address`: from where."""

    method: str
    address: str = ""


@wire("account.logged_out/1")
class LoggedOut(Event):
    """Somebody left. `everywhere`: every session of the account has ended, not this one alone."""

    everywhere: bool = False


@wire("key.issued/1")
class KeyIssued(Event):
    """A key was asked for. `source`: under which name the facts of its holder are recorded;
    `scopes`: permissions; `networks`: from where it may be used (CIDR), from everywhere if empty;
    `expires_at` 0: never."""

    key: str
    title: str
    source: str
    scopes: tuple[str, ...]
    expires_at: Instant = 0
    networks: tuple[str, ...] = ()
    unit: str = ""


@wire("key.approved/1")
class KeyApproved(Event):
    """The key takes effect. `at_machine`: it was issued at the command line."""

    at_machine: bool = False


@wire("key.rejected/1")
class KeyRejected(Event):
    """The key never takes effect."""

    reason: str = ""


@wire("key.revoked/1")
class KeyRevoked(Event):
    """The key has no effect any more."""

    reason: str = ""


@wire("subject.read/1")
class SubjectRead(Event):
    """Somebody was shown personal data: for which purpose, of which petition, which fields."""

    subject: str
    purpose: str
    petition: str
    fields: tuple[str, ...]


@wire("export.taken/1")
class ExportTaken(Event):
    """Somebody took a list away as a file: which one, and by which filters. It holds no personal
    data. Stream: `export/NAME`."""

    what: str
    asked: tuple[str, ...] = ()
