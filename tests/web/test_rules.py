"""Calendars, packs and changes of rules on pages: checked, tried out, approved by a second one."""

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import NamedTuple

import pytest
from starlette.testclient import TestClient

from sla_engine.catalog import load_almanac, pack_texts
from sla_engine.errors import refuse
from sla_engine.rules.events import ProposalActivated
from sla_engine.rules.proposal import PROPOSAL_IMPOSSIBLE
from sla_engine.web.app import create_app
from sla_engine.web.console.calendar import year_of
from sla_engine.web.house import House
from sla_engine.web.jobs import WAITING
from sla_engine.wiring import Engine
from tests.support.campaign import NOTICE, PACK, filled, opened
from tests.support.web import Fixed, client, house_over, visitor

HTML = {"accept": "text/html"}
PETITIONS = 7
NEXT = (
    PACK.replace('edition = "1"', 'edition = "2"')
    .replace("effective_from = 2010-01-01", "effective_from = 2026-01-01")
    .replace('limit = "10个工作日"', 'limit = "8个工作日"')
)
CLOSED_BEFORE = PACK.replace(
    "effective_from = 2010-01-01", "effective_from = 2010-01-01\neffective_to = 2026-01-01"
)


class Office(NamedTuple):
    """An engine with open terms, and whoever sits before it."""

    engine: Engine
    house: House

    def as_(self, *roles: str) -> TestClient:
        self.house.access = Fixed(visitor(*roles))
        return TestClient(create_app(self.house), follow_redirects=False)

    def over(self, address: str) -> str:
        """The page of a job or a campaign once it is over."""
        job = next((each for each in self.house.jobs.of(self.who) if each.id in address), None)
        for each in [job] if job else self.house.jobs.of(self.who):
            self.house.jobs.wait(each, 20)
        return self.page(address)

    @property
    def who(self) -> str:
        access = self.house.access
        assert isinstance(access, Fixed)
        return access.who.source

    def page(self, address: str) -> str:
        answer = TestClient(create_app(self.house)).get(address, headers=HTML)
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    store = tmp_path / "log.db"
    filled(store, PETITIONS)
    with opened(store) as engine:
        yield Office(engine, house_over(engine))


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))


def proposed(office: Office, kind: str = "notice", text: str = NOTICE, key: str = "k") -> str:
    """The address of a proposal that a supervisor made."""
    form = {"kind": kind, "text": text, "key": key, "reason": "演练"}
    answer = office.as_("supervisor").post("/proposals", data=form, headers=HTML)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def approval(office: Office, address: str) -> dict[str, str]:
    proposal = office.engine.proposals.get(address.rpartition("/")[2])
    return {"digest": proposal.what.digest, "seen": f"{proposal.version}"}


# ---------------------------------------------------------------------------------------- calendar


@pytest.mark.parametrize(("year", "region"), [(2024, "CN"), (2023, "CN-45"), (2030, "CN")])
def test_a_year_on_the_page_is_the_calendars(town: Engine, year: int, region: str) -> None:
    page = client(town, "supervisor").get(f"/calendar?year={year}&region={region}", headers=HTML)
    shown = year_of(load_almanac().calendar(region, provisional=True), year)
    assert f"全年工作日 {shown.working_days} 天" in page.text
    for kind in ("makeup_workday", "adjusted_rest_day", "regional_holiday"):
        days = sum(
            each is not None and each.day.kind.value == kind
            for month in shown.months
            for week in month.weeks
            for each in week
        )
        assert page.text.count(f'<td class="day-{kind}') == days


def test_a_year_without_a_notice_says_what_it_rests_on(town: Engine) -> None:
    page = client(town, "reviewer").get("/calendar?year=2030", headers=HTML).text
    assert "暂定" in page
    assert "国务院令第795号" in page


def test_a_year_of_which_nothing_is_known_is_told(town: Engine) -> None:
    page = client(town, "reviewer").get("/calendar?year=1975", headers=HTML)
    assert (page.status_code, "UNPUBLISHED_YEAR" in page.text) == (422, True)


# ------------------------------------------------------------------------------------------- drafts


def test_all_faults_of_a_notice_are_told_at_once(office: Office) -> None:
    bad = NOTICE.replace("published", "publshed").replace('"2025-06-09"', '"2025-13-09"')
    answer = office.as_("supervisor").post("/drafts", data={"kind": "notice", "text": bad})
    assert answer.status_code == 422
    codes = re.findall(r"<code>(CALENDAR_\w+)</code>", answer.text)
    assert sorted(codes) == ["CALENDAR_FIELD", "CALENDAR_MISSING", "CALENDAR_UNKNOWN"]
    assert "/proposals" not in re.findall(r'action="([^"]+)"', answer.text)


def test_a_file_is_read_like_what_is_pasted(office: Office) -> None:
    supervisor = office.as_("supervisor")
    windows = NOTICE.replace("\n", "\r\n").encode("utf-8-sig")
    sent = supervisor.post("/drafts", data={"kind": "notice"}, files={"file": ("n.toml", windows)})
    pasted = supervisor.post("/drafts", data={"kind": "notice", "text": NOTICE})
    assert "2025-06-09" in text_of(sent.text)
    plain = [re.sub(r'name="key" value="[^"]*"', "", each.text) for each in (sent, pasted)]
    assert plain[0] == plain[1]


def test_what_is_no_text_is_refused(office: Office) -> None:
    files = {"file": ("n.toml", b"\xff\xfe\x00")}
    answer = office.as_("supervisor").post("/drafts", data={"kind": "notice"}, files=files)
    assert answer.json()["code"] == "UPLOAD_UNREADABLE"


def test_an_edition_is_linted_with_every_fault(office: Office) -> None:
    bad = PACK.replace("10个工作日", "十天").replace('scope = "petition"', 'scope = "petiton"')
    answer = office.as_("supervisor").post("/drafts", data={"kind": "pack", "text": bad})
    assert answer.status_code == 422
    assert len(re.findall(r"<code>[A-Z_]+</code>", answer.text)) >= 2


def test_an_edition_that_contradicts_a_released_one_is_refused(office: Office) -> None:
    changed = PACK.replace("10个工作日", "9个工作日")
    answer = office.as_("supervisor").post("/drafts", data={"kind": "pack", "text": changed})
    assert (answer.status_code, "EDITION_CHANGED" in answer.text) == (422, True)


def test_an_edition_is_held_against_the_one_before_in_words(town: Engine) -> None:
    page = client(town, "reviewer").get("/policies/zaozhuang-2110/2025-01", headers=HTML).text
    assert "与版本 2024-08 逐条比较" in page
    assert "督办阶梯" in page


def test_every_edition_has_a_page(town: Engine) -> None:
    reviewer = client(town, "reviewer")
    index = reviewer.get("/policies", headers=HTML).text
    linked = set(re.findall(r'href="(/policies/[^"]+)"', index))
    assert linked == {f"/policies/{pack.name}/{pack.edition}" for pack in town.rules.packs}
    assert {reviewer.get(each, headers=HTML).status_code for each in linked} == {200}


# ----------------------------------------------------------------------------------------- dry runs


def test_a_dry_run_says_how_many_terms_move_and_for_whom(office: Office) -> None:
    form = {"kind": "notice", "text": NOTICE}
    answer = office.as_("supervisor").post("/drafts/forecast", data=form, headers=HTML)
    page = text_of(office.over(answer.headers["location"]))
    found = office.engine.foresee_notice(NOTICE, lambda _count: None)
    assert found.total.terms == 2 * PETITIONS
    assert f"{found.total.later} 延后" in page
    assert all(unit in page for unit in found.units)
    assert not list(office.engine.log.streams("campaign/"))


def test_a_what_if_over_everything_has_figures_and_a_report(office: Office) -> None:
    form = {"notice_text": NOTICE}
    answer = office.as_("supervisor").post("/whatif", data=form, headers=HTML)
    address = answer.headers["location"]
    page = text_of(office.over(address))
    assert f"{PETITIONS + 3} 诉求" in page
    assert "试算报告" in office.page(f"{address}/report")


def test_a_what_if_of_nothing_is_told_beside_the_form(office: Office) -> None:
    answer = office.as_("supervisor").post("/whatif", data={}, headers=HTML)
    assert (answer.status_code, "WHATIF_OF_NOTHING" in answer.text) == (422, True)


def test_a_job_is_seen_by_whoever_asked_for_it_alone(office: Office) -> None:
    form = {"kind": "notice", "text": NOTICE}
    answer = office.as_("supervisor").post("/drafts/forecast", data=form, headers=HTML)
    office.over(answer.headers["location"])
    assert office.as_("reviewer").get(answer.headers["location"]).status_code == 404


# ----------------------------------------------------------------------------------------- approval


def test_nobody_approves_their_own_proposal(office: Office) -> None:
    address = proposed(office)
    form = approval(office, address)
    answer = office.as_("supervisor").post(f"{address}/approval", data=form)
    assert (answer.status_code, answer.json()["code"]) == (403, "OWN_PROPOSAL")
    assert not list(office.engine.log.streams("campaign/"))


def test_a_second_person_approves_and_open_terms_move(office: Office) -> None:
    address = proposed(office)
    answer = office.as_("reviewer").post(
        f"{address}/approval", data=approval(office, address), headers=HTML
    )
    page = text_of(office.over(answer.headers["location"]))
    assert f"已完成 · {PETITIONS} / {PETITIONS}" in page
    assert f"{2 * PETITIONS} （延后 {2 * PETITIONS}" in page or f"{2 * PETITIONS}（延后" in page
    (last,) = (e.event for e in office.engine.log.read(f"proposal/{address[11:]}")[-1:])
    assert isinstance(last, ProposalActivated)
    assert last.campaign in answer.headers["location"]
    assert NOTICE.split('"')[3] in {n.citation for n in office.engine.rules.almanacs["cn"].notices}


def test_an_approval_while_all_jobs_are_taken_leads_to_a_campaign_that_can_be_resumed(
    office: Office,
) -> None:
    address = proposed(office)
    reviewer, free = office.as_("reviewer"), Event()
    for _ in range(WAITING):
        office.house.jobs.begin("whatif", "somebody", {}, 0, lambda _advance: free.wait(20))
    form = approval(office, address)
    answer = reviewer.post(f"{address}/approval", data=form, headers=HTML)
    assert answer.status_code == 303, answer.text
    campaign = answer.headers["location"]
    assert campaign.startswith("/campaigns/")
    assert "待续行" in text_of(office.page(campaign))
    refused = reviewer.post(f"{campaign}/run", headers=HTML)
    assert refused.status_code == 429
    assert "没有登记任何内容" not in refused.text
    free.set()
    for each in office.house.jobs.of("somebody"):
        office.house.jobs.wait(each, 20)
    assert reviewer.post(f"{campaign}/run", headers=HTML).status_code == 303
    assert "已完成" in text_of(office.over(campaign))


def test_an_approval_that_could_not_be_activated_does_not_say_that_nothing_was_recorded(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = proposed(office)

    def impossible(*_: object) -> None:
        raise refuse(PROPOSAL_IMPOSSIBLE)

    monkeypatch.setattr(office.engine.proposals, "activate", impossible)
    form = approval(office, address)
    answer = office.as_("reviewer").post(f"{address}/approval", data=form, headers=HTML)
    assert answer.status_code == 409
    assert "前一步已登记" in answer.text
    assert "没有登记，请改正" not in answer.text


def test_what_was_not_seen_is_not_approved(office: Office) -> None:
    address = proposed(office)
    form = {**approval(office, address), "digest": "0" * 64}
    answer = office.as_("reviewer").post(f"{address}/approval", data=form)
    assert answer.json()["code"] == "PROPOSAL_TEXT_DIFFERS"


def test_a_proposal_that_was_withdrawn_cannot_be_approved(office: Office) -> None:
    address = proposed(office)
    form = approval(office, address)
    assert office.as_("supervisor").post(f"{address}/withdrawal", data=form).status_code == 303
    answer = office.as_("reviewer").post(f"{address}/approval", data=form)
    assert answer.json()["code"] == "PROPOSAL_MOVED"


def test_a_form_sent_twice_is_one_proposal(office: Office) -> None:
    assert proposed(office, key="same") == proposed(office, key="same")
    assert proposed(office, key="same") != proposed(office, key="another")


def test_an_edition_goes_the_same_way(office: Office) -> None:
    text = next(iter(pack_texts("disputes-generic").values()))
    address = proposed(office, "pack", text)
    assert "提案全文" in office.page(address)
    answer = office.as_("reviewer").post(
        f"{address}/approval", data=approval(office, address), headers=HTML
    )
    office.over(answer.headers["location"])
    assert "disputes-generic" in {pack.name for pack in office.engine.rules.packs}
    assert "已启用" in text_of(office.page(address))


@pytest.mark.parametrize("role", ["intake", "reviewer", "handler"])
def test_whoever_may_not_propose_cannot(office: Office, role: str) -> None:
    form = {"kind": "notice", "text": NOTICE, "key": "k"}
    assert office.as_(role).post("/proposals", data=form).status_code == 403


def test_what_has_faults_cannot_be_proposed(office: Office) -> None:
    form = {"kind": "notice", "text": "nonsense", "key": "k"}
    answer = office.as_("supervisor").post("/proposals", data=form)
    assert (answer.status_code, answer.json()["code"]) == (422, "CATALOG_UNREADABLE")


def test_a_log_with_proposals_can_be_verified(office: Office) -> None:
    address = proposed(office)
    office.as_("reviewer").post(f"{address}/approval", data=approval(office, address))
    for each in office.house.jobs.of(office.who):
        office.house.jobs.wait(each, 20)
    assert office.engine.verify().identical
