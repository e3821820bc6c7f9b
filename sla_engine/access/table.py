"""The table of who may do what (`data/access.toml`), and what follows from it."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from itertools import combinations

import msgspec

from sla_engine.errors import Fault, Refusal, register
from sla_engine.policy.clause import Text

ACCOUNT_ROLE_UNKNOWN = register(
    "ACCOUNT_ROLE_UNKNOWN",
    "没有角色“{found}”；可用：{allowed}",
    "there is no role {found}; there are: {allowed}",
)
ROLES_TOGETHER = register(
    "ROLES_TOGETHER",
    "同一人不得兼任{found}（{allowed}）",
    "nobody holds both {found} ({allowed})",
    "由不同的人分别担任",
    "give them to different people",
)
SCOPE_UNKNOWN = register(
    "SCOPE_UNKNOWN",
    "密钥不能有权限“{found}”；可用：{allowed}",
    "a key cannot have the permission {found}; there are: {allowed}",
)
PURPOSE_UNKNOWN = register(
    "PURPOSE_UNKNOWN",
    "没有查看用途“{found}”；可用：{allowed}",
    "there is no purpose {found}; there are: {allowed}",
    "查看个人信息须说明用途",
    "whoever reads personal data says for which purpose",
)

Words = tuple[str, str]


class Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role. `own_unit`: it sees and does only what is its own unit's."""

    title: Words
    permissions: frozenset[str]
    own_unit: bool = False


class Apart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whoever holds one of `these` holds none of `those` beside it."""

    reason: Words
    these: frozenset[str]
    those: frozenset[str]

    def parts(self, one: str, other: str) -> bool:
        """Whether these two roles may not be one person's."""
        return (one in self.these and other in self.those) or (
            other in self.these and one in self.those
        )


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which permission it takes to ask for a change, and which, of another person, to approve."""

    asks: str
    approves: str


class Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the key of a system may be for."""

    scopes: frozenset[str]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    permissions: Mapping[str, Words]
    roles: Mapping[str, Role]
    apart: tuple[Apart, ...]
    approvals: Mapping[str, Approval]
    keys: Keys
    purposes: Mapping[str, Words]
    masks: Mapping[str, frozenset[str]]

    def may(self, roles: Iterable[str]) -> frozenset[str]:
        """The permissions of whoever holds these roles."""
        held = (self.roles[role].permissions for role in roles if role in self.roles)
        return frozenset[str]().union(*held)

    def of_unit(self, roles: Iterable[str]) -> bool:
        """Whether one of these roles belongs to a unit."""
        return any(self.roles[role].own_unit for role in roles if role in self.roles)

    def refuse_together(self, roles: Iterable[str]) -> None:
        """Raises `ACCOUNT_ROLE_UNKNOWN` and `ROLES_TOGETHER`, every fault at once."""
        held = sorted(set(roles))
        faults = [
            Fault(ACCOUNT_ROLE_UNKNOWN, "roles", role, ", ".join(self.roles))
            for role in held
            if role not in self.roles
        ]
        faults += [
            Fault(ROLES_TOGETHER, "roles", f"{one} + {other}", " / ".join(each.reason))
            for one, other in combinations(held, 2)
            for each in self.apart
            if each.parts(one, other)
        ]
        if faults:
            raise Refusal(faults)

    def refuse_scopes(self, scopes: Iterable[str]) -> None:
        """Raises `SCOPE_UNKNOWN` for what no key may be for."""
        allowed = ", ".join(sorted(self.keys.scopes))
        wrong = sorted(set(scopes) - self.keys.scopes)
        if wrong:
            raise Refusal([Fault(SCOPE_UNKNOWN, "scopes", each, allowed) for each in wrong])

    def check_purpose(self, purpose: str) -> None:
        """Raises `PURPOSE_UNKNOWN`."""
        if purpose not in self.purposes:
            raise Refusal(Fault(PURPOSE_UNKNOWN, "purpose", purpose, ", ".join(self.purposes)))

    def words(self, name: str) -> Text:
        """Title of a role, a permission or a purpose; the name itself where there is none."""
        role = self.roles.get(name)
        pair = role.title if role else self.permissions.get(name) or self.purposes.get(name)
        return Text(*pair) if pair else Text(name, name)


def parse(text: str) -> Table:
    """The table from TOML. Raises msgspec.ValidationError."""
    return msgspec.convert(tomllib.loads(text), Table)


@cache
def shipped() -> Table:
    """The table that the program brings along."""
    return parse((files("sla_engine") / "data" / "access.toml").read_text("utf-8"))
