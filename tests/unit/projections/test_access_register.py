"""Who read and changed what: every person's fact, every reading, and nothing that was read."""

import pytest

from projections import access_register
from projections.access_register import AccessRegister
from projections.paging import Page
from sla_engine.access.events import AccountOpened, KeyIssued, SubjectRead
from sla_engine.followers.models import ReadModels
from sla_engine.followers.projector import Shelves
from sla_engine.petition.events import Accepted, Dispatched, Registered, Resolved
from sla_engine.petition.subject import SubjectErased
from sla_engine.record import ENGINE, Draft, Event, Meta
from sla_engine.store.application import PetitionLog, open_memory

OPENED = Registered(no="ZZ1", pack="p", kind="投诉", region="CN-3704")
READ = SubjectRead("S1", "回访", "ZZ1", ("name", "phone"))


def fact(event: Event, actor: str = "", source: str = "12345", role: str = "") -> Draft:
    return Draft(Meta(occurred_at=1, recorded_at=2, actor=actor, source=source, role=role), event)


STREAMS = {
    "petition/ZZ1": [
        fact(OPENED),
        fact(Dispatched("住建局", "A1"), "张科长", "console:zhang"),
        fact(Accepted(), source="console:li"),
        fact(Resolved(), source=ENGINE),
    ],
    "subject/S1": [fact(READ, "zhang", "console:zhang", "supervisor"), fact(SubjectErased("S1"))],
    "account/wang": [
        fact(AccountOpened("wang", "王某", ("handler",), "住建局"), "root", "machine"),
    ],
    "key/k1": [fact(KeyIssued("k1", "热线", "12345", ("facts:append",)), "root", "machine")],
}


@pytest.fixture
def shelf() -> Shelves:
    log = open_memory()
    for stream, drafts in STREAMS.items():
        with log.transact() as tx:
            tx.append(stream, 0, drafts)
    return followed(log)


def followed(log: PetitionLog) -> Shelves:
    ReadModels(log, [AccessRegister()]).run()
    return Shelves(log)


def entries(page: Page) -> list[tuple[str, str, str]]:
    return [(row["what"], row["who"], row["stream"]) for row in page.rows]


DISPATCHED = ("petition.dispatched", "张科长", "petition/ZZ1")
ACCEPTED = ("petition.accepted", "li", "petition/ZZ1")
SEEN = ("subject.read", "zhang", "subject/S1")
ERASED = ("subject.erased", "", "subject/S1")
ACCOUNT = ("account.opened", "root", "account/wang")
KEY = ("key.issued", "root", "key/k1")


def test_what_people_did_is_listed_newest_first_and_what_machines_sent_is_not(
    shelf: Shelves,
) -> None:
    wanted = [KEY, ACCOUNT, ERASED, SEEN, ACCEPTED, DISPATCHED]
    assert entries(access_register.page(shelf)) == wanted
    first = access_register.page(shelf, limit=4)
    rest = access_register.page(shelf, first.next, limit=4)
    assert entries(first) + entries(rest) == wanted
    assert rest.next == ""


def test_it_is_asked_by_person_by_dossier_and_by_type(shelf: Shelves) -> None:
    assert entries(access_register.page(shelf, who="root")) == [KEY, ACCOUNT]
    assert entries(access_register.page(shelf, who="root", what="key.")) == [KEY]
    assert entries(access_register.page(shelf, what="subject.read")) == [SEEN]
    # Whoever reads the data of whom asked stands under the petition as well.
    assert entries(access_register.page(shelf, about="petition/ZZ1")) == [
        SEEN, ACCEPTED, DISPATCHED
    ]  # fmt: skip
    assert entries(access_register.page(shelf, about="subject/S1")) == [ERASED, SEEN]
    assert entries(access_register.page(shelf, about="petition/ZZ1", who="li")) == [ACCEPTED]
    assert entries(access_register.page(shelf, who="nobody")) == []


def test_an_entry_says_which_fields_were_read_and_why_and_never_what_they_said(
    shelf: Shelves,
) -> None:
    (row,) = access_register.page(shelf, what="subject.read").rows
    assert row["told"] == {"purpose": "回访", "petition": "ZZ1", "fields": ["name", "phone"]}
    assert (row["role"], row["source"], row["at"]) == ("supervisor", "console:zhang", 2)
    (opened,) = access_register.page(shelf, what="account.").rows
    assert opened["told"] == {"roles": ["handler"], "unit": "住建局"}
    (dispatched,) = access_register.page(shelf, what="petition.dispatched").rows
    assert dispatched["told"] == {}
