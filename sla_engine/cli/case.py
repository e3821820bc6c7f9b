"""A dossier as people and programs see it: card, clocks, timeline."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from sla_engine.cli import output, words
from sla_engine.cli.output import Voice, deadline, duration, rfc3339, when
from sla_engine.cli.petition import NOTHING_KNOWN
from sla_engine.dossier.chronicle import order
from sla_engine.dossier.events import AnomalyNoted, RungFired, RungWithdrawn, TermRefixed, Voided
from sla_engine.dossier.fold import Act
from sla_engine.errors import refuse
from sla_engine.escalation.kinds import kind_of
from sla_engine.policy.clause import Pack, Text
from sla_engine.record import Event, Instant, Recorded, fields_of, type_name
from sla_engine.sla.assess import Assessment, Reading
from sla_engine.worktime import remaining

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sla_engine.wiring import Engine
