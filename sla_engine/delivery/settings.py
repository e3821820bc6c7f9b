"""What an operator sets for delivery: how patient it is, and to which endpoints it sends."""

import tomllib
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from random import Random
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from sla_engine.delivery.message import Message
from sla_engine.errors import Fault, Refusal, refuse, register, shorten
from sla_engine.record import Instant

ENDPOINTS_UNREADABLE = register(
    "ENDPOINTS_UNREADABLE",
    "投递端点文件读不懂：{found}",
    "the file of endpoints cannot be read: {found}",
    "写法见 docs/delivery.md",
    "docs/delivery.md says how to write it",
)
ENDPOINT_WRONG = register(
    "ENDPOINT_WRONG",
    "投递设置 {found} 不对；应为{allowed}",
    "{found} is not right here; it should be {allowed}",
)
SECRET_MISSING = register(
    "SECRET_MISSING",
    "环境变量 {found} 没有可用的签名密钥",
    "the environment variable {found} holds no signing secret",
    "密钥写作 whsec_ 加 base64",
    "a secret is written whsec_ and base64",
)

SECOND = 1_000_000
SECRET = "whsec_"

_STRICT = ConfigDict(extra="forbid")
_Positive = Annotated[float, Field(gt=0)]
_Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True, config=_STRICT)
class Patience:
    """When a message that failed is tried again: `first_s` after the first failure, twice as long
    after each further one but never longer than `longest_s`; after `tries` it is given up. What
    stands here waits a little over two days."""

    first_s: _Positive = 5
    longest_s: _Positive = 6 * 3600
    tries: _Count = 20

    def pause(self, failures: int, chance: Random, asked: Instant = 0) -> Instant:
        """How long to wait after so many failures, in µs: at least as long as the receiver
        `asked` for, and spread out so that what failed together does not come back together."""
        doubled = self.first_s * 2 ** min(failures - 1, 40)
        wait = min(self.longest_s, doubled) * chance.uniform(0.75, 1.0)
        return max(int(wait * SECOND), min(asked, int(self.longest_s * SECOND)))


@dataclass(frozen=True, slots=True, config=_STRICT)
class Endpoint:
    """One channel: its permanent `name`, where it leads, and what it takes ("" or nothing: all).

    `kind` "stream": a Redis stream of that name at `url`, which keeps at most `longest` entries
    that not everybody has read. "webhook": `secrets` sign every request, several while they are
    changed; `private`: it may lead into a private network. `since` "now": from its first start on;
    "start": from the beginning of the log.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    kind: Literal["stream", "webhook"]
    url: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    units: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    topics: frozenset[Literal["act", "term", "ruling", "assignment", "talk", "item", "board"]] = (
        frozenset()
    )
    private: bool = False
    timeout_s: _Positive = 10
    longest: _Count = 100_000
    since: Literal["now", "start"] = "now"

    def narrowed(self, message: Message) -> Message | None:
        """The message for those recipients whom this endpoint serves; None if there are none."""
        if self.topics and message.topic not in self.topics:
            return None
        to = [
            each
            for each in message.to
            if (not self.units or each.unit in self.units)
            and (not self.roles or each.role in self.roles)
        ]
        return message.only_to(*to) if to else None


@dataclass(frozen=True, slots=True, config=_STRICT)
class Delivery:
    """Settings that all channels share.

    `late_after_s`: what is recorded so long after it was so goes into a digest; a digest collects
    for `digest_wait_s` and names at most `digest_size`. `offices`: roles whose holders stand above
    the units and get one digest for all of them. `in_flight`: most messages waiting in memory
    before no more are taken from the log. `batch`: parcels in one pass, `lease_s`: how long they
    are one courier's own. `quiet_s`: longest pause between tries of a channel that is away.
    `republish_s`: how far back is sent again when a stream was lost, and `mark_s` how long a stream
    knows what it holds.
    """

    late_after_s: Annotated[float, Field(ge=0)] = 6 * 3600
    digest_wait_s: Annotated[float, Field(ge=0)] = 60
    digest_size: _Count = 200
    offices: frozenset[str] = frozenset({"supervisor", "dispatcher", "hotline", "discipline"})
    in_flight: _Count = 10_000
    batch: _Count = 200
    lease_s: _Positive = 120
    quiet_s: _Positive = 60
    republish_s: _Positive = 86_400
    mark_s: _Positive = 7 * 86_400
    patience: Patience = field(default_factory=Patience)
    endpoints: tuple[Endpoint, ...] = ()


def load_delivery(path: Path, environment: Mapping[str, str]) -> Delivery:
    """Settings of a TOML file; secrets come from the variables it names.

    Raises `Refusal` with every fault: ENDPOINTS_UNREADABLE, ENDPOINT_WRONG, SECRET_MISSING.
    """
    table = _table(path)
    endpoints, faults = table.pop("endpoint", []), list[Fault]()
    faults += _open_secrets(endpoints, environment)
    try:
        delivery = TypeAdapter(Delivery).validate_python({**table, "endpoints": endpoints})
        faults += _contradictions(delivery.endpoints)
    except ValidationError as error:
        raise Refusal([*faults, *map(_fault, error.errors())]) from None
    if faults:
        raise Refusal(faults)
    return delivery


def load_terms(path: Path) -> Delivery:
    """The same without its endpoints: whoever sends nothing needs no secret."""
    table = _table(path)
    table.pop("endpoint", None)
    try:
        return TypeAdapter(Delivery).validate_python(table)
    except ValidationError as error:
        raise Refusal(map(_fault, error.errors())) from None


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise refuse(ENDPOINTS_UNREADABLE, path.name, error) from None


def _open_secrets(endpoints: Any, environment: Mapping[str, str]) -> Iterator[Fault]:
    """Put secrets in the place of the variables that hold them."""
    for number, each in enumerate(endpoints if isinstance(endpoints, list) else ()):
        names = each.get("secrets", []) if isinstance(each, dict) else []
        if isinstance(names, list) and names:
            each["secrets"] = [environment.get(str(name), "") for name in names]
            for name, secret in zip(names, each["secrets"], strict=True):
                if not well_formed(secret):
                    yield Fault(SECRET_MISSING, f"endpoint.{number}.secrets", str(name))


def well_formed(secret: str) -> bool:
    """Whether a text is a signing secret as Standard Webhooks writes it."""
    try:
        return secret.startswith(SECRET) and bool(key_of(secret))
    except ValueError:
        return False


def key_of(secret: str) -> bytes:
    """The bytes of a secret. Raises ValueError."""
    return b64decode(secret.removeprefix(SECRET), validate=True)


def _contradictions(endpoints: tuple[Endpoint, ...]) -> Iterator[Fault]:
    names = Counter(each.name for each in endpoints)
    for name in (name for name, count in names.items() if count > 1):
        yield Fault(ENDPOINT_WRONG, "endpoint.name", name, "每个端点各用一名 a name of its own")
    for each in endpoints:
        if each.kind == "webhook" and not (each.url and each.secrets):
            yield Fault(ENDPOINT_WRONG, each.name, "webhook", "url, secrets")


def _fault(error: Any) -> Fault:
    """What pydantic found, without the value where that may be a secret."""
    where = ".".join(map(str, error["loc"])).replace("endpoints.", "endpoint.")
    found = "" if "secrets" in error["loc"] else shorten(error["input"])
    return Fault(ENDPOINT_WRONG, where, found, error["msg"])
