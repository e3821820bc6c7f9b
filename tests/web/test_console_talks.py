"""Talks: the board by tier, one talk to its strike-off by forms alone, its documents."""

import re
from collections.abc import Iterator

import pytest

from projections import lists
from sla_engine.web.console.talk_forms import TALK_COMMANDS
from sla_engine.web.permits import permission_for
from sla_engine.wiring import Engine
from tests.support.delivery import move_to
from tests.support.desk import TALK, form_of, office, page, words_of
from tests.support.web import client

PATH = f"/talks/{TALK}"
_HOUR = 3_600_000_000


@pytest.fixture
def desk() -> Iterator[Engine]:
    with office() as engine:
        yield engine


def test_the_board_has_every_open_talk_in_the_column_of_its_tier(town: Engine) -> None:
    html = page(client(town, "supervisor"), "/talks")
    columns = html.split('<section class="panel lane"')[1:]
    for tier, column in enumerate(columns, 1):
        rows = lists.page(town, "talk_list", only_open=True, tier=tier).rows
        assert column.count('<article class="slip') == len(rows)
        for row in rows:
            assert f'href="/talks/{row["talk"]}"' in column


def test_a_handler_sees_the_talks_of_their_unit_alone(town: Engine) -> None:
    html = page(client(town, "handler", unit="U02"), "/talks")
    assert html.count('<article class="slip') == 1
    other = next(row["talk"] for _, row in town.rows("talk_register") if row["unit"] != "U02")
    answer = client(town, "handler", unit="U02").get(f"/talks/{other}")
    assert answer.json()["code"] == "UNKNOWN_DOSSIER"


def test_a_board_of_one_unit_stays_one_when_it_is_drawn_anew_and_in_the_register(
    town: Engine,
) -> None:
    unit = next(row["unit"] for _, row in town.rows("talk_register") if row["open"])
    supervisor = client(town, "supervisor")
    html = page(supervisor, f"/talks?unit={unit}")
    (again,) = re.findall(r'hx-get="([^"]+)"', html)
    assert page(supervisor, again) == html
    (link,) = set(re.findall(r'href="(/talks/register[^"]*)"', html))
    register = page(supervisor, link)
    every = sum(row["unit"] == unit for _, row in town.rows("talk_register"))
    assert register.count('<th scope="row">') == every
    assert f"约谈台账 · {unit}" in register


def test_the_register_lists_every_talk(town: Engine) -> None:
    html = page(client(town, "reviewer"), "/talks/register")
    assert html.count('<th scope="row">') == sum(1 for _ in town.rows("talk_register"))


def test_a_talk_shows_why_it_came_about_with_a_way_to_each_petition(town: Engine) -> None:
    talk, row = next((row["talk"], row) for _, row in town.rows("talk_register") if row["causes"])
    html = page(client(town, "supervisor"), f"/talks/{talk}")
    for cause in row["causes"]:
        assert f'href="/petitions/{cause.split("|")[0].removeprefix("petition/")}"' in html


def test_a_talk_comes_from_its_approval_to_its_strike_off_by_the_forms_alone(desk: Engine) -> None:
    supervisor, handler = client(desk, "supervisor"), client(desk, "handler", unit="U01")
    for who, type_, typed in (
        (supervisor, "approved", {"approver": "分管市领导"}),
        (supervisor, "notified", {"number": "2024-3-1", "scheduled_at": "2024-09-05T10:00"}),
        (supervisor, "held", {"attendees": "局长\n股长", "delegated": "no"}),
        (supervisor, "minuted", {"document": "J-1", "requirements": "一周内整改"}),
        (handler, "plan_filed", {"document": "Q-1", "items": "事项；措施；局长；5日；回访满意"}),
        (supervisor, "plan_accepted", {"approver": "督查室"}),
        (handler, "rectification_reported", {"document": "F-1", "signer": "局长"}),
        (supervisor, "rectification_verified", {"verifier": "督查员", "method": "实地"}),
        (supervisor, "struck_off", {"document": "X-1", "approver": "督查室"}),
    ):
        move_to(desk, desk.clock.now() + (72 if type_ == "held" else 1) * _HOUR)
        form = form_of(page(who, PATH), type_)
        answer = who.post(f"{PATH}/record/{type_}", data={**form, **typed})
        assert answer.status_code == 303, (type_, words_of(answer.text)[:800])
    assert desk.assess(f"talk/{TALK}").chronicle.phase == "struck_off"
    html = page(supervisor, PATH)
    for name in ("talk-notice", "talk-minutes", "rectification-plan", "strike-off"):
        assert f'href="/documents/{name}/{TALK}"' in html
        assert '<article class="paper"' in page(supervisor, f"/documents/{name}/{TALK}")


def test_whoever_is_talked_to_does_not_approve_the_talk(desk: Engine) -> None:
    handler = client(desk, "handler", unit="U01")
    assert 'id="form-approved"' not in page(handler, PATH)
    assert handler.post(f"{PATH}/record/approved", data={"key": "k"}).status_code == 403


def test_a_notice_that_is_too_late_for_its_day_is_refused_at_the_form(desk: Engine) -> None:
    supervisor = client(desk, "supervisor")
    form = form_of(page(supervisor, PATH), "approved")
    supervisor.post(f"{PATH}/record/approved", data={**form, "approver": "领导"})
    form = form_of(page(supervisor, PATH), "notified")
    typed = {**form, "number": "1", "scheduled_at": "2024-09-02T10:30", "place": "三楼"}
    answer = supervisor.post(f"{PATH}/record/notified", data=typed, headers={"accept": "text/html"})
    assert answer.status_code == 422
    assert 'value="三楼"' in answer.text
    assert desk.assess(f"talk/{TALK}").chronicle.phase == "approved"


def test_every_form_of_a_talk_takes_the_permission_of_its_fact(desk: Engine) -> None:
    reviewer = client(desk, "reviewer")
    for command in TALK_COMMANDS:
        answer = reviewer.post(f"{PATH}/record/{command.type}", data={})
        assert answer.status_code == 403, command.type
        allowed = answer.json()["errors"][0]["detail"]
        assert permission_for("talk", command.type) in allowed


def test_a_document_is_offered_once_called_for_and_says_what_is_not_on_record(desk: Engine) -> None:
    supervisor = client(desk, "supervisor")
    assert "/documents/talk-notice" not in page(supervisor, PATH)
    assert "记录中未载明" in page(supervisor, f"/documents/talk-notice/{TALK}")
    assert supervisor.get(f"/documents/nonsense/{TALK}").json()["code"] == "DOCUMENT_UNKNOWN"
    assert supervisor.get("/documents/circular/zaozhuang-2110").status_code == 403


def test_a_document_of_another_unit_is_not_shown(desk: Engine) -> None:
    other = client(desk, "handler", unit="U02")
    assert other.get("/documents/service-card/ZZ1").json()["code"] == "UNKNOWN_DOSSIER"
    assert '<article class="paper"' in page(
        client(desk, "supervisor"), "/documents/service-card/ZZ1"
    )
