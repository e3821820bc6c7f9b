"""Each role's main way through the console, in a real browser at a real server."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from sla_engine.client import Client
from sla_engine.worktime import format_instant, parse_instant
from tests.support.browser import NOW, PHONE, Town, Visit

Visiting = Callable[..., Visit]

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

UNIT = "市住建局"
DAY = 86_400_000_000


def upstream(town: Town) -> Client:
    return Client(town.address, town.furnished.key)


def call(town: Town, no: str, *facts: tuple[str, dict[str, Any]]) -> None:
    """What the hotline reports of a petition, now."""
    at = format_instant(town.engine.clock.now())
    with upstream(town) as client:
        for kind, more in facts:
            client.append(
                {"petition": no, "type": kind, "id": f"{no}-{kind}", "at": at, "source": "12345"}
                | more
            )
    town.engine.follow()


def taken(no: str, unit: str = UNIT) -> tuple[tuple[str, dict[str, Any]], ...]:
    """A complaint from its registration to its dispatch."""
    traits = {
        "pack": "hotline-12345-generic", "kind": "投诉", "region": "CN-3704",
        "subject": "person", "channel": "12345",
    }  # fmt: skip
    personal = {"name": "某先生", "phone": "0632-5550001", "content": "（诉求原文）"}
    return (
        ("registered", {"data": traits, "personal": personal, "petitioner": f"caller-{no}"}),
        ("admitted", {}),
        ("dispatched", {"data": {"unit": unit, "assignment": f"{no}-1"}}),
    )


def record(page: Page, kind: str, **fields: str) -> None:
    """Fill in the form of one kind of fact and send it; it has to be taken."""
    form = page.locator(f"#form-{kind}")
    form.locator("summary").click()
    for name, value in fields.items():
        field = form.locator(f"[name='{name}']").first
        if field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    with page.expect_navigation():
        form.locator("form > button").click()
    expect(page.locator("[role=alert]")).to_have_count(0)


def test_from_an_intake_call_to_a_struck_off_talk(town: Town, visit: Visiting) -> None:
    no = "JOURNEY-1"
    call(town, no, *taken(no))
    handler, supervisor = visit("handler"), visit("supervisor")

    handler.page.goto(f"/petitions?no={no}")
    handler.page.get_by_role("link", name=no).click()
    record(handler.page, "accepted")
    expect(handler.page.locator(".phase")).to_have_text("办理中")

    # Nothing comes of it; the ladder of the pack runs up to a talk.
    town.wait_until(NOW + 30 * DAY)
    found = [
        row
        for _, row in town.engine.rows("talk_register")
        if no in row["petitions"] and row["open"]
    ]
    talk = f"/talks/{found[0]['talk']}"

    supervisor.page.goto("/talks")
    supervisor.shot("journey-talks")
    supervisor.page.locator(f"a[href='{quote(talk)}']").first.click()
    record(supervisor.page, "approved", approver="督查室主任")
    scheduled = format_instant(town.engine.clock.now() + 7 * DAY)[:10]
    record(
        supervisor.page, "notified",
        number="约〔2026〕99号", scheduled_at=f"{scheduled}T09:30", person="分管副局长",
    )  # fmt: skip
    town.wait_until(parse_instant(f"{scheduled}T11:00:00+08:00"))
    supervisor.page.reload()
    record(supervisor.page, "held", attendees="督查室主任\n分管副局长")
    record(supervisor.page, "minuted", document="约谈记录99号", requirements="限期办结")

    handler.page.goto(talk)
    record(handler.page, "plan_filed", document="整改清单", items="压缩环节；并联审批；科长")
    supervisor.page.reload()
    record(supervisor.page, "plan_accepted", approver="督查室")
    handler.page.reload()
    record(handler.page, "rectification_reported", document="整改报告", signer="局长")
    supervisor.page.reload()
    record(supervisor.page, "rectification_verified", verifier="督查室核查组", method="实地")
    record(supervisor.page, "struck_off", document="销号单99号", approver="督查室主任")
    expect(supervisor.page.locator(".phase")).to_have_text("已销号")
    supervisor.shot("journey-talk-struck-off")

    supervisor.page.get_by_role("link", name="约谈通知书").click()
    expect(supervisor.page.locator("main")).to_contain_text("约〔2026〕99号")


def test_from_a_red_card_to_its_explanation(town: Town, visit: Visiting) -> None:
    supervisor = visit("supervisor")
    supervisor.page.goto("/")
    supervisor.page.locator("a", has_text="红牌").first.click()
    expect(supervisor.page).to_have_url(re.compile(r"/petitions\?"))
    supervisor.page.locator("tbody a").first.click()
    panel = supervisor.page.locator("details", has_text="为什么是红牌").first
    if panel.get_attribute("open") is None:
        panel.locator("summary").click()
    for word in ("依据", "起算", "到期", "逐步推算", "截止"):
        expect(panel).to_contain_text(word)

    # As it was known when it was registered there was no card.
    supervisor.page.locator("#main a[href*='step=']").first.click()
    expect(supervisor.page.locator("h1")).to_contain_text("诉求")
    expect(supervisor.page.locator(".head-line .badge-red")).to_have_count(0)


def test_from_a_dispute_to_a_ruling(town: Town, visit: Visiting) -> None:
    reviewer = visit("reviewer")
    name = next(row["dispute"] for _, row in town.engine.rows("dispute_register") if row["open"])
    reviewer.page.goto("/disputes")
    reviewer.page.get_by_role("link", name=name).first.click()
    with reviewer.page.expect_navigation():
        reviewer.page.get_by_role("button", name="受理", exact=True).click()
    reviewer.page.get_by_role("button", name="复算记入案卷").click()
    expect(reviewer.page.locator("main")).to_contain_text("已记入案卷的复算")
    reviewer.shot("journey-dispute")
    form = reviewer.page.locator("form", has_text="裁定文书编号")
    form.locator("[name=outcome]").select_option("upheld")
    form.locator("[name=verdict]").select_option(index=1)
    form.locator("[name=document]").fill("复核决定1号")
    form.locator("button").click()
    expect(reviewer.page.locator("main")).to_contain_text("裁定之后")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_tracking_and_rating_on_a_phone(town: Town, visit: Visiting, script: bool) -> None:
    no = f"JOURNEY-TRACK-{'ABCD'[script]}"
    call(town, no, *taken(no), ("accepted", {}), ("resolved", {}))
    with upstream(town) as client:
        code = client.tracking_code(no)
    phone = visit(size=PHONE, script=script)
    phone.page.goto("/track")
    phone.page.fill("[name=no]", no)
    phone.page.fill("[name=code]", "WRONGONE")
    phone.page.click("main button")
    expect(phone.page.locator("[role=alert]")).to_be_visible()
    phone.faults.clear()  # The browser notes the refusal; that is what was asked for.
    phone.page.fill("[name=no]", no)
    phone.page.fill("[name=code]", code)
    phone.page.click("main button")
    expect(phone.page.locator("ol.steps")).to_be_visible()
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for select in phone.page.locator("form select").all():
        select.select_option(index=1)
    phone.page.get_by_role("button", name="提交评价").click()
    expect(phone.page.locator("main")).to_contain_text("感谢您的评价")
    phone.shot(f"journey-track-{'script' if script else 'plain'}")


def test_the_three_administrators_share_the_opening_of_an_account(
    town: Town, visit: Visiting
) -> None:
    system, security, audit = visit("system"), visit("security"), visit("audit")
    system.page.goto("/accounts")
    form = system.page.locator("form[action='/accounts']")
    form.locator("[name=name]").fill("journey")
    form.locator("[name=title]").fill("督办员（新）")
    form.locator("[value=supervisor]").first.check()
    form.locator("button").first.click()
    expect(system.page.locator("main")).to_contain_text("journey")

    security.page.goto("/accounts/journey")
    security.page.locator("form[action$='/approve'] button").first.click()
    expect(security.page.locator("main")).to_contain_text("journey")

    audit.page.goto("/audit")
    expect(audit.page.locator("main")).to_contain_text("journey")
    audit.shot("journey-audit")
