"""A client of the HTTP interface, for upstream systems and scripts.

It needs nothing of the engine but this file, with `httpx2` and `msgspec`. Whatever is sent has an
id of its own, so that sending it again is harmless; the client does that by itself while the server
is away, busy or full. Refusals are `Problem`s, with every fault at once.

    with Client("http://127.0.0.1:8000", key="sla_...") as engine:
        engine.append({"petition": "ZZ1", "type": "registered", "id": "evt-1", ...})
        for event in engine.events(kind="petition"):
            ...
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar
from urllib.parse import quote

import httpx2
import msgspec

T = TypeVar("T")
Json = dict[str, Any]

_AGAIN = frozenset({429, 502, 503, 504})
_SILENT_S = 45.0
"""A stream that says nothing for three pings is dead."""
_BATCH = 500


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong: where in what was sent, which code, in words."""

    pointer: str = ""
    code: str = ""
    detail: str = ""


class Problem(Exception):
    """A refusal, as RFC 9457 has it. `code` never changes its meaning; `errors` are all faults;
    `etag` is the current version where another was looked at."""

    def __init__(self, document: Mapping[str, Any], etag: str = "", wait: float = 0.0) -> None:
        self.status = int(document.get("status", 0))
        self.code = str(document.get("code", ""))
        self.detail = str(document.get("detail", ""))
        self.errors = tuple(msgspec.convert(each, Fault) for each in document.get("errors", ()))
        self.etag = etag
        self.wait = wait
        super().__init__(f"{self.status} {self.code}: {self.detail}")


class Answer(msgspec.Struct, frozen=True):
    """What became of a fact: `recorded`, or `repeated` where it was there already. `version` is
    its own in its dossier, `etag` what to send as `if_match` next."""

    status: str
    id: str
    stream: str
    version: int
    etag: str = ""


class Event(msgspec.Struct, frozen=True):
    """An event as recorded. `at` and `recorded_at` are RFC 3339."""

    position: int
    stream: str
    version: int
    type: str
    at: str
    recorded_at: str
    data: Json
    source: str = ""
    id: str = ""
    by: str = ""
    role: str = ""
    unit: str = ""


class Read(NamedTuple):
    """Something read, and the version it was read at."""

    body: Json
    etag: str


class Patience(NamedTuple):
    """How often something is tried, and the first and the longest pause between, in seconds."""

    tries: int = 8
    first_s: float = 0.2
    most_s: float = 10.0

    def pause(self, failures: int) -> float:
        """Before the next try; not the same for all who wait."""
        longest: float = min(self.most_s, self.first_s * 2.0 ** (failures - 1))
        return longest * random.uniform(0.5, 1.0)


_PATIENCE = Patience()


class Client:
    """One server, asked with one key. Use it as a context manager; one for each thread."""

    def __init__(
        self,
        address: str,
        key: str = "",
        *,
        timeout_s: float = 10.0,
        patience: Patience = _PATIENCE,
        language: str = "zh-CN",
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        headers = {"Accept-Language": language}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._http = httpx2.Client(base_url=address, headers=headers, timeout=timeout_s)
        self._patience = patience
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all connections."""
        self._http.close()

    # --------------------------------------------------------------------------------- writing

    def append(self, fact: Mapping[str, Any]) -> Answer:
        """Record a fact, which has an `id`. Raises `Problem`, httpx2.TransportError."""
        return _answer(self._persist("POST", "/v1/facts", fact))

    def append_many(self, facts: Iterable[Mapping[str, Any]]) -> list[Answer | Problem]:
        """Record many, each with an answer of its own, in order. Raises as `append`."""
        told, all_of_them = list[Answer | Problem](), list(facts)
        for start in range(0, len(all_of_them), _BATCH):
            batch = all_of_them[start : start + _BATCH]
            answers = self._persist("POST", "/v1/facts", batch).json()["answers"]
            told += [_of_batch(each) for each in answers]
        return told

    def command(
        self,
        stream: str,
        fact: Mapping[str, Any],
        *,
        key: str,
        if_match: str = "",
    ) -> Answer:
        """Record a fact about one dossier ("petition/NO"), under an id (`key`), as long as the
        dossier is at the version that was looked at (`if_match`, an `etag`)."""
        kind, _, name = stream.partition("/")
        headers = {"Idempotency-Key": key, **({"If-Match": if_match} if if_match else {})}
        return _answer(self._persist("POST", _path(f"{kind}s", name, "facts"), fact, headers))

    # --------------------------------------------------------------------------------- reading

    def petition(self, no: str) -> Read:
        """A petition as it stands."""
        return self._read(_path("petitions", no))

    def timeline(self, no: str, known_at: str = "") -> Read:
        """What happened and what was learned when; `known_at` (RFC 3339): as known then."""
        parameters = {"known_at": known_at} if known_at else {}
        return self._read(_path("petitions", no, "timeline"), parameters)

    def clocks(self, no: str) -> Read:
        """Every clock of a petition."""
        return self._read(_path("petitions", no, "clocks"))

    def why(self, no: str, clause: str, cycle: str) -> Read:
        """How a due instant comes about, step by step."""
        return self._read(_path("petitions", no, "clocks", clause, cycle, "why"))

    def tracking_code(self, no: str) -> str:
        """With which the petitioner follows their petition."""
        return str(self._read(_path("petitions", no, "tracking-code")).body["code"])

    def events(
        self, after: int | None = None, *, stream: str = "", kind: str = ""
    ) -> Iterator[Event]:
        """Events behind a position, else those from now on; never ends by itself. A connection
        that is lost is made again from the last event, so that none is missed and none comes
        twice. Raises `Problem` when the server refuses for good."""
        parameters = {name: text for name, text in (("stream", stream), ("kind", kind)) if text}
        last, failures = after, 0
        while True:
            try:
                for position, event in self._listen(last, parameters):
                    last, failures = position, 0
                    if event is not None:
                        yield event
            except httpx2.TransportError:
                failures += 1
            except Problem as problem:
                if problem.status not in _AGAIN:
                    raise
                failures += 1
            self._sleep(self._patience.pause(max(failures, 1)))

    # ------------------------------------------------------------------------------- by the way

    def _listen(
        self, last: int | None, parameters: Mapping[str, str]
    ) -> Iterator[tuple[int, Event | None]]:
        headers = {"Accept": "text/event-stream"}
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        timeout = httpx2.Timeout(10.0, read=_SILENT_S)
        with self._http.stream(
            "GET", "/v1/events", params=parameters, headers=headers, timeout=timeout
        ) as response:
            if response.status_code != 200:
                response.read()
                raise _problem(response)
            yield from _told(response.iter_lines())

    def _read(self, path: str, parameters: Mapping[str, str] = {}) -> Read:
        response = self._persist("GET", path, parameters=parameters)
        return Read(response.json(), response.headers.get("etag", ""))

    def _persist(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        headers: Mapping[str, str] = {},
        parameters: Mapping[str, str] = {},
    ) -> httpx2.Response:
        """Ask until there is an answer."""
        content = None if body is None else msgspec.json.encode(body)
        typed = {"Content-Type": "application/json"} if content is not None else {}
        failures = 0
        while True:
            try:
                response = self._http.request(
                    method, path, content=content, headers={**typed, **headers}, params=parameters
                )
                if response.status_code < 400:
                    return response
                raise _problem(response)
            except (httpx2.TransportError, Problem) as trouble:
                if isinstance(trouble, Problem) and trouble.status not in _AGAIN:
                    raise
                failures += 1
                if failures >= self._patience.tries:
                    raise
                wait = trouble.wait if isinstance(trouble, Problem) else 0.0
            self._sleep(max(wait, self._patience.pause(failures)))


def _path(*parts: str) -> str:
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def _answer(response: httpx2.Response) -> Answer:
    told = msgspec.convert(response.json(), Answer)
    return msgspec.structs.replace(told, etag=response.headers.get("etag", ""))


def _of_batch(told: Mapping[str, Any]) -> Answer | Problem:
    return Problem(told["problem"]) if "problem" in told else msgspec.convert(told, Answer)


def _problem(response: httpx2.Response) -> Problem:
    try:
        document = response.json()
    except ValueError:
        document = {"status": response.status_code, "detail": response.text[:200]}
    document.setdefault("status", response.status_code)
    after = response.headers.get("retry-after", "")
    wait = float(after) if after.isdigit() else 0.0
    return Problem(document, response.headers.get("etag", ""), wait)


def _told(lines: Iterable[str]) -> Iterator[tuple[int, Event | None]]:
    """Positions of a stream, with the event where there is one."""
    fields = dict[str, str]()
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
            continue
        if "id" in fields:
            plain = "event" not in fields
            event = msgspec.json.decode(fields["data"], type=Event) if plain else None
            yield int(fields["id"]), event
        fields = {}
