"""A script played on virtual time through the real engine.

Time moves from alarm to alarm and from step to step, so sweeps happen exactly when they would.
Every fact is expected to be recorded unless the script says that it is refused or repeated, and
at the end the log alone must give the same state again.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from projections import READ_MODELS
from scenarios.compare import compare_dossier
from scenarios.everything import compare_everything
from scenarios.findings import NOTHING, Departure, Findings
from scenarios.foretold import Expect
from scenarios.reader import read_file
from scenarios.rules import check_names, notice_text, rulebook
from scenarios.script import Fact, Load, Script, Step, TalkAlias
from sla_engine.asking import calendar_at, edit_of
from sla_engine.clock import VirtualClock
from sla_engine.errors import Refusal, refuse, register
from sla_engine.followers.projector import follower_name
from sla_engine.record import Instant
from sla_engine.replay.question import Question
from sla_engine.replay.verify import Verification
from sla_engine.service.handler import Outcome
from sla_engine.service.intake import parse
from sla_engine.service.reactor import Reactor
from sla_engine.settings import Settings
from sla_engine.sla.assess import Assessment
from sla_engine.store.application import open_sqlite
from sla_engine.talk.events import CauseAttached, TalkProposed
from sla_engine.wiring import Engine

SCENARIO_STORE_USED = register(
    "SCENARIO_STORE_USED",
    "库 {found} 中已有 {allowed} 条记录，剧本须在空库上演",
    "the store {found} already holds {allowed} events; a scenario is played on an empty one",
    "换一个文件名，或不指定库",
    "name another file, or none at all",
)

Watch = Callable[[Instant], None]


@dataclass(frozen=True, slots=True)
class ScenarioReport:
    """How a scenario went. `facts` were sent, `checked` values compared, `sweeps` run."""

    script: Script
    facts: int
    sweeps: int
    checked: int
    departures: tuple[Departure, ...]
    verification: Verification

    @property
    def passed(self) -> bool:
        return not self.departures

    @property
    def met(self) -> int:
        """How many of the `checked` values are as foretold."""
        return self.checked - len(self.departures)


def run_file(
    path: Path | str, store: Path | None = None, pack_dirs: tuple[Path, ...] = ()
) -> ScenarioReport:
    """Play a scenario file, on `store` or on a temporary one that is removed again.

    `pack_dirs` hold packs beside those shipped. Raises `Refusal` with every fault of the file, or
    SCENARIO_STORE_USED.
    """
    with stage(read_file(Path(path)), store, pack_dirs) as play:
        return play.run()


@contextmanager
def stage(
    script: Script, store: Path | None = None, pack_dirs: tuple[Path, ...] = ()
) -> Iterator["Play"]:
    """An engine on virtual time, ready to play `script`; closed at the end of the block."""
    rules = rulebook(script, pack_dirs)
    check_names(script, rules)
    clock = VirtualClock(script.start)
    with tempfile.TemporaryDirectory(prefix="sla-engine-") as folder:
        path = store or Path(folder) / "scenario.sqlite"
        # What is thrown away at the end need not outlive a power cut.
        log = open_sqlite(path, synchronous="OFF" if store is None else "FULL")
        with Engine(log, clock, Settings(), rules) as engine:
            if log.head():
                raise refuse(SCENARIO_STORE_USED, "", path.name, str(log.head()))
            yield Play(script, engine, clock)


@dataclass(slots=True)
class Play:
    """One playing of one script. `watch` is told every instant that virtual time reaches."""

    script: Script
    engine: Engine
    clock: VirtualClock
    watch: Watch = lambda _now: None
    facts: int = 0
    sweeps: int = 0
    findings: Findings = field(default_factory=Findings)

    def run(self) -> ScenarioReport:
        """Play everything; nothing that departs stops the play."""
        for moment in self.script.moments:
            self._advance(moment.at)
            if isinstance(moment, Load):
                self._load(moment)
            else:
                self._step(moment)
        self._advance(self.script.end)
        self.findings.state("end", self.script.end)
        self._check_followers()
        verification = self.engine.verify()
        self.findings.compare("log", "replay", verification.live, verification.replayed)
        return ScenarioReport(
            script=self.script,
            facts=self.facts,
            sweeps=self.sweeps,
            checked=self.findings.checked,
            departures=tuple(self.findings.departures),
            verification=verification,
        )

    def _check_followers(self) -> None:
        """An event that a follower could not take was put aside, and must not go unseen."""
        for follower in (Reactor.name, *(follower_name(model.name) for model in READ_MODELS)):
            for letter in self.engine.log.dead_letters(follower):
                about = f"{letter.stream}@{letter.version}"
                self.findings.depart(about, "follower", NOTHING, f"{follower}: {letter.reason}")

    def _advance(self, until: Instant) -> None:
        """From alarm to alarm up to `until`, each swept at its own instant."""
        while (alarm := self.engine.next_alarm()) is not None and alarm <= until:
            now = max(alarm, self.clock.now())
            self._sweep(now)
            after = self.engine.next_alarm()
            assert after is None or after > now, "a sweep leaves no alarm behind it"
        self._reach(until)

    def _sweep(self, now: Instant) -> None:
        self._reach(now)
        self.engine.run_due()
        self.sweeps += 1

    def _reach(self, now: Instant) -> None:
        self.clock.set(max(now, self.clock.now()))
        self.watch(self.clock.now())

    def _load(self, load: Load) -> None:
        self.engine.load_notice(load.text or notice_text(load.number))
        self._advance(load.at)

    def _step(self, step: Step) -> None:
        if step.facts:
            self._take(step)
            self._advance(step.at)
        for expect in step.expects:
            self._expect(expect, step.at)

    def _expect(self, expect: Expect, at: Instant) -> None:
        self.findings.state(expect.where, at)
        if not expect.about:
            compare_everything(self.findings, self._by_id(expect), self.engine, at)
            return
        stream, wanted = self.stream(expect), expect.values.get("exists", True)
        if "exists" in expect.values or stream is None:
            self.findings.compare(expect.name, "exists", wanted, stream is not None)
        if stream is not None and wanted:
            compare_dossier(self.findings, expect, self._assessed(expect, stream, at))

    def _assessed(self, expect: Expect, stream: str, at: Instant) -> Assessment:
        """The dossier as it stands, or as the replay has it that is asked for."""
        asked = expect.ask
        if asked is None:
            return self.engine.assess(stream, at)
        rules = self.engine.rules
        question = Question(
            known_at=at if asked.known_at is None else asked.known_at,
            at=asked.at,
            pack=asked.pack,
            calendar=calendar_at(rules, asked.calendar, at),
            without=asked.without,
            edits=tuple(edit_of(stream, text, n) for n, text in enumerate(asked.edits, 1)),
        )
        return self.engine.replay(stream, question).assessment

    def _by_id(self, expect: Expect) -> Expect:
        """The block with talks' own ids for their aliases in what documents are about."""
        documents = tuple(replace(each, of=self._id(each.of)) for each in expect.documents)
        return replace(expect, documents=documents)

    def _id(self, name: str) -> str:
        """The id of the talk that an alias stands for; any other name as it is."""
        alias = self.script.talks.get(name)
        stream = self.talk(alias) if alias is not None else None
        return stream.split("/", 1)[1] if stream is not None else name

    def stream(self, expect: Expect) -> str | None:
        """The dossier a block is about; None while there is none."""
        if expect.about == "talk":
            return self.talk(self.script.talks[expect.name])
        name = f"{expect.pack}/{expect.name}" if expect.about == "unit" else expect.name
        stream = f"{expect.about}/{name}"
        return stream if self.engine.events(stream) else None

    def _take(self, step: Step) -> None:
        """Send the facts of a step in one transaction and compare what became of each."""
        submissions, sent = [], []
        for fact in step.facts:
            self.facts += 1
            try:
                submissions.append(parse(self._addressed(fact)))
                sent.append(fact)
            except Refusal as refusal:
                self._outcome(step, fact, Outcome("refused", "", 0, refusal.faults))
        outcomes = self.engine.take(submissions, history=step.history)
        for fact, outcome in zip(sent, outcomes, strict=True):
            self._outcome(step, fact, outcome)

    def _addressed(self, fact: Fact) -> Mapping[str, Any]:
        """The fact with the talk's own id in place of its alias."""
        return {**fact.value, "talk": self._id(fact.alias)} if fact.alias else fact.value

    def _outcome(self, step: Step, fact: Fact, outcome: Outcome) -> None:
        found = outcome.faults[0].code if outcome.faults else outcome.status
        self.findings.state(fact.where, step.at)
        self.findings.compare(f"{fact.about} · {fact.type}", "outcome", fact.outcome, found)

    def talk(self, alias: TalkAlias) -> str | None:
        """Stream of the talk an alias stands for; None while there is none."""
        found = [
            (events[0].position, stream)
            for stream in self.engine.log.streams("talk/")
            if (events := self.engine.events(stream)) and _is_meant(alias, events)
        ]
        return sorted(found)[alias.nth - 1][1] if len(found) >= alias.nth else None


def _is_meant(alias: TalkAlias, events: Any) -> bool:
    opening = events[0].event
    assert isinstance(opening, TalkProposed), "a talk begins with its proposal"
    petitions = {*opening.petitions} | {
        each.event.petition for each in events if isinstance(each.event, CauseAttached)
    }
    return alias.unit in ("", opening.unit) and (not alias.petition or alias.petition in petitions)
