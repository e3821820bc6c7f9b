"""The register of documents: name, title, what each is about, and what it must show."""

from collections.abc import Mapping

from sla_engine.documents import cards, items, orders, periods, progress, talks
from sla_engine.documents.form import Document, Fields, Form, Source, missing
from sla_engine.errors import Refusal, register
from sla_engine.policy.clause import Text
from sla_engine.policy.faults import unknown

DOCUMENT_UNKNOWN = register(
    "DOCUMENT_UNKNOWN",
    "没有文书“{found}”；有：{allowed}",
    "there is no document {found}; there are: {allowed}",
)

_CLOCK = ("clause", "limit", "due", "basis")
_RATES = ("rates", "rates.formula", "rates.numerator", "rates.denominator")
_EDITIONS = ("pack", "pack_digest", "calendar_digest", "exclusion_digest")
_MINUTED = (
    "attendees",
    "causes",
    "explanation",
    "requirements",
    "deadlines",
    "signatures",
    "recorder",
)


def _strike_off(source: Source) -> Fields:
    kind = source.assessment.dossier.stream.partition("/")[0]
    return items.strike_off(source) if kind == "item" else talks.strike_off(source)


def _recall(source: Source) -> Fields:
    kind = source.assessment.dossier.stream.partition("/")[0]
    return talks.recall(source) if kind == "talk" else orders.recall(source)


_EVERY = (
    Form(
        "urge",
        Text("催办通知书", "Written urging"),
        ("petition",),
        ("reference", "unit", "petition", *_CLOCK, "to", "issued_at", "act_basis"),
        orders.urge,
    ),
    Form(
        "supervise",
        Text("督办单", "Supervision order"),
        ("petition",),
        ("number", "unit", "petition", *_CLOCK, "to", "issued_at", "deadline", "act_basis"),
        orders.supervise,
    ),
    Form(
        "talk-notice",
        Text("约谈通知书", "Notice of talk"),
        ("talk",),
        (
            "number", "tier", "convener", "unit", "summoned", "causes", "petitions", "clauses",
            "scheduled_at", "place", "materials", "delegation",
        ),
        talks.notice,
    ),
    Form(
        "talk-minutes",
        Text("约谈记录", "Minutes of talk"),
        ("talk",),
        ("number", "held_at", *_MINUTED),
        talks.minutes,
    ),
    Form(
        "rectification-plan",
        Text("整改清单", "Rectification plan"),
        ("talk",),
        (
            "number", "plan", "plan.measure", "plan.owner", "plan.deadline", "plan.acceptance",
        ),
        talks.plan,
    ),
    Form(
        "strike-off",
        Text("销号单", "Strike-off"),
        ("talk", "item"),
        ("number", "report", "verifier", "method", "results", "results.result", "verified_at"),
        _strike_off,
    ),
    Form(
        "recall",
        Text("撤销通知书", "Notice of recall"),
        ("petition", "talk"),
        ("unit", "withdrawn", "recalled", "reason", "withdrawn_at"),
        _recall,
    ),
    Form(
        "circular",
        Text("情况通报", "Circular"),
        ("period",),
        ("period", *_EDITIONS, *_RATES),
        periods.circular,
    ),
    Form(
        "half-year",
        Text("半年通报", "Half-year report"),
        ("period",),
        ("period", *_EDITIONS, *_RATES, "registered", "resolved", "in_hand"),
        periods.half_year,
    ),
    Form(
        "service-card",
        Text("服务卡", "Service card"),
        ("petition",),
        ("petition", "unit", "officers", "officers.holder", "promises", "promises.limit"),
        cards.service_card,
    ),
    Form(
        "progress",
        Text("办理进度", "Progress"),
        ("petition",),
        ("petition", "registered_at", "progress", "progress.at", "progress.step"),
        progress.progress,
    ),
    Form(
        "statement",
        Text("对账单", "Monthly statement"),
        ("round",),
        (
            "period", "rows", "rows.opening", "rows.new", "rows.struck_off", "rows.carried_over",
            "rows.overdue", "rows.signed_unit", "rows.signed_office",
        ),
        periods.statement,
    ),
    Form(
        "callback-list",
        Text("回访清单", "Callback list"),
        ("period",),
        ("questions",),
        cards.callback_list,
    ),
    Form(
        "procedure-map",
        Text("流程图", "Procedure map"),
        ("project",),
        ("project", "steps", "steps.unit", "steps.person", "steps.due"),
        items.procedure_map,
    ),
)  # fmt: skip

FORMS: Mapping[str, Form] = {form.name: form for form in _EVERY}


def form_of(name: str) -> Form:
    """The form of that name. Raises `Refusal` DOCUMENT_UNKNOWN."""
    if name not in FORMS:
        raise Refusal(unknown(DOCUMENT_UNKNOWN, "", name, FORMS))
    return FORMS[name]


def draw(name: str, of: str, source: Source) -> Document:
    """The document of that name about `of`, from the record alone.

    Raises `Refusal` DOCUMENT_UNKNOWN, or NOTHING_TO_DRAW where nothing calls for it.
    """
    form = form_of(name)
    fields = form.draw(source)
    return Document(form, of, source.at, fields, tuple(missing(form, fields)))
