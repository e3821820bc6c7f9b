"""What was sent under a key, as a digest: whether a repeated key says the same thing again.

A hash of the plain part and, when there is personal data, an HMAC of it under the subject's
secret. After erasure only the plain part can be compared.
"""

import msgspec

from sla_engine.errors import Refusal
from sla_engine.identity import commitment, digest
from sla_engine.ports import Transaction
from sla_engine.record import Event, fields_of, type_name
from sla_engine.service.intake import Submission


def body_digest(tx: Transaction, submission: Submission) -> str:
    """Digest of what was sent. A field that a later release adds does not change it."""
    event = submission.event
    plain = [submission.stream, type_name(event), submission.occurred_at, *_said(event)]
    return _with_personal(tx, submission, digest(plain))


def same_body(tx: Transaction, submission: Submission, known: str, now: str) -> bool:
    """Whether the body behind digest `known` is that of `submission`, whose digest is `now`."""
    return any(_same(known, each, submission) for each in (now, _former(tx, submission)))


def _same(known: str, now: str, submission: Submission) -> bool:
    erased = ":" not in now and bool(submission.personal)
    return known == now or (erased and known.split(":", 1)[0] == now)


def _said(event: Event) -> list[object]:
    """The fields up to the last that differs from its default: later releases add at the end."""
    said = list(msgspec.structs.astuple(event))
    defaults = event.__struct_defaults__
    while defaults and said and said[-1] == defaults[-1]:
        said, defaults = said[:-1], defaults[:-1]
    return said


def _former(tx: Transaction, submission: Submission) -> str:
    """The digest as it was taken before the first release, over every field by name."""
    event = submission.event
    plain = {
        "stream": submission.stream,
        "type": type_name(event),
        "at": submission.occurred_at,
        "data": fields_of(event),
    }
    return _with_personal(tx, submission, digest(plain))


def _with_personal(tx: Transaction, submission: Submission, plain: str) -> str:
    personal = submission.personal
    if not personal or not submission.subject:
        return plain
    try:
        secret = tx.secret(submission.subject)
    except Refusal:
        return plain
    return f"{plain}:{commitment(secret, dict(personal))}"
