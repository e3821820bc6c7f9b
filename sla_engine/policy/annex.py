"""附表: tables of a pack file beside its clauses (lists, series, triggers, measures, routes)."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from sla_engine.policy.clause import (
    Cycle,
    Form,
    ListRules,
    Match,
    Measure,
    Place,
    Route,
    Series,
    Status,
    Trigger,
)
from sla_engine.policy.shape import Table, TextTable, Tier
from sla_engine.policy.values import (
    Basis,
    Counters,
    Counts,
    Grounds,
    Ident,
    ListName,
    MeasureName,
    RoleName,
    Roles,
    RouteTrait,
    Severity,
    Steps,
    TraitValues,
    TriggerAct,
    Within,
    Words,
)

Count = Annotated[int, Field(ge=1)]
Points = Annotated[int, Field(ge=0, le=100)]
Percent = Annotated[int, Field(ge=1, le=100)]


class ListTable(Table):
    """[[list]]: what an entry needs before it can be struck off, and when it may start early."""

    id: Ident
    name: TextTable
    needs: Steps = ()
    despite: Grounds = ()
    basis: Basis
    status: Status = "default"

    @property
    def rules(self) -> ListRules:
        return ListRules(self.id, self.name.text, self.needs, self.despite, self.basis, self.status)


class PlaceTable(Table):
    """[[series.place]]: who gets on one list of a board."""

    id: Ident
    name: TextTable
    praise: bool = False
    top: Count | None = None
    bottom: Count | None = None
    below: Points | None = None
    at_least: Points | None = None
    basis: Words
    status: Status = "default"

    @property
    def place(self) -> Place:
        return Place(
            id=self.id,
            name=self.name.text,
            praise=self.praise,
            top=self.top or 0,
            bottom=self.bottom or 0,
            below=self.below,
            at_least=self.at_least,
            basis=self.basis,
            status=self.status,
        )


class SeriesTable(Table):
    """[[series]] without its places, which are read one by one."""

    id: Ident
    name: TextTable
    form: Form
    cycle: Cycle
    dimensions: Mapping[Ident, TextTable] = {}
    floor: Mapping[str, Points] = {}
    improve: ListName = ""
    measure: MeasureName = ""
    basis: Basis
    status: Status = "default"

    def series(self, places: tuple[Place, ...]) -> Series:
        """The series with its places."""
        return Series(
            id=self.id,
            name=self.name.text,
            form=self.form,
            cycle=self.cycle,
            places=places,
            dimensions={name: text.text for name, text in self.dimensions.items()},
            floor=dict(self.floor),
            improve=self.improve,
            measure=self.measure,
            basis=self.basis,
            status=self.status,
        )


class TriggerTable(Table):
    """[[trigger]]: how often is too often, and what then."""

    id: Ident
    name: TextTable
    counts: Counts
    at_least: Count
    within: Within = ""
    consecutive: bool = False
    act: TriggerAct
    tier: Tier | None = None
    level: Severity
    to: Roles = ()
    basis: Basis
    status: Status = "default"

    @property
    def trigger(self) -> Trigger:
        return Trigger(
            id=self.id,
            name=self.name.text,
            counts=self.counts,
            at_least=self.at_least,
            within=self.within,
            consecutive=self.consecutive,
            act=self.act,
            level=self.level,
            tier=self.tier or 0,
            to=self.to,
            basis=self.basis,
            status=self.status,
        )


class MeasureTable(Table):
    """[[measure]]: a published rate or count, or a composite of rates."""

    id: Ident
    name: TextTable
    formula: TextTable
    numerator: Counters = ()
    denominator: Counters = ()
    weights: Mapping[MeasureName, Percent] = {}
    basis: Basis
    status: Status = "default"

    @property
    def measure(self) -> Measure:
        return Measure(
            id=self.id,
            name=self.name.text,
            formula=self.formula.text,
            numerator=self.numerator,
            denominator=self.denominator,
            weights=dict(self.weights),
            basis=self.basis,
            status=self.status,
        )


class RouteTable(Table):
    """[[route]]: one line of the dispatch catalogue (派单目录)."""

    match: Mapping[RouteTrait, TraitValues] = {}
    unit: Words | None = None
    role: RoleName | None = None
    level: Words | None = None
    basis: Words | None = None
    status: Status = "default"

    @property
    def route(self) -> Route:
        return Route(
            match=Match(dict(self.match)),
            unit=self.unit or "",
            role=self.role or "",
            level=self.level or "",
            basis=self.basis or "",
            status=self.status,
        )
