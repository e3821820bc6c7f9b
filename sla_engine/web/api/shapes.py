"""Shapes of what the reading API answers, as JSON Schema: what is always there, and of what type.

Where a shape says nothing of further properties there may be some: rows of read models grow.
"""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
DATE: Schema = {"type": "string", "format": "date"}
ANY: Schema = {}


def thing(told: str = "", /, **properties: Schema) -> Schema:
    """An object that has all of these."""
    shape: Schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {**shape, "description": told} if told else shape


def partly(shape: Schema, *names: str) -> Schema:
    """The same, where these properties may be missing."""
    return {**shape, "required": [name for name in shape["required"] if name not in names]}


def many(items: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": items}


def maybe(shape: Schema) -> Schema:
    """That, or null where there is none."""
    return {"anyOf": [shape, {"type": "null"}]}


def keyed(values: Schema) -> Schema:
    """An object with any names."""
    return {"type": "object", "additionalProperties": values}


def page(row: Schema) -> Schema:
    """A page of a list."""
    return thing(
        "`next`: where the list goes on, null at its end; also as Link rel=next. `exhausted`: as "
        "many rows as a page may cost were looked at before it was full.",
        rows=many(row),
        next=maybe(TEXT),
        exhausted=FLAG,
    )


def one_of(*values: str) -> Schema:
    return {"enum": list(values)}


BOTH = thing("Chinese and English", zh=TEXT, en=TEXT)

FIRING = thing(rung=TEXT, act=TEXT, level=COUNT, at=TIME, due=maybe(TIME), fires_at=TIME)

CLOCK = thing(
    "A clock as it stands. `due` null: a pause is open. `remaining` null: it has stopped.",
    clause=TEXT,
    cycle=TEXT,
    name=BOTH,
    state=one_of("running", "paused", "overdue", "met", "late", "cancelled", "lapsed"),
    ruling=maybe(thing(verdict=TEXT, dispute=TEXT, at=TIME)),
    level=COUNT,
    level_name=maybe(BOTH),
    unit=TEXT,
    started_at=TIME,
    due=maybe(TIME),
    stopped_at=maybe(TIME),
    provisional=FLAG,
    basis=maybe(TEXT),
    status=one_of("published", "default"),
    remaining=maybe(thing(overdue=FLAG, paused=FLAG)),
    saved=maybe(BOTH),
    reached=many(FIRING),
    next=maybe(FIRING),
    pack=TEXT,
    calendar=TEXT,
)

CARD = partly(
    thing(
        "`petitioner` only for whoever may read personal data of it",
        phase=TEXT,
        unit=TEXT,
        pack=thing(name=TEXT, edition=TEXT),
        petitioner=TEXT,
        opened_at=TIME,
    ),
    "petitioner",
)

ENTRY = thing(
    "A fact or an act, with when it was so and when it was recorded. `gone_by`: the version of the "
    "event that took it away.",
    version=COUNT,
    type=TEXT,
    occurred_at=TIME,
    recorded_at=TIME,
    source=TEXT,
    id=TEXT,
    by=TEXT,
    unit=TEXT,
    anomaly=TEXT,
    gone_by=maybe(COUNT),
    data=keyed(ANY),
)

_HEAD: Mapping[str, Schema] = {
    "no": TEXT, "stream": TEXT, "at": TIME, "as_known": maybe(TIME), "version": COUNT, "card": CARD,
}  # fmt: skip

SUMMARY = thing("Card and clocks of a dossier", **_HEAD, clocks=many(CLOCK))
STORY = thing("Card, clocks and timeline of a dossier", **_HEAD, clocks=many(CLOCK),
              timeline=many(ENTRY))  # fmt: skip
TIMELINE = thing("What happened, in the order in which it happened", **_HEAD, timeline=many(ENTRY))
CLOCKS = thing("All clocks of a dossier", **_HEAD, clocks=many(CLOCK))

STEP = thing("A step of the working; which further properties it has follows from `step`")
WHY: Schema = {
    **CLOCK,
    "description": "A clock, and why it is due when it is: as data and as words",
    "properties": {
        **CLOCK["properties"],
        "derivation": many(STEP),
        "text_zh": many(TEXT),
        "text_en": many(TEXT),
        "at": TIME,
    },
    "required": [*CLOCK["required"], "derivation", "text_zh", "text_en", "at"],
}

DOCKET_ROW = thing(
    no=TEXT,
    kind=TEXT,
    region=TEXT,
    urgency=TEXT,
    matter=TEXT,
    pack=TEXT,
    registered_at=TIME,
    phase=TEXT,
    open=FLAG,
    unit=TEXT,
    level=COUNT,
    card=one_of("", "red", "yellow"),
    due=maybe(TIME),
    clause=TEXT,
    ended_at=maybe(TIME),
)

DUTY = thing(
    about=maybe(BOTH),
    clause=TEXT,
    name=maybe(BOTH),
    status=maybe(TEXT),
    cycle=TEXT,
    state=TEXT,
    level=COUNT,
    level_name=maybe(BOTH),
    due=maybe(TIME),
    unit=TEXT,
    phase=TEXT,
    next_rung=TEXT,
    next_at=maybe(TIME),
)

DOCUMENT = thing(
    "`missing`: required fields that nobody has recorded",
    document=TEXT,
    title=BOTH,
    of=TEXT,
    at=TIME,
    fields=keyed(ANY),
    missing=many(TEXT),
)

QUESTION = thing(
    "`exact`: the question as it can be asked again",
    known_at=TIME,
    at=TIME,
    pack=maybe(TEXT),
    calendar=maybe(TIME),
    without=many(TEXT),
    edits=many(TEXT),
    exact=keyed(ANY),
)

REPLAY = thing(
    "What follows from a question. `inputs`, `result`: digests by which anybody can repeat it.",
    stream=TEXT,
    question=QUESTION,
    phase=TEXT,
    clocks=many(CLOCK),
    decisions=many(thing(act=TEXT, at=TIME)),
    inputs=TEXT,
    result=TEXT,
)

_SIDE = thing(question=QUESTION, inputs=TEXT, result=TEXT)

DIFFERENCE = thing(
    "Where two replays part, and why",
    stream=TEXT,
    before=_SIDE,
    after=_SIDE,
    summary=keyed(COUNT),
    changes=many(thing(what=TEXT, key=many(TEXT), before=ANY, after=ANY)),
)

JOB = thing(
    "`total` 0: it is not known how much there is to do",
    id=TEXT,
    kind=TEXT,
    state=one_of("waiting", "running", "done", "failed", "cancelled"),
    done=COUNT,
    total=COUNT,
    asked=keyed(ANY),
    asked_at=TIME,
    ended_at=maybe(TIME),
    problem=maybe(keyed(ANY)),
    result=maybe(TEXT),
)
