"""From rows to submissions: what is said, under which id, and what cannot be said."""

from sla_engine.dossier.events import StepDone
from sla_engine.importing.convert import Converted, Converter
from sla_engine.importing.matter import Matter, Row
from sla_engine.petition.events import Dispatched, Registered
from sla_engine.worktime import format_instant
from tests.unit.importing.tables import CSV, EVENTS, bound

ROW = {
    "no": "7",
    "asked": "2024-01-02T09:00:00+08:00",
    "replied": "2024-01-05T10:00:00+08:00",
    "kind": "complaint",
    "who": "u0007",
    "phone": "13800000000",
}


def convert(changes: dict[str, str] | None = None, *edits: tuple[str, str]) -> Converted:
    row = Row(12, 1, {**ROW, **(changes or {})})
    return Converter(bound(CSV, *edits)).convert(Matter(row, ()))


def refused(converted: Converted) -> list[tuple[int, str, list[tuple[str, str]]]]:
    return [
        (each.line, each.fact, [(fault.code, fault.where) for fault in each.faults])
        for each in converted.refused
    ]


def steps(*rows: tuple[str, str, str]) -> Converted:
    """Event rows (case, at, what) of one matter."""
    names = ("case", "at", "what")
    events = tuple(
        Row(line, line - 1, dict(zip(names, row, strict=True))) for line, row in enumerate(rows, 2)
    )
    return Converter(bound(EVENTS)).convert(Matter(events[0], events))


def test_a_row_is_a_registration_and_its_facts() -> None:
    registered, replied = convert().entries
    assert (registered.line, registered.no, registered.fact) == (12, "L-7", "registered")
    first, second = registered.submission, replied.submission
    assert (first.stream, first.source, first.key) == ("petition/L-7", "letters", "L-7/registered")
    assert first.event == Registered(
        no="L-7", pack="letters", kind="投诉", region="CN", petitioner="u0007", historic=True
    )
    assert format_instant(first.occurred_at) == ROW["asked"]
    assert (second.event, second.key) == (StepDone("replied"), "L-7/replied")
    assert format_instant(second.occurred_at) == ROW["replied"]


def test_personal_columns_travel_apart_and_empty_ones_not_at_all() -> None:
    submission = convert().entries[0].submission
    assert submission.personal == {"phone": "13800000000"}
    assert submission.subject == "u0007"
    assert convert({"phone": " "}).entries[0].submission.personal == {}


def test_a_fact_without_its_time_did_not_happen() -> None:
    converted = convert({"replied": ""})
    assert [entry.fact for entry in converted.entries] == ["registered"]
    assert converted.refused == []


def test_how_precise_a_time_is_travels_with_the_fact() -> None:
    registered, replied = convert({"asked": "2024-01-02 09:00", "replied": "2024-01-05"}).entries
    assert (registered.submission.precision, replied.submission.precision) == ("minute", "day")
    assert format_instant(replied.submission.occurred_at) == "2024-01-05T23:59:59.999999+08:00"


def test_a_row_without_a_number_is_refused_as_a_whole() -> None:
    converted = convert({"no": "  "})
    assert converted.entries == []
    assert refused(converted) == [(12, "", [("FIELD_MISSING", "no")])]


def test_a_number_no_one_could_type_is_refused() -> None:
    for number in ("7\n8", "x" * 101):
        assert refused(convert({"no": number})) == [(12, "", [("FIELD_WRONG", "no")])]


def test_every_fault_of_a_registration_comes_at_once() -> None:
    assert refused(convert({"asked": "yesterday", "kind": "praise"})) == [
        (12, "registered", [("TIME_FORMAT", "asked"), ("IMPORT_WORD_UNKNOWN", "kind")])
    ]
    assert refused(convert({"asked": "", "kind": ""})) == [
        (12, "registered", [("FIELD_MISSING", "asked")])
    ]


def test_a_trait_that_must_be_there_and_is_empty_is_refused() -> None:
    assert refused(convert({"kind": ""})) == [(12, "registered", [("FIELD_MISSING", "data.kind")])]


def test_a_bad_time_costs_its_own_fact_alone() -> None:
    converted = convert({"replied": "2300-01-01T00:00:00+08:00"})
    assert [entry.fact for entry in converted.entries] == ["registered"]
    assert refused(converted) == [(12, "replied", [("TIME_RANGE", "replied")])]


def test_a_refused_row_never_quotes_personal_columns() -> None:
    converted = convert({"asked": "?", "kind": "?", "replied": "?"})
    assert len(converted.refused) == 2
    assert "13800000000" not in str([each.as_dict() for each in converted.refused])


def test_every_event_row_that_is_meant_is_a_fact_with_its_place_in_the_file() -> None:
    converted = steps(
        ("a", "2024-01-02T09:00:00+08:00", "opened"),
        ("a", "2024-01-02T10:00:00+08:00", "arrived"),
        ("a", "2024-01-02T10:00:00+08:00", "replied"),
    )
    registered, arrived, replied = converted.entries
    assert format_instant(registered.submission.occurred_at) == "2024-01-02T09:00:00+08:00"
    assert [(entry.line, entry.submission.seq) for entry in (arrived, replied)] == [(3, 2), (4, 3)]
    assert (arrived.submission.event, replied.submission.event) == (
        StepDone("arrived"),
        StepDone("replied"),
    )


def test_an_event_is_known_by_its_content_wherever_it_stands() -> None:
    row = ("a", "2024-01-02T10:00:00+08:00", "arrived")
    once, again, other = (
        steps(row).entries[1],
        steps(("a", "2024-01-02T09:00:00+08:00", "opened"), row).entries[1],
        steps(("a", "2024-01-02T10:00:01+08:00", "arrived")).entries[1],
    )
    assert once.submission.key == again.submission.key
    assert once.submission.key != other.submission.key


def test_an_event_is_known_by_its_own_number_where_the_log_has_one() -> None:
    mapped = bound(EVENTS, ('each = "event"', 'each = "event"\nid = { column = "task" }'))
    cells = {"case": "a", "at": "2024-01-02T10:00:00+08:00", "what": "arrived", "task": "t-9"}
    row = Row(2, 1, cells)
    entries = Converter(mapped).convert(Matter(row, (row,))).entries
    assert entries[1].submission.key == "a/step/t-9"


def test_an_event_without_a_time_is_refused_and_borrows_none() -> None:
    converted = steps(("a", "2024-01-02T09:00:00+08:00", "opened"), ("a", "", "arrived"))
    assert refused(converted) == [(3, "step", [("FIELD_MISSING", "at")])]


def test_an_event_asks_the_trace_for_what_it_does_not_say_itself() -> None:
    mapped = bound(EVENTS, ('"what"', '"step"'))
    trace = Row(1, 1, {"case": "a", "at": "2024-01-02T09:00:00+08:00", "step": "arrived"})
    event = Row(2, 1, {"at": "2024-01-02T10:00:00+08:00"})
    entry = Converter(mapped).convert(Matter(trace, (event,))).entries[1]
    assert entry.submission.event == StepDone("arrived")


def test_a_registration_without_a_time_of_its_own_takes_that_of_the_first_event() -> None:
    trace, event = Row(1, 1, {"case": "a"}), Row(2, 1, {"at": "2024-01-02T10:00:00+08:00"})
    registered = Converter(bound(EVENTS)).convert(Matter(trace, (event,))).entries[0]
    assert format_instant(registered.submission.occurred_at) == "2024-01-02T10:00:00+08:00"


def test_a_dispatch_is_its_own_assignment_and_names_actor_role_and_unit() -> None:
    converted = convert(
        None,
        ('type = "step_done"', 'type = "dispatched"\nby = "张"\nrole = "派单员"\nunit = "12345"'),
        ('{ step = "replied" }', '{ unit = "住建局", lead = true }'),
    )
    submission = converted.entries[1].submission
    assert submission.event == Dispatched(unit="住建局", assignment="L-7/replied", lead=True)
    assert (submission.actor, submission.role, submission.unit) == ("张", "派单员", "12345")
