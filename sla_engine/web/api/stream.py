"""The log as it grows: server-sent events that resume exactly, and the same in pages.

The id of an event is its position in the log. What is told is the envelope and the fact, without
the petitioner's reference; nobody is told of what they may not read.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, NamedTuple

import msgspec
from fastapi import APIRouter, Header, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from sla_engine.errors import Fault, Unavailable, refuse
from sla_engine.petition.events import Registered
from sla_engine.record import Event, Recorded
from sla_engine.service.intake import FIELD_WRONG, INSTANTS
from sla_engine.web.api.media import answer
from sla_engine.web.api.openapi import answers, problems_for
from sla_engine.web.broadcast import STREAMS_FULL, Listener
from sla_engine.web.gate import Visitor, need
from sla_engine.web.house import House, HouseDep
from sla_engine.web.permits import READS, is_of
from sla_engine.worktime import format_instant

EVENT_STREAM = "text/event-stream"

_PAGE = 500
_SCANNED = 5_000
_PING_S = 15.0
_PING = b": ping\n\n"
_LAGGING = b"event: lagging\ndata: {}\n\n"
_TELLS = INSTANTS | {"at", "due", "old_due", "new_due", "effective", "floor"}
_KEPT_BACK = frozenset({"petitioner", "commitment"})
_SETTLE_S = 0.3
"""How long the screens' read models may take before screens are told to look."""
_MANY = 50
_SHARE = 4
"""One listener has at most this part of all streams."""
_TRUST_S = 1.0
"""How long nobody is asked again whether they still may listen."""
_LAST = (1 << 53) - 1

router = APIRouter(tags=["events"])

Reader = Annotated[Visitor, need(*sorted(set(READS.values())))]


class _Wish(NamedTuple):
    """Which events a visitor is to be told of: of kinds they may read, of their unit's dossiers
    (`theirs`: those known to be), and what they asked for."""

    house: House
    visitor: Visitor
    stream: str
    kinds: frozenset[str]
    theirs: set[str]

    def wanted(self, recorded: Recorded) -> bool:
        """Blocking where a dossier has to be read."""
        if self.stream and recorded.stream != self.stream:
            return False
        if recorded.stream.partition("/")[0] not in self.kinds:
            return False
        return not self.visitor.unit or self._theirs(recorded.stream)

    def _theirs(self, stream: str) -> bool:
        if stream not in self.theirs and is_of(
            self.visitor.unit, self.house.engine.dossier(stream)
        ):
            self.theirs.add(stream)
        return stream in self.theirs

    def chosen(self, page: Iterable[Recorded]) -> list[Recorded]:
        return [each for each in page if self.wanted(each)]


@router.get(
    "/v1/events",
    operation_id="events",
    summary="事件流 · Events as they are recorded",
    response_class=Response,
    responses={
        200: {
            "description": "一页事件，或事件流 · a page of events, or a stream of them",
            "content": {
                **answers(
                    {
                        "type": "object",
                        "properties": {
                            "events": {"type": "array", "items": {"type": "object"}},
                            "next": {"type": "integer"},
                        },
                        "required": ["events", "next"],
                    },
                    "",
                )["content"],
                EVENT_STREAM: {"schema": {"type": "string"}},
            },
            "headers": {"Link": {"schema": {"type": "string"}}},
        },
        **problems_for(422, 503),
    },
)
async def events(
    request: Request,
    house: HouseDep,
    visitor: Reader,
    *,
    after: Annotated[int | None, Query(ge=0, le=_LAST)] = None,
    last: Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=_LAST)] = None,
    stream: Annotated[str, Query(max_length=400)] = "",
    kind: Annotated[str, Query(max_length=20)] = "",
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = 100,
) -> Response:
    """`text/event-stream` in Accept follows the log, from `Last-Event-ID` or `after` on, else from
    now; otherwise a page behind `after`, the next of which is named in `Link`."""
    wish = _wish(house, visitor, stream, kind)
    if EVENT_STREAM not in request.headers.get("accept", ""):
        return await run_in_threadpool(_page, request, wish, after or 0, limit)
    _admit(house, visitor)
    parts = _follow(wish, after if last is None else last)
    return _streaming(_watched(request, wish, parts))


@router.get("/console/events", include_in_schema=False)
async def console_events(request: Request, house: HouseDep, visitor: Reader) -> Response:
    """Tells screens that something changed, never what."""
    _admit(house, visitor)
    wish = _wish(house, visitor, "", "")
    return _streaming(_watched(request, wish, _changes(wish)))


def _wish(house: House, visitor: Visitor, stream: str, kind: str) -> _Wish:
    if kind and kind not in READS:
        raise refuse(FIELD_WRONG, "kind", kind, ", ".join(READS))
    kinds = {each for each, permission in READS.items() if visitor.may(permission)}
    return _Wish(house, visitor, stream, frozenset(kinds & {kind} if kind else kinds), set())


def _admit(house: House, visitor: Visitor) -> None:
    """Raises `STREAMS_FULL`: for everybody, or for one who has a good part of them already."""
    limit, seats = house.settings.streams_limit, house.broadcast.seats
    own = -(-limit // _SHARE)
    if seats.total() >= limit or seats[visitor.name] >= own:
        allowed = own if seats.total() < limit else limit
        raise Unavailable(Fault(STREAMS_FULL, "", "", str(allowed)))


def _streaming(parts: AsyncIterator[bytes]) -> Response:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(parts, media_type=EVENT_STREAM, headers=headers)


# ------------------------------------------------------------------------------------------ pages


def _page(request: Request, wish: _Wish, after: int, limit: int) -> Response:
    log, found, reached = wish.house.engine.log, list[Recorded](), after
    while len(found) < limit and reached - after < _SCANNED:
        page = log.follow(reached, _PAGE)
        for each in page:
            reached = each.position
            if wish.wanted(each):
                found.append(each)
                if len(found) == limit:
                    break
        if len(page) < _PAGE and len(found) < limit:
            break
    told = {"events": [told_of(each) for each in found], "next": reached}
    link = request.url.include_query_params(after=reached)
    address = f"{link.path}?{link.query}"
    more = reached < log.head()
    return answer(request, told, headers={"Link": f'<{address}>; rel="next"'} if more else {})


def told_of(recorded: Recorded) -> dict[str, Any]:
    """An event for JSON: its place, its envelope and what it says; nothing personal."""
    meta, event = recorded.meta, recorded.event
    kind, _, _ = event.WIRE.partition(".")
    told = {
        "position": recorded.position,
        "stream": recorded.stream,
        "version": recorded.version,
        "type": f"{kind}.{event.NAME}",
        "at": format_instant(meta.occurred_at),
        "recorded_at": format_instant(meta.recorded_at),
        "source": meta.source,
        "id": meta.key,
    }
    for name, value in (("by", meta.actor), ("role", meta.role), ("unit", meta.unit)):
        if value:
            told[name] = value
    return {**told, "data": _said(event)}


def _said(event: Event) -> Mapping[str, Any]:
    fields = msgspec.structs.asdict(event)
    return {
        name: format_instant(value) if name in _TELLS and isinstance(value, int) else value
        for name, value in fields.items()
        if not (isinstance(event, Registered) and name in _KEPT_BACK)
    }


# ---------------------------------------------------------------------------------------- streams


async def _watched(
    request: Request, wish: _Wish, parts: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    """A stream as long as its listener has the rights with which it began."""
    house, visitor, seats = wish.house, wish.visitor, wish.house.broadcast.seats
    clock = house.engine.clock
    seats[visitor.name] += 1
    asked = clock.monotonic()
    try:
        async for part in parts:
            if clock.monotonic() >= asked + _TRUST_S:
                # While the store is away there is nothing to tell either.
                with suppress(Unavailable):
                    if not await run_in_threadpool(house.access.still, request, visitor):
                        return
                asked = clock.monotonic()
            yield part
    finally:
        seats[visitor.name] -= 1
        await parts.aclose()


async def _follow(wish: _Wish, after: int | None) -> AsyncGenerator[bytes, None]:
    """What was recorded behind `after`, then what comes. Each part is whole events."""
    log, broadcast = wish.house.engine.log, wish.house.broadcast
    reached = -1 if after is None else after
    # Most of a long past is read before listening begins, so that none of it has to wait.
    while reached >= 0 and (page := await run_in_threadpool(log.follow, reached, _PAGE)):
        reached = page[-1].position
        yield await run_in_threadpool(_written, wish, page)
        if len(page) < _PAGE:
            break
    listener = await broadcast.join()
    try:
        if reached < 0:
            # Whoever is cut off before the first event resumes from here.
            yield _at(listener.begins)
        while 0 <= reached < listener.begins:
            page = await run_in_threadpool(log.follow, reached, _PAGE)
            page = [each for each in page if each.position <= listener.begins]
            if not page:
                break
            reached = page[-1].position
            yield await run_in_threadpool(_written, wish, page)
        # The past may have been read farther than those who listen have been told.
        async for part in _live(listener, lambda page: _written(wish, _behind(page, reached))):
            if part:
                yield part
    finally:
        broadcast.leave(listener)


def _behind(page: Sequence[Recorded], position: int) -> Sequence[Recorded]:
    return page if page[0].position > position else [e for e in page if e.position > position]


def _written(wish: _Wish, page: Sequence[Recorded]) -> bytes:
    """Events as a part of the stream. Where none of them is wanted, the position is told all the
    same, so that whoever resumes need not look at them again."""
    if not page:
        return b""
    chosen = wish.chosen(page)
    parts = [b"id: %d\ndata: %b\n\n" % (e.position, _json(told_of(e))) for e in chosen]
    if not chosen or chosen[-1].position != page[-1].position:
        parts.append(_at(page[-1].position))
    return b"".join(parts)


def _at(position: int) -> bytes:
    return b"id: %d\nevent: position\ndata: {}\n\n" % position


_json = msgspec.json.Encoder().encode


async def _live(
    listener: Listener, write: Callable[[Sequence[Recorded]], bytes]
) -> AsyncIterator[bytes]:
    yield b": here\n\n"
    while True:
        try:
            page = await asyncio.wait_for(listener.pages.get(), _PING_S)
        except TimeoutError:
            yield _PING
            continue
        if page is None:
            yield _LAGGING
            return
        yield await run_in_threadpool(write, page)


async def _changes(wish: _Wish) -> AsyncGenerator[bytes, None]:
    listener = await wish.house.broadcast.join()
    try:
        async for part in _live(listener, lambda page: _named(wish, page)):
            if part and not part.startswith(b":"):
                await asyncio.sleep(_SETTLE_S)
            if part:
                yield part
    finally:
        wish.house.broadcast.leave(listener)


def _named(wish: _Wish, page: Sequence[Recorded]) -> bytes:
    """An event named after each dossier that changed, unless there are too many, and `figures`."""
    streams = dict.fromkeys(each.stream for each in wish.chosen(page))
    if not streams:
        return b""
    named = [" ".join(each.split()) for each in streams] if len(streams) <= _MANY else []
    return b"".join(f"event: {name}\ndata: {{}}\n\n".encode() for name in [*named, "figures"])
