"""A noun of which commands record facts: each step is a fact with who took it and when.

Whether it may be recorded, the rules of the dossier decide.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from sla_engine.cli.desk import DEPARTED, Desk, command
from sla_engine.cli.options import AtOption, ByOption, IdOption, instant
from sla_engine.cli.output import Voice

if TYPE_CHECKING:
    from sla_engine.wiring import Engine

Data = dict[str, Any]
Step = Callable[..., Data]
Sender = Callable[..., None]

_KEYWORD = inspect.Parameter.KEYWORD_ONLY


class Sent(NamedTuple):
    """What every step says of itself: when it was taken, by whom, under which id."""

    at: str
    by: str
    id_: str


_SENT: Mapping[str, Any] = {"at": AtOption, "by": ByOption, "id_": IdOption}


class Noun:
    """Commands of one kind of dossier under one word.

    `kind` is how intake addresses it, `argument` how its id is asked for, `opening` the fact that
    makes a new one, `panel` the heading over its steps in `--help`. `tell` shows where the dossier
    stands after a step; left out: its card and clocks.
    """

    def __init__(  # what sets one noun apart from another
        self,
        app: typer.Typer,
        kind: str,
        argument: Any,
        panel: str,
        *,
        opening: str = "",
        tell: "Callable[[Engine, str, Voice], None] | None" = None,
    ) -> None:
        self._app = app
        self._kind = kind
        self._argument = argument
        self._panel = panel
        self._opening = opening
        self._tell = tell

    def sending(self, name: str, help: str) -> Callable[[Sender], Sender]:
        """Register a function that records one fact: it is given the desk and what was `Sent`."""

        def bind(function: Sender) -> Sender:
            def run(desk: Desk, /, **options: Any) -> None:
                sent = Sent(**{each: options.pop(each) for each in _SENT})
                function(desk, sent, **options)

            own = [*inspect.signature(function).parameters.values()][2:]
            run.__signature__ = _signature(own)  # type: ignore[attr-defined] # `command` reads it
            command(self._app, name, help=help, rich_help_panel=self._panel)(run)
            return function

        return bind

    def step(self, name: str, fact: str, help: str) -> Callable[[Step], Step]:
        """Register a step: the function turns the step's own options into the fact's data."""

        def bind(function: Step) -> Step:
            def send(desk: Desk, sent: Sent, **options: Any) -> None:
                self.send(desk, options.pop(self._kind), fact, function(**options), sent)

            own = inspect.signature(function).parameters.values()
            named = inspect.Parameter(self._kind, _KEYWORD, annotation=self._argument)
            before = [inspect.Parameter(each, _KEYWORD) for each in ("desk", "sent")]
            send.__signature__ = inspect.Signature(  # type: ignore[attr-defined] # `sending` reads it
                [*before, named, *(each.replace(kind=_KEYWORD) for each in own)]
            )
            self.sending(name, help)(send)
            return function

        return bind

    def send(self, desk: Desk, name: str, fact: str, data: Data, sent: Sent) -> None:
        """Record one fact and show where the dossier stands then; ends with DEPARTED if it was
        refused."""
        from sla_engine.cli.case import render_head
        from sla_engine.identity import digest
        from sla_engine.service.handler import outcome_dict
        from sla_engine.service.intake import parse
        from sla_engine.showing.case import Case, stream_of
        from sla_engine.worktime import format_instant

        instant(sent.at, "--at")
        with desk.engine() as engine:
            if fact != self._opening:
                name = stream_of(engine, name, self._kind).split("/", 1)[1]
            at = sent.at or format_instant(engine.clock.now())
            said = {self._kind: name, "type": fact, "at": at, "data": data}
            said |= {"by": sent.by} if sent.by else {}
            key = sent.id_ or f"{fact}-{digest(said)[:16]}"
            (outcome,) = engine.take([parse({**said, "id": key, "source": "cli"})])
            if outcome.faults:
                desk.voice.complain(outcome.faults)
                raise typer.Exit(DEPARTED)
            if desk.voice.json:
                desk.voice.document(outcome_dict(outcome))
            elif self._tell is not None:
                self._tell(engine, name, desk.voice)
            else:
                case = Case.open(engine, f"{self._kind}/{name}", None)
                desk.voice.show(*render_head(case, desk.voice))


def _signature(own: Sequence[inspect.Parameter]) -> inspect.Signature:
    behind = [
        inspect.Parameter(name, _KEYWORD, annotation=note, default="")
        for name, note in _SENT.items()
    ]
    desk = inspect.Parameter("desk", _KEYWORD)
    return inspect.Signature([desk, *(each.replace(kind=_KEYWORD) for each in own), *behind])


def given(**data: Any) -> Data:
    """Data of a fact without what was left out."""
    return {name: value for name, value in data.items() if value not in ("", None, [])}
