"""The steps to an answer, and the lines told from them."""

from datetime import date

import msgspec
import pytest

from sla_engine.errors import UnpublishedYear
from sla_engine.worktime import (
    DayKind,
    Derivation,
    Pause,
    Term,
    Timetable,
    Unit,
    derive,
    narrate,
    reckon,
)
from sla_engine.worktime.derivation import (
    Counted,
    CutOff,
    Due,
    Ran,
    Rolled,
    Shifted,
    Skipped,
    Started,
    Step,
    Suspended,
    plain,
    walk_days,
    walk_hours,
)
from sla_engine.worktime.instant import MINUTE
from tests.unit.worktime.setting import almanac, at, pause, term, timetable

NOTICE_2024 = "国办发明电〔2023〕7号"


def derived(amount: str, start: str, *pauses: Pause, **rules: object) -> Derivation:
    asked = term(amount, **rules)  # type: ignore[arg-type]
    return derive(asked, at(start), timetable(), pauses)


def outline(derivation: Derivation) -> list[str]:
    return [sketch(step) for step in derivation.steps]


def sketch(step: Step) -> str:
    words = {
        Counted: "{0.n}:{0.date:%m-%d}{0.part}",
        Skipped: "-{0.date:%m-%d}{0.part}{1}",
        Ran: "+{2}={3}",
        Rolled: "{0.since:%m-%d}>{0.to:%m-%d}",
        CutOff: "{0.rule}",
        Shifted: "{0.why}",
        Suspended: "pause" if getattr(step, "until", None) else "open",
        Started: "start",
        Due: "due" if getattr(step, "at", None) else "not due",
    }
    minutes = (
        ((step.until - step.since) // MINUTE, step.total // MINUTE)
        if isinstance(step, Ran)
        else (0, 0)
    )
    paused = "p" if isinstance(step, Skipped) and step.paused else ""
    return words[type(step)].format(step, paused, *minutes)


@pytest.mark.parametrize(
    ("amount", "start", "rules", "steps"),
    [
        (
            "3个工作日",
            "2024-09-13 10:00",
            {},
            "start 1:09-14 -09-15 -09-16 -09-17 2:09-18 3:09-19 end_of_day due",
        ),
        (
            "1个工作日",
            "2024-09-13 18:00",
            {"receipt": "close_to_next", "expiry": "close_of_business"},
            "start after_close -09-15 -09-16 -09-17 1:09-18 close_of_business due",
        ),
        (
            "1个工作日",
            "2024-09-15 10:00",
            {"receipt": "off_to_next"},
            "start off_day 1:09-19 end_of_day due",
        ),
        (
            "1个工作日",
            "2024-09-18 07:00",
            {"receipt": "close_to_next"},
            "start before_opening 1:09-19 end_of_day due",
        ),
        (
            "2日",
            "2024-09-13 10:00",
            {"roll": True, "expiry": "close_of_business"},
            "start 1:09-14 2:09-15 -09-16 -09-17 09-15>09-18 close_of_business due",
        ),
        (
            "1日",
            "2024-09-14 10:00",
            {"expiry": "close_of_business"},
            "start 1:09-15 end_of_day due",
        ),
        ("0个工作日", "2024-09-14 10:00", {}, "start end_of_day due"),
        (
            "1.5个工作日",
            "2024-09-14 10:00",
            {},
            "start 1:09-14pm -09-15 -09-16 -09-17 2:09-18am 3:09-18pm end_of_session due",
        ),
        (
            "0.5个工作日",
            "2024-09-14 14:00",
            {},
            "start -09-15 -09-16 -09-17 1:09-18am end_of_session due",
        ),
        ("90分钟", "2024-09-14 23:00", {}, "start +90=90 due"),
        ("0小时", "2024-09-14 23:00", {}, "start due"),
        (
            "2个工作小时",
            "2024-09-14 17:00",
            {},
            "start +30=30 -09-15 -09-16 -09-17 +90=120 due",
        ),
    ],
)
def test_every_day_and_session_on_the_way_is_told(
    amount: str, start: str, rules: dict[str, object], steps: str
) -> None:
    assert " ".join(outline(derived(amount, start, **rules))) == steps


@pytest.mark.parametrize(
    ("amount", "stopped", "steps"),
    [
        (
            "3个工作日",
            ("2024-06-18 10:00", "2024-06-20 10:00"),
            "start pause -06-18p -06-19p 1:06-20 2:06-21 -06-22 -06-23 3:06-24 end_of_day due",
        ),
        ("2个工作日", ("2024-06-19 10:00", None), "start 1:06-18 open not due"),
        ("2个工作日", ("2024-06-18 10:00", None), "start open not due"),
        (
            "1个工作日",
            ("2024-06-18 10:00", "2024-06-18 11:00"),
            "start pause 1:06-18 end_of_day due",
        ),
        ("1个工作日", ("2024-06-14 10:00", "2024-06-17 09:00"), "start 1:06-18 end_of_day due"),
        ("1个工作日", ("2024-06-19 10:00", None), "start 1:06-18 end_of_day due"),
        (
            "2个半日",
            ("2024-06-18 10:00", "2024-06-18 11:00"),
            "start 1:06-17pm pause 2:06-18am end_of_session due",
        ),
        (
            "2个半日",
            ("2024-06-18 10:00", "2024-06-18 14:00"),
            "start 1:06-17pm pause -06-18amp 2:06-18pm end_of_session due",
        ),
        ("2个半日", ("2024-06-18 10:00", None), "start 1:06-17pm open not due"),
        ("26小时", ("2024-06-17 12:00", "2024-06-17 13:00"), "start +120=120 pause +1440=1560 due"),
        ("26小时", ("2024-06-17 12:00", None), "start +120=120 open not due"),
        ("1小时", ("2024-06-17 12:00", None), "start +60=60 due"),
        ("1小时", ("2024-06-16 12:00", "2024-06-17 09:00"), "start +60=60 due"),
        ("1小时", ("2024-06-16 12:00", "2024-06-17 11:00"), "start pause +60=60 due"),
        (
            "8个工作小时",
            ("2024-06-17 13:00", "2024-06-18 09:30"),
            "start +120=120 pause +150=270 +210=480 due",
        ),
        (
            "35个工作小时",
            ("2024-06-22 13:00", "2024-06-22 15:00"),
            "start +120=120 +240=360 +180=540 +240=780 +180=960 +240=1200 +180=1380 +240=1620 "
            "+180=1800 +240=2040 -06-22 pause -06-23 +60=2100 due",
        ),
    ],
)
def test_pauses_stand_where_they_were_met(
    amount: str, stopped: tuple[str, str | None], steps: str
) -> None:
    assert " ".join(outline(derived(amount, "2024-06-17 10:00", pause(*stopped)))) == steps


@pytest.mark.parametrize(
    ("stopped", "steps"),
    [
        (
            ("2026-10-03 10:00", "2026-10-09 10:00"),
            "-10-02 pause -10-03p -10-04p -10-05p -10-06p "
            "-10-07p -10-08p 10-01>10-09 end_of_day due",
        ),
        (("2026-10-03 10:00", None), "-10-02 open not due"),
        (
            ("2026-10-09 10:00", None),
            "-10-02 -10-03 -10-04 -10-05 -10-06 -10-07 10-01>10-08 end_of_day due",
        ),
    ],
)
def test_pauses_are_met_while_the_last_day_rolls(
    stopped: tuple[str, str | None], steps: str
) -> None:
    found = derived("1日", "2026-09-30 10:00", pause(*stopped), roll=True)
    assert " ".join(outline(found)) == f"start 1:10-01 {steps}"


def test_a_step_names_the_kind_of_day_and_its_notice() -> None:
    found = derived("1个工作日", "2024-09-13 10:00").steps[1]
    assert isinstance(found, Counted)
    assert found.day is not None
    assert (found.day.kind, found.day.notice) == (DayKind.MAKEUP_WORKDAY, NOTICE_2024)


def test_a_civil_day_of_an_unknown_year_is_counted_without_a_kind() -> None:
    steps = derived("1日", "2050-05-01 10:00").steps
    assert steps[1] == Counted(date(2050, 5, 2), 1, None)
    assert "第1日：2050-05-02（周一）" in narrate.zh(derived("1日", "2050-05-01 10:00"))


def test_a_derivation_carries_what_a_checker_needs_and_is_plain_data() -> None:
    stopped = pause("2026-09-30 15:00", "2026-10-09 09:00")
    found = derived("1.5个工作日", "2026-09-28 10:00", stopped)
    assert (found.unit, found.size, found.zone) == (Unit.HALF_WORKDAYS, 3, "Asia/Shanghai")
    assert found.calendar == almanac().calendar().digest
    assert timetable().hours is not None
    assert found.hours == timetable().office_hours.digest
    assert found.pauses == (stopped,)
    again = msgspec.json.decode(msgspec.json.encode(found), type=Derivation)
    assert again == found


def test_the_answer_is_the_one_that_reckon_gives() -> None:
    asked: Term = term("5个工作日", "close_to_next", "close_of_business")
    for start in ("2026-09-28 10:00", "2026-09-30 18:00", "2026-10-03 10:00"):
        answer = reckon(asked, at(start), timetable())
        assert derive(asked, at(start), timetable()).reckoning == answer


def test_without_office_hours_there_is_no_digest_of_them() -> None:
    found = derive(term("1日"), at("2026-09-28 10:00"), Timetable(almanac().calendar()))
    assert found.hours is None


def test_a_step_as_json_takes_it_shows_local_time_and_seconds() -> None:
    steps = [plain(step, "Asia/Shanghai") for step in derived("2小时", "2026-09-28 10:00").steps]
    assert steps[0] == {"step": "start", "at": "2026-09-28T10:00:00+08:00", "date": "2026-09-28"}
    assert steps[1]["total_s"] == 7200
    assert steps[1]["until"] == "2026-09-28T12:00:00+08:00"
    rolled = derived("1日", "2026-09-30 10:00", roll=True).steps[-3]
    assert plain(rolled, "Asia/Shanghai")["to"] == "2026-10-08"


def test_bare_days_and_bare_hours_are_told_too() -> None:
    calendar = almanac().calendar()
    days = list(walk_days(calendar, date(2026, 10, 7), date(2026, 10, 10)))
    assert [sketch(step) for step in days] == ["-10-07", "1:10-08", "2:10-09", "3:10-10"]
    hours = list(walk_hours(timetable(), at("2026-10-10 16:30"), at("2026-10-12 10:00")))
    assert [sketch(step) for step in hours] == ["+60=60", "-10-11", "+60=120"]
    assert list(walk_hours(timetable(), at("2026-10-10 16:30"), at("2026-10-10 16:30"))) == []
    with pytest.raises(UnpublishedYear):
        list(walk_days(calendar, date(2026, 12, 31), date(2027, 1, 1)))
    chinese, english = narrate.told(hours, Unit.WORK_HOURS, "Asia/Shanghai")
    assert chinese[0].endswith("累计1小时")
    assert english[0].endswith("1h")


def test_officials_read_each_day_with_its_reason() -> None:
    assert narrate.zh(derived("3个工作日", "2024-09-13 10:00")) == [
        "起算：2024-09-13（周五）10:00，期限3个工作日，起算当日不计入",
        f"第1个工作日：2024-09-14（周六，中秋节调休上班，{NOTICE_2024}）",
        f"不计：2024-09-15（周日，中秋节放假，{NOTICE_2024}）",
        f"不计：2024-09-16（周一，中秋节调休放假，{NOTICE_2024}）",
        f"不计：2024-09-17（周二，中秋节法定节假日，{NOTICE_2024}）",
        "第2个工作日：2024-09-18（周三）",
        "第3个工作日：2024-09-19（周四）",
        "截止：末日24时届满",
        "到期：2024-09-19（周四）24:00",
    ]


def test_the_same_steps_are_told_in_english() -> None:
    assert narrate.en(derived("1个工作日", "2024-09-14 18:00", receipt="close_to_next")) == [
        "Start: 2024-09-14 (Sat) 18:00, term 1 working day; the day of the start does not count",
        "Receipt: after the close, deemed received 2024-09-18 (Wed) 09:00",
        "Working day 1: 2024-09-19 (Thu)",
        "Cut-off: the last day ends at 24:00",
        "Due: 2024-09-19 (Thu) 24:00",
    ]


@pytest.mark.parametrize(
    ("received", "line"),
    [
        ("2024-09-18 18:00", "收件：已过下班时间，视为2024-09-19（周四）09:00收到"),
        ("2024-09-18 08:00", "收件：未到上班时间，视为2024-09-18（周三）09:00收到"),
        ("2024-09-16 08:00", "收件：当日不上班，视为2024-09-18（周三）09:00收到"),
    ],
)
def test_a_receipt_that_was_moved_says_why(received: str, line: str) -> None:
    assert narrate.zh(derived("1个工作日", received, receipt="close_to_next"))[1] == line


def test_pauses_rolling_and_hours_are_told_in_both_languages() -> None:
    stopped = pause("2026-10-03 10:00", "2026-10-09 10:00")
    rolled = derived("1日", "2026-09-30 10:00", stopped, roll=True, expiry="close_of_business")
    chinese, english = narrate.zh(rolled), narrate.en(rolled)
    assert "中止：2026-10-03（周六）10:00起，2026-10-09（周五）10:00恢复" in chinese
    assert "Suspension: from 2026-10-03 (Sat) 10:00, resumed 2026-10-09 (Fri) 10:00" in english
    assert "中止期间不计：2026-10-08（周四）" in chinese
    assert "Suspended, not counted: 2026-10-08 (Thu)" in english
    assert "顺延：末日2026-10-01（周四）休息，顺延至2026-10-09（周五）" in chinese
    assert "Rolled: the last day 2026-10-01 (Thu) is off, moved to 2026-10-09 (Fri)" in english
    assert chinese[-1] == "到期：2026-10-09（周五）17:30"
    hours = derived("90分钟", "2026-09-30 23:00:30")
    assert narrate.zh(hours)[1] == (
        "计时：2026-09-30（周三）23:00:30至2026-10-01（周四）00:30:30，累计1小时30分"
    )
    assert narrate.en(hours)[1].endswith(", 1h 30min")


def test_an_open_pause_is_told_as_an_end_not_fixed() -> None:
    found = derived("3个工作日", "2026-09-21 10:00", pause("2026-09-23 10:00", None))
    assert narrate.zh(found)[-2:] == [
        "中止：2026-09-23（周三）10:00起，尚未恢复",
        "到期：中止尚未结束，到期时间未定",
    ]
    assert narrate.en(found)[-2:] == [
        "Suspension: from 2026-09-23 (Wed) 10:00, not yet resumed",
        "Due: not fixed while the suspension lasts",
    ]


def test_half_days_are_told_by_morning_and_afternoon() -> None:
    found = derived("2个半日", "2026-09-29 10:00")
    assert narrate.zh(found)[1:4] == [
        "第1个半日：2026-09-29下午（周二）",
        "第2个半日：2026-09-30上午（周三）",
        "截止：末个半日下班时届满",
    ]
    assert narrate.en(found)[1] == "Half-day 1: 2026-09-29 afternoon (Tue)"
    assert narrate.zh(found)[0].endswith("起算的半日不计入")


def test_a_provisional_end_is_told_with_its_basis() -> None:
    asked = term("4个工作日")
    found = derive(asked, at("2026-12-29 10:00"), timetable(provisional=True))
    basis = "2027年：周末与法定节假日（国务院令第795号），不含调休"
    assert narrate.zh(found)[-1] == f"到期：2027-01-05（周二）24:00（暂定，{basis}）"
    assert narrate.en(found)[-1].endswith(f"statutory days alone: {basis})")


@pytest.mark.parametrize(
    ("day", "zh", "en"),
    [
        ("2020-02-01", "春节一次性放假", "day off granted once, 春节"),
        ("2020-02-03", "春节后照常上班", "back to work after 春节"),
        ("2026-02-17", "春节法定节假日", "statutory holiday, 春节"),
        ("2026-02-20", "春节调休放假", "adjusted day of rest, 春节"),
        ("2026-02-22", "春节放假", "weekend, 春节"),
        ("2026-02-14", "春节调休上班", "make-up working day, 春节"),
    ],
)
def test_every_kind_of_day_has_its_words(day: str, zh: str, en: str) -> None:
    on = date.fromisoformat(day)
    steps = list(walk_days(almanac().calendar(), on, on))
    chinese, english = narrate.told(steps, Unit.WORKDAYS, "Asia/Shanghai")
    assert f"，{zh}，" in chinese[0]
    assert f", {en}, " in english[0]


def test_a_regional_day_has_its_words() -> None:
    on = date(2024, 4, 11)
    steps = list(walk_days(almanac().calendar("CN-45"), on, on))
    chinese, english = narrate.told(steps, Unit.WORKDAYS, "Asia/Shanghai")
    assert "壮族三月三地方放假" in chinese[0]
    assert "regional holiday, 壮族三月三" in english[0]
