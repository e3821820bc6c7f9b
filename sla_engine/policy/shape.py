"""The tables of a pack file: which keys there are and what each may hold.

One pydantic model per TOML table, so that every fault of a table is found in one pass. How
clauses relate to one another is the business of `lint`.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sla_engine.policy.case import Case, CaseFact, Expectation
from sla_engine.policy.clause import (
    OFFICE,
    Clause,
    ExtensionRule,
    Level,
    Liable,
    Match,
    Rung,
    Scope,
    Status,
    TalkRules,
    Text,
)
from sla_engine.policy.values import (
    Act,
    At,
    Basis,
    ClauseNames,
    FactName,
    Grounds,
    Hours,
    HoursName,
    Ident,
    Length,
    List,
    Marks,
    Moment,
    Region,
    Roles,
    RungMoment,
    Seasons,
    Severity,
    TierKey,
    Trait,
    TraitValue,
    TraitValues,
    Words,
    instant_of,
)
from sla_engine.policy.vocabulary import Light, liable_by
from sla_engine.worktime import Instant, Term

Tier = Annotated[int, Field(ge=1, le=9)]


class Table(BaseModel):
    """Base of all tables: no unknown keys, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TextTable(Table):
    """Words for people."""

    zh: Words
    en: Words

    @property
    def text(self) -> Text:
        return Text(self.zh, self.en)


class PackTable(Table):
    """[pack]: what the edition is, where and when it is in force."""

    name: Ident
    edition: Ident
    title: TextTable
    region: Region
    calendar: Ident
    effective_from: date
    effective_to: date | None = None
    recorded_at: Moment | None = None
    settle: Hours
    talks_by: Ident = ""
    final: Marks = ()
    basis: Basis
    status: Status

    @property
    def known_since(self) -> Instant:
        """When the edition became known: as stated, else the day from which it is in force."""
        if self.recorded_at is not None:
            return self.recorded_at
        return instant_of(self.effective_from)


class HoursTable(Table):
    """[hours.<name>]: sessions of a day by season."""

    seasons: Seasons
    basis: Basis
    status: Status


class LevelTable(Table):
    """[[level]]: label of an ordinal severity."""

    ordinal: Annotated[int, Field(ge=1, le=99)]
    name: TextTable
    light: Light

    @property
    def level(self) -> Level:
        return Level(self.ordinal, self.name.text, self.light)


class ExtensionTable(Table):
    """clause.extension."""

    max_count: Annotated[int, Field(ge=1)]
    each_max: Length | None = None
    total_max: Length | None = None
    ask_before: Length | None = None
    basis: Basis
    status: Status = "default"

    @property
    def rule(self) -> ExtensionRule:
        return ExtensionRule(
            max_count=self.max_count,
            each_max=self.each_max,
            total_max=self.total_max,
            ask_before=self.ask_before,
            basis=self.basis,
            status=self.status,
        )


class RungTable(Table):
    """[[clause.rung]]: one act at one instant."""

    id: Ident
    at: At
    level: Severity
    act: Act
    to: Roles = ()
    tier: Tier | None = None
    from_cycle: Annotated[int, Field(ge=1)] = 1
    basis: Words
    status: Status = "default"

    @property
    def rung(self) -> Rung:
        return Rung(
            id=self.id,
            when=self.at,
            level=self.level,
            act=self.act,
            to=self.to,
            tier=self.tier or 0,
            basis=self.basis,
            status=self.status,
            from_cycle=self.from_cycle,
        )


class ClauseTable(Table):
    """[[clause]] without its rungs, which are read one by one."""

    id: Ident
    name: TextTable
    scope: Literal["petition", "assignment", "talk", "item", "round", "member", "dispute"]
    match: Mapping[Trait, TraitValues] = {}
    start: Annotated[Marks, Field(min_length=1)]
    stop: Marks = ()
    stop_all: Marks = ()
    limit: Length
    receipt: Literal["as_is", "off_to_next", "close_to_next"] = "as_is"
    expiry: Literal["end_of_day", "close_of_business"] = "end_of_day"
    roll: bool = False
    hours: HoursName = OFFICE
    pauses: Grounds = ()
    repeat: bool = False
    revision: Literal["recompute", "never_earlier"] = "recompute"
    late: Literal["overdue", "barred"] = "overdue"
    own_limit: bool = False
    final: bool = False
    beside: ClauseNames = ()
    liable: Liable | None = None
    extension: ExtensionTable | None = None
    basis: Basis
    status: Status = "default"

    def clause(self, rungs: tuple[Rung, ...]) -> Clause:
        """The clause with its rungs."""
        return Clause(
            id=self.id,
            name=self.name.text,
            scope=Scope(self.scope),
            match=Match(dict(self.match)),
            start=self.start,
            stop_any=self.stop,
            stop_all=self.stop_all,
            term=Term(self.limit, self.receipt, self.expiry, self.roll),
            hours=self.hours,
            pauses=frozenset(self.pauses),
            extension=self.extension.rule if self.extension is not None else None,
            repeat=self.repeat,
            revision=self.revision,
            late=self.late,
            own_limit=self.own_limit,
            final=self.final,
            beside=self.beside,
            liable=self.liable or liable_by(Scope(self.scope), (*self.stop, *self.stop_all)),
            rungs=rungs,
            basis=self.basis,
            status=self.status,
        )


class TalkTable(Table):
    """[talk]: who talks to whom, and how."""

    group_by: Literal["unit", "petition"]
    delegation_allowed: bool
    top_tier: Tier = 3
    notice_lead: Mapping[TierKey, Length]
    parties: Mapping[TierKey, Annotated[tuple[TextTable, TextTable], List]]
    basis: Basis
    status: Status

    @property
    def rules(self) -> TalkRules:
        return TalkRules(
            group_by=self.group_by,
            delegation_allowed=self.delegation_allowed,
            notice_lead={int(tier): lead for tier, lead in self.notice_lead.items()},
            parties={
                int(tier): (talker.text, summoned.text)
                for tier, (talker, summoned) in self.parties.items()
            },
            top_tier=self.top_tier,
            basis=self.basis,
            status=self.status,
        )


class FactTable(Table):
    """One fact of a case."""

    type: FactName
    at: Moment
    assignment: Words | None = None
    unit: Words | None = None
    ground: Words | None = None
    clause: Words | None = None
    amount: Words | None = None
    granted: bool | None = None
    tier: Tier | None = None
    limit: Words | None = None
    member: Words | None = None
    members: Annotated[tuple[Words, ...], List] | None = None
    series: Words | None = None
    period: Words | None = None

    @property
    def fact(self) -> CaseFact:
        fields = self.model_dump(exclude={"type", "at"}, exclude_none=True)
        return CaseFact(self.type, self.at, fields)


class ExpectTable(Table):
    """What one clause of a case must show; a rung that must not exist is "none"."""

    clause: Words
    due: Moment | None = None
    rungs: Mapping[str, RungMoment] = {}
    absent: bool = False

    @property
    def expectation(self) -> Expectation:
        return Expectation(self.clause, self.due, dict(self.rungs), self.absent)


class CaseTable(Table):
    """[[case]]: facts in, due and rung instants out."""

    name: Words
    traits: Mapping[Trait, TraitValue] = {}
    facts: Annotated[tuple[FactTable, ...], List, Field(min_length=1)]
    known_at: Moment | None = None
    expect: Annotated[tuple[ExpectTable, ...], List]

    @property
    def case(self) -> Case:
        return Case(
            name=self.name,
            traits=dict(self.traits),
            facts=tuple(fact.fact for fact in self.facts),
            known_at=self.known_at,
            expect=tuple(expect.expectation for expect in self.expect),
        )
