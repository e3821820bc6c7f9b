"""A repeated key is compared by digest; what a release adds to an event changes no digest."""

from typing import cast

import msgspec
import pytest

from sla_engine.errors import refuse
from sla_engine.identity import digest
from sla_engine.ports import Transaction
from sla_engine.record import Event
from sla_engine.service.body import body_digest, same_body
from sla_engine.service.intake import Submission
from sla_engine.store.refusals import SUBJECT_ERASED


class Sent(Event):
    no: str
    unit: str = ""
    level: int = 0


class SentLater(Event):
    no: str
    unit: str = ""
    level: int = 0
    channel: str = ""
    marks: tuple[str, ...] = ()


Sent.NAME = SentLater.NAME = "sent"


class Secrets:
    """A transaction that knows one subject's secret, until it is erased."""

    erased = False

    def secret(self, subject: str) -> bytes:
        if self.erased:
            raise refuse(SUBJECT_ERASED)
        return b"secret"


def of(event: Event, **personal: str) -> Submission:
    subject = "p1" if personal else ""
    return Submission(
        stream="petition/1",
        event=event,
        source="12345",
        key="e1",
        occurred_at=7,
        subject=subject,
        personal=personal,
    )


@pytest.fixture
def tx() -> Transaction:
    return cast(Transaction, Secrets())


@pytest.mark.parametrize("sent", [Sent("1"), Sent("1", "U1"), Sent("1", "", 3)])
def test_a_field_that_a_release_adds_changes_no_digest(tx: Transaction, sent: Sent) -> None:
    later = SentLater(*msgspec.structs.astuple(sent))
    assert body_digest(tx, of(later)) == body_digest(tx, of(sent))


def test_another_value_is_another_body(tx: Transaction) -> None:
    bodies = [Sent("1"), Sent("2"), Sent("1", "U1"), Sent("1", "", 1), SentLater("1", channel="x")]
    assert len({body_digest(tx, of(each)) for each in bodies}) == len(bodies)


def test_a_digest_from_before_the_first_release_is_still_recognised(tx: Transaction) -> None:
    plain = {"stream": "petition/1", "type": "sent", "at": 7}
    known = digest({**plain, "data": {"no": "1", "unit": "", "level": 0}})
    submission = of(Sent("1"))
    assert same_body(tx, submission, known, body_digest(tx, submission))
    other = of(Sent("2"))
    assert not same_body(tx, other, known, body_digest(tx, other))


def test_after_erasure_the_plain_part_alone_is_compared(tx: Transaction) -> None:
    submission = of(Sent("1"), name="张三")
    known = body_digest(tx, submission)
    assert not same_body(
        tx, of(Sent("1"), name="李四"), known, body_digest(tx, of(Sent("1"), name="李四"))
    )
    cast(Secrets, tx).erased = True
    assert same_body(tx, submission, known, body_digest(tx, submission))
    assert not same_body(
        tx, of(Sent("2"), name="张三"), known, body_digest(tx, of(Sent("2"), name="张三"))
    )
