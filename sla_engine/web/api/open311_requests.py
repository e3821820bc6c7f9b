"""Petitions as GeoReport v2 sees them: services, requests and updates, in and out.

Only petitions that came by this interface are shown by it, since the standard asks nobody who
reads for a key; they are known by their numbers, `O311-` with the time and chance in them. What a
person wrote, where it was and who they are is personal data, and is never shown.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from projections import docket
from projections.paging import Way, walk
from sla_engine.documents.form import Moment
from sla_engine.drafting import drawn
from sla_engine.errors import refuse, register
from sla_engine.identity import digest
from sla_engine.petition.kind import CLOSED as FINISHED
from sla_engine.petition.kind import DECLINED, MERGED, RESOLVED, WITHDRAWN
from sla_engine.policy.clause import Pack, Scope
from sla_engine.policy.vocabulary import PETITION_MARKS
from sla_engine.projection import Columns
from sla_engine.record import Instant
from sla_engine.service.intake import Submission, parse
from sla_engine.showing.plain import rfc3339
from sla_engine.web.problems import tell
from sla_engine.wiring import Engine
from sla_engine.words import phase
from sla_engine.worktime import format_instant, parse_instant

SERVICE_UNKNOWN = tell(
    register(
        "SERVICE_UNKNOWN",
        "没有服务“{found}”；可用：{allowed}",
        "there is no service {found}; there are: {allowed}",
    ),
    404,
)
REQUEST_UNKNOWN = tell(
    register(
        "REQUEST_UNKNOWN",
        "没有服务请求“{found}”",
        "there is no service request {found}",
    ),
    404,
)
REQUEST_FIELD = register(
    "REQUEST_FIELD",
    "缺少字段，或不对：应为 {allowed}",
    "missing or not right: it should be {allowed}",
)
UPDATE_EMPTY = register(
    "UPDATE_EMPTY",
    "这一更新不改变请求的状态（{found}），未受理",
    "the update does not change the status of the request ({found}) and is not taken",
    "办结前由诉求人撤回用 CLOSED；办结后以 CLOSED 表示满意，OPEN 表示未解决",
    "before it is resolved CLOSED withdraws it; after that CLOSED says it is solved, OPEN that it "
    "is not",
)

CHANNEL = "open311"
PREFIX = "O311-"
OPEN, CLOSED = "open", "closed"
MOST = 1_000
SPAN = 90 * 86_400_000_000

_OVER = frozenset({RESOLVED, FINISHED, DECLINED, MERGED, WITHDRAWN})
_CLOSING = {PETITION_MARKS[name].zh for name in ("resolved", "closed", "declined", "withdrawn")}
_REOPENING = PETITION_MARKS["rework_ordered"].zh
_PERSONAL = {
    "description": "description",
    "address": "address_string",
    "address_id": "address_id",
    "lat": "lat",
    "long": "long",
    "first_name": "first_name",
    "name": "last_name",
    "phone": "phone",
    "email": "email",
    "device_id": "device_id",
    "account_id": "account_id",
    "media_url": "media_url",
}
"""What is kept of a person, and the field of the standard it comes from."""
_LONGEST = 4_000
_ANY_KIND = "诉求"
"""The one service of a pack whose clauses ask for no kind."""


# --------------------------------------------------------------------------------------- services


def pack_of(engine: Engine) -> Pack:
    """The pack whose kinds of petition are the services, by the setting."""
    engine.refresh_rules()
    return engine.rules.pack_on(engine.settings.open311, engine.clock.now())


def services(pack: Pack) -> list[dict[str, Any]]:
    """Every kind of petition that a clause of the pack names."""
    return [
        {
            "service_code": kind,
            "service_name": kind,
            "description": f"{pack.title.zh} · {pack.title.en}",
            "metadata": False,
            "type": "realtime",
            "keywords": None,
            "group": pack.title.zh,
        }
        for kind in _kinds(pack)
    ]


def service(pack: Pack, code: str) -> str:
    """The kind that a service code stands for. Raises `SERVICE_UNKNOWN`."""
    kinds = _kinds(pack)
    if code not in kinds:
        raise refuse(SERVICE_UNKNOWN, "service_code", code, ", ".join(kinds))
    return code


def _kinds(pack: Pack) -> list[str]:
    named = (kind for clause in pack.clauses for kind in clause.match.fields.get("kind", ()))
    return list(dict.fromkeys(named)) or [_ANY_KIND]


# ------------------------------------------------------------------------------------- requests in


def registration(
    pack: Pack, form: Mapping[str, str], source: str, now: Instant, chance: str
) -> Submission:
    """The fact that a service request comes to. Raises `Refusal`."""
    kind = service(pack, form.get("service_code", ""))
    _located(form)
    if len(form.get("description", "")) > _LONGEST:
        raise refuse(REQUEST_FIELD, "description", "", f"≤ {_LONGEST}")
    personal = {own: form[name] for own, name in _PERSONAL.items() if form.get(name, "").strip()}
    no = number(now, chance)
    attributes = {name: value for name, value in form.items() if name.startswith("attribute[")}
    return parse(
        {
            "type": "registered",
            "petition": no,
            "id": f"{CHANNEL}:{no}",
            "source": source,
            "at": format_instant(now),
            "data": {"pack": pack.name, "kind": kind, "region": pack.region, "channel": CHANNEL},
            "personal": personal | attributes,
        }
    )


def number(now: Instant, chance: str) -> str:
    """Numbers stand in the order of time and cannot be guessed."""
    digits = "".join(each for each in format_instant(now)[:19] if each.isdigit())
    return f"{PREFIX}{digits}-{chance}"


def _located(form: Mapping[str, str]) -> None:
    """A place must be named, in one of three ways."""
    if form.get("address_string", "").strip() or form.get("address_id", "").strip():
        return
    for name, most in (("lat", 90), ("long", 180)):
        try:
            inside = -most <= float(form.get(name, "")) <= most
        except ValueError:
            inside = False
        if not inside:
            raise refuse(REQUEST_FIELD, name, "", "lat + long | address_string | address_id")


def update(row: Columns, form: Mapping[str, str], source: str, now: Instant) -> Submission:
    """The fact that an update by the petitioner comes to. Raises `UPDATE_EMPTY`, `Refusal`."""
    for name in ("update_id", "status"):
        if not form.get(name, "").strip():
            raise refuse(REQUEST_FIELD, name, "", "non-empty 非空")
    at = (
        min(parse_instant(form["updated_datetime"], "updated_datetime"), now)
        if form.get("updated_datetime")
        else now
    )
    name, data = _change(row["phase"], form["status"].strip().lower())
    said = form.get("description", "").strip()
    return parse(
        {
            "type": name,
            "petition": row["no"],
            "id": f"update:{form['update_id']}",
            "source": source,
            "at": format_instant(at),
            "data": data,
            **({"personal": {f"update {form['update_id']}": said}} if said else {}),
        }
    )


def _change(phase: str, status: str) -> tuple[str, dict[str, Any]]:
    if phase in (RESOLVED, FINISHED) and status in (OPEN, CLOSED):
        solved = status == CLOSED
        return "rated", {"satisfied": solved, "solved": solved}
    if phase not in _OVER and status == CLOSED:
        return "withdrawn", {"reason": CHANNEL}
    raise refuse(UPDATE_EMPTY, "status", f"{phase} → {status}")


# ------------------------------------------------------------------------------------ requests out


def rows_between(engine: Engine, begin: Instant, end: Instant) -> Iterator[Columns]:
    """Petitions that came by here in [begin, end], the latest first."""
    prefix = f"petition/{PREFIX}"
    way = Way(
        "docket.base",
        prefix,
        begin=f"petition/{number(end, '~')}",
        end=f"petition/{number(begin, '')}",
        descending=True,
    )
    cursor = ""
    while True:
        page = walk(engine, way, cursor, 200)
        yield from (row for row in page.rows if begin <= row["registered_at"] <= end)
        cursor = page.next
        if not cursor:
            return


def row_of(engine: Engine, no: str) -> Columns:
    """One of them. Raises `REQUEST_UNKNOWN`, also for a petition that came by another way."""
    row = docket.petition(engine, no) if no.startswith(PREFIX) and "\0" not in no else None
    if row is None:
        raise refuse(REQUEST_UNKNOWN, "service_request_id", no)
    return row


def request_dict(engine: Engine, row: Columns) -> dict[str, Any]:
    """As the standard shows it; what is nobody's business is empty. `expected_datetime` is the due
    instant of the clock that promises the solution."""
    stream = f"petition/{row['no']}"
    card = engine.row("petition_card", stream) or {}
    return {
        "service_request_id": row["no"],
        "status": status_of(row["phase"]),
        "status_notes": phase("petition", row["phase"]).zh,
        "service_name": row["kind"],
        "service_code": row["kind"],
        "description": None,
        "agency_responsible": row["unit"] or None,
        "service_notice": None,
        "requested_datetime": rfc3339(row["registered_at"]),
        "updated_datetime": rfc3339(card.get("recorded_at")),
        "expected_datetime": rfc3339(expected(engine, stream, row["pack"], row["registered_at"])),
        "address": None,
        "address_id": None,
        "zipcode": None,
        "lat": None,
        "long": None,
        "media_url": None,
    }


def status_of(phase: str) -> str:
    """The standard knows two."""
    return CLOSED if phase in _OVER else OPEN


def expected(engine: Engine, stream: str, pack: str, at: Instant) -> Instant | None:
    """The earliest due instant among the clocks of the whole petition that its resolution stops."""
    clauses = {
        clause.id
        for clause in engine.rules.pack_on(pack, at).clauses
        if clause.scope is Scope.PETITION and "resolved" in (*clause.stop_any, *clause.stop_all)
    }
    dues = [
        clock.due
        for name, clock in engine.log.alarms(stream)
        if name == stream and clock.clause in clauses and clock.due is not None
    ]
    return min(dues, default=None)


def updates(engine: Engine, row: Columns) -> Iterator[dict[str, Any]]:
    """The steps that a petitioner may follow, each with the status it led to."""
    steps = drawn(engine, "progress", f"petition/{row['no']}")["progress"]
    status = OPEN
    for step in steps if isinstance(steps, tuple) else ():
        assert isinstance(step, Mapping), "a table has rows"
        at, said = step["at"], str(step["step"])
        assert isinstance(at, Moment), "a step was at an instant"
        status = CLOSED if said in _CLOSING else OPEN if said == _REOPENING else status
        yield {
            "update_id": f"{row['no']}.{digest([at.at, said])[:12]}",
            "service_request_id": row["no"],
            "status": status,
            "updated_datetime": rfc3339(at.at),
            "description": said,
            "media_url": None,
        }
