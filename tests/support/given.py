"""Given, when, then: facts in short form in; readings, acts and refusals out.

A fact is one line: "2025-06-03 10:00 dispatched unit=U1 assignment=A1" says when it happened
(Chinese time), what, and its fields. "known=2025-06-09T10:00" says when it was learned, if not at
once; "id=", "source=", "seq=" and "by=" go to the envelope. Instants in results read the same way,
with midnight written as the 24:00 that ends a day.
"""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, Self

import msgspec

from sla_engine.catalog import load_almanac, load_rulebook
from sla_engine.clock import VirtualClock
from sla_engine.dossier.chronicle import Chronicle, read
from sla_engine.dossier.events import RungWithdrawn, TermRefixed
from sla_engine.dossier.fold import Dossier, fold
from sla_engine.dossier.pending import Pending
from sla_engine.errors import Fault, Refusal
from sla_engine.escalation.kinds import DECIDE, kind_of
from sla_engine.escalation.plan import catch_up
from sla_engine.policy.clause import Pack
from sla_engine.policy.lint import parse_pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Draft, Event, Instant, Meta, Recorded
from sla_engine.rules.texts import notice_of
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import Submission, parse
from sla_engine.settings import Settings
from sla_engine.sla.assess import Assessment, Reading, assess
from sla_engine.sla.cycle import stamp
from sla_engine.store.application import open_memory
from sla_engine.wiring import Engine
from sla_engine.worktime import Notice, format_instant, parse_instant

SHIPPED: Rulebook = load_rulebook()
CALENDAR = load_almanac("cn")

_ENVELOPE = ("id", "source", "by", "cause")
_LISTS = (
    "causes", "petitions", "attendees", "requirements", "items", "materials", "recalled", "after",
    "members", "measures", "owed",
)  # fmt: skip
_NUMBERS = ("tier", "opening", "new", "struck_off", "carried_over", "overdue")
_INSTANTS = ("scheduled_at", "expected_until", "told_at")
_WORDS = {"true": True, "false": False}
_ids = count(1)


# ------------------------------------------------------------------------------------------ time


def instant(text: str) -> Instant:
    """Of "2025-06-03 10:00" in China; "2025-06-03 24:00" is the midnight that ends the day; seconds
    and fractions may follow."""
    day, _, clock = text.replace("T", " ").partition(" ")
    if clock == "24:00":
        return parse_instant(f"{day}T00:00:00+08:00") + 86_400_000_000
    return parse_instant(f"{day}T{clock}{':00' * (2 - clock.count(':'))}+08:00")


def shown(at: Instant | None) -> str:
    """An instant as these tests write it; "-" for none."""
    if at is None:
        return "-"
    text = format_instant(at).removesuffix("+08:00").replace("T", " ").removesuffix(":00")
    if text.endswith(" 00:00"):
        return f"{format_instant(at - 1)[:10]} 24:00"
    return text


# ----------------------------------------------------------------------------------------- facts


def fact(line: str, stream: str = "petition/P1", pack: str = "") -> dict[str, Any]:
    """A line in the shape of intake. `pack` is what an opening fact names unless it says so."""
    day, clock, name, *pairs = shlex.split(line)
    said = dict(pair.split("=", 1) for pair in pairs)
    said.pop("known", None)
    kind, no = stream.split("/", 1)
    envelope: dict[str, Any] = {kind: no, "type": name, "source": "test", "id": f"f{next(_ids)}"}
    envelope["at"] = format_instant(instant(f"{day} {clock}"))
    envelope |= {key: said.pop(key) for key in _ENVELOPE if key in said}
    if "seq" in said:
        envelope["seq"] = int(said.pop("seq"))
    opening = {
        ("petition", "registered"): {"kind": "投诉", "subject": "enterprise"},
        ("talk", "proposed"): {"unit": "U1", "causes": "c1", "tier": "1"},
        ("item", "listed"): {"list": "task", "unit": "U1"},
        ("round", "opened"): {"members": "U1,U2,U3"},
        ("dispute", "opened"): {
            "kind": "review",
            "subject": "petition/P1",
            "claim": "not_late",
            "claimant": "U1",
            "office": "O1",
        },
    }.get((kind, name))
    if opening is not None:
        said = {"pack": pack, "region": "CN-3704", **opening, **said}
    return {**envelope, "data": {key: _value(key, text) for key, text in said.items()}}


def _value(key: str, text: str) -> Any:
    if key in _LISTS:
        return text.split(",") if text else []
    if key in _INSTANTS:
        return format_instant(instant(text))
    if key in _NUMBERS:
        return int(text)
    if text.startswith("{"):
        return {name: _plain(value) for name, value in _pairs(text)}
    return _WORDS.get(text, text)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Of "{skill:80;manner:60}"."""
    for pair in text.strip("{}").split(";"):
        name, _, value = pair.partition(":")
        yield name, value


def _plain(value: str) -> Any:
    return int(value) if value.isdigit() else value


def _learned(line: str) -> Instant:
    words = shlex.split(line)
    known = next((word for word in words if word.startswith("known=")), None)
    return instant(known[6:] if known else f"{words[0]} {words[1]}")


# ----------------------------------------------------------------------------------------- rules


def clause(name: str, limit: str, *, rungs: str = "", more: str = "", **keys: str) -> str:
    """A [[clause]] in TOML: petition scope, from `dispatched` to `resolved` unless said otherwise.

    `rungs` is "id at act level", then "tier=1" or "from_cycle=2" where needed, separated by ";".
    `more` is TOML of one's own.
    """
    table = {"scope": '"petition"', "start": '"dispatched"', "stop": '"resolved"'} | keys
    lines = [f"{key} = {value}" for key, value in table.items() if value]
    ladder = "".join(_rung(*group.split()) for group in rungs.split(";") if group.strip())
    return (
        f'[[clause]]\nid = "{name}"\nname = {{ zh = "{name}", en = "{name}" }}\n'
        f'limit = "{limit}"\nbasis = ["测试"]\n' + "\n".join(lines) + f"\n{more}\n{ladder}"
    )


def _rung(name: str, at: str, act: str, level: str, *more: str) -> str:
    lines = (f'id = "{name}"', f'at = "{at}"', f'act = "{act}"', f"level = {level}", *more)
    return "\n".join(("[[clause.rung]]", *lines, 'basis = "测试"', ""))


_HEAD = """
[pack]
name = "{name}"
edition = "{edition}"
title = {{ zh = "测试包", en = "test pack" }}
region = "CN-3704"
calendar = "cn"
effective_from = {since}
settle = "2小时"
basis = ["测试"]
status = "default"
{more}

[hours.office]
seasons = [["01-01", [["09:00", "12:00"], ["14:00", "18:00"]]]]
basis = ["测试"]
status = "default"

[steps]
arrived = {{ zh = "到达", en = "arrived" }}
told_one = {{ zh = "甲", en = "one" }}
told_two = {{ zh = "乙", en = "two" }}

[grounds]
P-HEAR = {{ zh = "听证", en = "hearing" }}
P-TEST = {{ zh = "检验", en = "test" }}
P-POSTPONE = {{ zh = "改期", en = "postponed" }}
"""

_LEVELS = "".join(
    f'[[level]]\nordinal = {level}\nname = {{ zh = "{level}", en = "{level}" }}\nlight = "red"\n'
    for level in (10, 20, 30, 40, 50, 60, 70, 80)
)

_TALK = """
[talk]
group_by = "{group_by}"
delegation_allowed = {delegation}
top_tier = 3
notice_lead = {{ 1 = "1个工作日", 2 = "1个工作日", 3 = "2个工作日" }}
basis = ["测试"]
status = "default"

[talk.parties]
1 = [{{ zh = "甲", en = "A" }}, {{ zh = "乙", en = "B" }}]
2 = [{{ zh = "甲", en = "A" }}, {{ zh = "乙", en = "B" }}]
3 = [{{ zh = "甲", en = "A" }}, {{ zh = "乙", en = "B" }}]
"""


def talks(group_by: str = "unit", delegation: str = "false") -> str:
    """A [talk] of three tiers, and the least of its clocks."""
    approve = clause("approve", "2个工作日", scope='"talk"', start='"proposed"', stop='"approved"')
    return _TALK.format(group_by=group_by, delegation=delegation) + approve


def _named(table: str, name: str, **keys: object) -> str:
    """A [[table]] in TOML with an id, a name and a basis."""
    lines = [f'id = "{name}"', f'name = {{ zh = "{name}", en = "{name}" }}', 'basis = ["测试"]']
    lines += [f"{key} = {value}" for key, value in keys.items() if value]
    return "\n".join((f"[[{table}]]", *lines, ""))


def trigger(name: str, counts: str, at_least: int, when: str, act: str = "circular 80") -> str:
    """A [[trigger]]: `counts` separated by blanks, `when` a window or "consecutive", `act` is
    "act level", then "tier=1" where needed."""
    names = ", ".join(f'"{each}"' for each in counts.split())
    within = "consecutive = true" if when == "consecutive" else f'within = "{when}"'
    does, level, *tier = act.split()
    more = "\n".join((within, *tier, ""))
    keys = {"counts": f"[{names}]", "at_least": at_least, "act": f'"{does}"', "level": level}
    return _named("trigger", name, **keys) + more


def series(name: str, form: str, cycle: str, places: str = "", more: str = "") -> str:
    """A [[series]]; `places` is "black bottom=1; red top=3", `more` is TOML of one's own."""
    table = _named("series", name, form=f'"{form}"', status='"default"')
    ranks = "".join(_place(*each.split()) for each in places.split(";") if each.strip())
    return table + f'cycle = "{cycle}"\n{more}\n{ranks}'


def _place(name: str, rule: str) -> str:
    return (
        f'[[series.place]]\nid = "{name}"\nname = {{ zh = "{name}", en = "{name}" }}\n'
        f'praise = {str(name == "red").lower()}\n{rule}\nbasis = "测试"\n'
    )


def a_list(name: str, **keys: str) -> str:
    """A [[list]]."""
    return _named("list", name, status='"default"', **keys)


def text_of(
    *clauses: str, name: str = "demo", edition: str = "1", since: str = "2010-01-01", more: str = ""
) -> str:
    """The text of a minimal pack in force since `since` with these tables."""
    head = _HEAD.format(name=name, edition=edition, since=since, more=more)
    return head + _LEVELS + "\n".join(clauses)


DESK = '[roles]\ndesk = { zh = "派单员", en = "dispatcher" }'
"""For whom the centre's rungs are: no unit hears of them."""


def pack_of(
    *clauses: str, name: str = "demo", edition: str = "1", since: str = "2010-01-01", more: str = ""
) -> Pack:
    """The same, parsed."""
    return parse_pack(text_of(*clauses, name=name, edition=edition, since=since, more=more))


def notice(published: str, recorded: str, off: str = "", work: str = "", **keys: str) -> Notice:
    """A holiday notice: `off` and `work` are days or ranges; `covers` makes a year official."""
    days = {key: f'["{text}"]' for key, text in (("off", off), ("work", work)) if text}
    lines = "\n".join(f"{key} = {text}" for key, text in days.items())
    region = keys.get("region", "CN")
    return notice_of(
        f'title = "通知 {published} {region}"\nregion = "{region}"\npublished = {published}\n'
        f"covers = [{keys.get('covers', '')}]\nverified = false\n"
        f'[[holiday]]\nname = "假"\n{lines}\n',
        instant(recorded),
    )


def rules_of(*packs: Pack) -> Rulebook:
    """A rulebook of these packs over the shipped calendars."""
    return Rulebook({"cn": CALENDAR}, packs)


# -------------------------------------------------------------------------------------- a dossier


class Matter:
    """One dossier in memory, taken through touch, decide, stamp and settle as the handler does."""

    def __init__(self, rules: Rulebook, *lines: str, stream: str = "petition/P1") -> None:
        self.rules = rules
        self.stream = stream
        self.kind = kind_of(stream)
        self.log: list[Recorded] = []
        self.take(*lines)

    @property
    def dossier(self) -> Dossier:
        """As the log holds it."""
        return fold(self.stream, self.log)

    @property
    def chronicle(self) -> Chronicle:
        return read(self.dossier, self.kind)

    def take(self, *lines: str) -> Self:
        """Record facts one by one, each with what is due before and after it."""
        for line in lines:
            now = _learned(line)
            with self._open(now) as pending:
                for draft in self._decided(pending.dossier, line, now):
                    pending.write(stamp(pending.dossier, self.kind, draft, self.rules))
        return self

    def together(self, *lines: str) -> Self:
        """Record facts in one transaction, learned when the last of them is."""
        now = max(map(_learned, lines))
        with self._open(now) as pending:
            for line in lines:
                for draft in self._decided(pending.dossier, line, now):
                    pending.write(stamp(pending.dossier, self.kind, draft, self.rules))
        return self

    def touch(self, *whens: str) -> Self:
        """Record what is due at each of these instants."""
        for when in whens:
            with self._open(instant(when)):
                pass
        return self

    def refused(self, line: str) -> tuple[Fault, ...]:
        """The faults that speak against a fact; fails when there are none."""
        try:
            self._decided(self.dossier, line, _learned(line))
        except Refusal as refusal:
            return refusal.faults
        raise AssertionError(f"taken: {line}")

    def codes(self, line: str) -> list[str]:
        return [fault.code for fault in self.refused(line)]

    def under(self, rules: Rulebook) -> Self:
        """The same matter once other rules are known."""
        self.rules = rules
        return self

    # ------------------------------------------------------------------------------------ readings

    def assess(self, when: str) -> Assessment:
        return assess(self.dossier, self.kind, self.rules, instant(when))

    def reading(self, name: str, when: str, cycle: str | None = None) -> Reading:
        reading = self.assess(when).reading(name, cycle)
        assert reading is not None, f"{name} has no clock at {when}"
        return reading

    def due(self, name: str, when: str = "2100-01-01 00:00", cycle: str | None = None) -> str:
        return shown(self.reading(name, when, cycle).due)

    def state(self, name: str, when: str, cycle: str | None = None) -> str:
        return self.reading(name, when, cycle).state.value

    # ---------------------------------------------------------------------------------------- acts

    def standing(self, *clauses: str) -> list[str]:
        """Acts that stand, by instant: "solve/red#0 2025-06-18 09:00"."""
        return [text for _, text in sorted(self._acts(clauses, standing=True))]

    def acts(self, *clauses: str) -> list[str]:
        """Every act ever recorded, the withdrawn ones marked with "×"."""
        return [text for _, text in sorted(self._acts(clauses, standing=False))]

    def told(self, *clauses: str) -> list[str]:
        """Standing acts that went out, without those nobody is told of."""
        return [text for text in self.standing(*clauses) if "(" not in text]

    def refixes(self) -> list[TermRefixed]:
        return [each.event for each in self.log if isinstance(each.event, TermRefixed)]

    def withdrawals(self) -> list[RungWithdrawn]:
        return [each.event for each in self.log if isinstance(each.event, RungWithdrawn)]

    def _acts(self, clauses: Sequence[str], standing: bool) -> Iterator[tuple[Instant, str]]:
        for (name, cycle, rung), acts in self.dossier.acts.items():
            for act in acts:
                if (clauses and name not in clauses) or (standing and not act.stands):
                    continue
                fired = act.fired
                where = name if cycle == "1" else f"{name}:{cycle}"
                mark = "" if act.stands else "×"
                silent = f" ({fired.silent})" if fired.silent else ""
                text = f"{where}/{rung}#{fired.version} {shown(fired.at)}{silent}{mark}"
                yield fired.at, text

    # ------------------------------------------------------------------------------------ recording

    @contextmanager
    def _open(self, now: Instant) -> Iterator[Pending]:
        pending = Pending(self.dossier)
        if pending.dossier.exists:
            catch_up(pending, self.kind, self.rules, now)
        yield pending
        catch_up(pending, self.kind, self.rules, now)
        self.append(pending.drafts)

    def append(self, drafts: Iterable[Draft]) -> None:
        """Put drafts into the log as they are."""
        for meta, event in drafts:
            self.log.append(Recorded(self.stream, len(self.log) + 1, 0, meta, event))

    def _decided(self, dossier: Dossier, line: str, now: Instant) -> Sequence[Draft]:
        submission = parse(fact(line, self.stream, self.rules.packs[-1].name))
        draft = _draft(submission, now)
        return DECIDE[self.kind.name](dossier, draft, self.rules, now, 0)


def _draft(submission: Submission, now: Instant) -> Draft:
    meta = Meta(
        occurred_at=submission.occurred_at,
        recorded_at=now,
        actor=submission.actor,
        source=submission.source,
        key=submission.key,
        seq=submission.seq,
    )
    return Draft(meta, submission.event)


def recorded(
    event: Event, at: Instant = 0, version: int = 1, stream: str = "petition/P1", **meta: Any
) -> Recorded:
    """An event as the log would hold it."""
    envelope = msgspec.structs.replace(Meta(occurred_at=at, recorded_at=at), **meta)
    return Recorded(stream, version, version, envelope, event)


# --------------------------------------------------------------------------------------- an engine


@contextmanager
def engine(start: str, rules: Rulebook = SHIPPED, tolerance_s: int = 0) -> Iterator[Engine]:
    """An engine in memory whose clock stands at `start`; the subjects' secrets are fixed."""
    log = open_memory(make_secret=lambda: b"\0" * 32)
    each = Engine(log, VirtualClock(instant(start)), Settings(tolerance_s=tolerance_s), rules)
    try:
        yield each
    finally:
        each.close()


def to(each: Engine, when: str) -> None:
    """Let time pass: every alarm on the way is met at its instant."""
    until = instant(when)
    clock = each.clock
    assert isinstance(clock, VirtualClock)
    while (alarm := each.next_alarm()) is not None and alarm <= until:
        clock.set(max(alarm, clock.now()))
        assert not each.run_due().failed
    clock.set(until)


def send(each: Engine, *lines: str, history: bool = False) -> list[Outcome]:
    """Submit lines in one transaction; "P2: 2025-…" addresses another petition, "talk/…: " a
    talk. The clock is moved to when the last of them is learned, if it stands before that."""
    now = max(_learned(line.rpartition(": ")[2]) for line in lines)
    if now > each.clock.now():
        to(each, shown(now))
    return each.take([submission(each, line) for line in lines], history)


def submission(each: Engine, line: str) -> Submission:
    """One line, parsed; its own "P2: " or "talk/…: " says which dossier is meant."""
    address, _, text = line.rpartition(": ")
    stream = address if "/" in address else f"petition/{address or 'P1'}"
    return parse(fact(text, stream, each.rules.packs[-1].name))


def statuses(outcomes: Iterable[Outcome]) -> list[str]:
    """Each "recorded", "repeated", or the code of the first fault."""
    return [each.faults[0].code if each.faults else each.status for each in outcomes]
