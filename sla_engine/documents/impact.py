"""试算报告: what other rules would have done, as a page to print.

It is drawn from a comparison of two replays and not from the record, so it is none of the documents
that `document` draws.
"""

from typing import NoReturn

from sla_engine.documents.form import Document, Fields, Form, Source, missing
from sla_engine.policy.clause import Text
from sla_engine.record import Instant


def _nothing_to_draw_from(_source: Source) -> NoReturn:
    raise AssertionError("an impact is computed, not drawn")


IMPACT = Form(
    name="impact",
    title=Text("试算报告", "What-if report"),
    about=(),
    required=("asked", "assessed", "clocks", "moved", "worse", "better"),
    draw=_nothing_to_draw_from,
)


def impact_document(of: str, at: Instant, fields: Fields) -> Document:
    """The report with these fields; see `data/text/impact.jinja` for the tables it shows."""
    return Document(IMPACT, of, at, fields, tuple(missing(IMPACT, fields)))
