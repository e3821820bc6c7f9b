"""The desk a command works at: the options every command takes, its two voices, its engine."""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, NoReturn, ParamSpec

import typer

from sla_engine.cli.output import Voice
from sla_engine.errors import Fault, Refusal, refuse, register

if TYPE_CHECKING:
    from sla_engine.settings import Settings
    from sla_engine.wiring import Engine

STORE_MISSING = register(
    "STORE_MISSING",
    "没有数据库文件 {found}",
    "there is no store at {found}",
    "先建库：sla-engine init --store {found}",
    "make one first: sla-engine init --store {found}",
)
FILE_UNREADABLE = register(
    "FILE_UNREADABLE",
    "读不了文件 {where}（{found}）",
    "the file {where} cannot be read ({found})",
)

OK, DEPARTED, USAGE, ENVIRONMENT, PROGRAM = range(5)

P = ParamSpec("P")


class Lang(str, Enum):
    """Language of what is read out in one language alone."""

    zh = "zh"
    en = "en"


class Misuse(Refusal):
    """An option or argument that cannot be right, whatever the store holds."""


class Desk:
    """One invocation of the program. `store` None: the setting decides."""

    def __init__(self) -> None:
        self.store: Path | None = None
        self.debug = False
        self.voice = Voice()

    def take(self, options: Mapping[str, Any]) -> None:
        """Options as given before or behind the command's name; what was left out stays."""
        self.store = options["store"] or self.store
        self.debug = options["debug"] or self.debug
        self.voice.json = options["json"] or self.voice.json
        self.voice.lang = options["lang"].value if options["lang"] else self.voice.lang

    @property
    def settings(self) -> "Settings":
        """Settings of the environment with the options over them; raises `Misuse`."""
        from dataclasses import replace

        from sla_engine.settings import Settings

        try:
            settings = Settings.from_environment()
        except Refusal as refusal:
            raise Misuse(refusal.faults) from None
        return settings if self.store is None else replace(settings, store=self.store)

    @contextmanager
    def engine(self, create: bool = False) -> "Iterator[Engine]":
        """The engine on the store; a store that is not there is an error unless `create`."""
        settings = self.settings
        if not create and not settings.store.is_file():
            raise refuse(STORE_MISSING, "", str(settings.store))
        from sla_engine.wiring import Engine

        with Engine.open(settings.store, settings=settings) as engine:
            yield engine

    def stop(self, code: int) -> NoReturn:
        """End the program with an exit status."""
        raise typer.Exit(code)


_PANEL = "Everywhere"

_COMMON: Mapping[str, Any] = {
    "store": Annotated[
        Path | None,
        typer.Option(
            "--store",
            metavar="PATH",
            help="The store (an SQLite file). Also SLA_ENGINE_STORE; default sla-engine.sqlite.",
            rich_help_panel=_PANEL,
        ),
    ],
    "json": Annotated[
        bool,
        typer.Option(
            "--json",
            help="Answer in JSON, for programs: one document, or one line for each item.",
            rich_help_panel=_PANEL,
        ),
    ],
    "lang": Annotated[
        Lang | None,
        typer.Option(
            "--lang", help="Language of words in tables; default zh.", rich_help_panel=_PANEL
        ),
    ],
    "debug": Annotated[
        bool,
        typer.Option(
            "--debug", help="Show where a fault of the program arose.", rich_help_panel=_PANEL
        ),
    ],
}


def command(
    app: typer.Typer, name: str, **texts: Any
) -> Callable[[Callable[Concatenate[Desk, P], None]], Callable[Concatenate[Desk, P], None]]:
    """Register a function as a command: its first argument is the desk, and it takes the options
    that every command takes behind its own."""

    def bind(function: Callable[Concatenate[Desk, P], None]) -> Callable[..., None]:
        @wraps(function)
        def run(ctx: typer.Context, **options: Any) -> None:
            desk: Desk = ctx.obj
            desk.take({each: options.pop(each) for each in _COMMON})
            function(desk, **options)  # type: ignore[call-arg] # the signature is checked by Typer

        own = [*inspect.signature(function).parameters.values()][1:]
        run.__signature__ = inspect.Signature([_context(), *own, *_common()])  # type: ignore[attr-defined] # functions have it
        app.command(name, **texts)(run)
        return function

    return bind


def group(name: str, help: str) -> typer.Typer:
    """A noun with commands of its own."""
    return typer.Typer(name=name, help=help, no_args_is_help=True, rich_markup_mode="rich")


def entry(ctx: typer.Context, **options: Any) -> None:
    """The options every command takes, given before the command's name."""
    desk: Desk = ctx.obj
    desk.take(options)


entry.__signature__ = inspect.Signature([])  # type: ignore[attr-defined] # replaced below


def _context() -> inspect.Parameter:
    return inspect.Parameter(
        "ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context
    )


def _common() -> list[inspect.Parameter]:
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=False if name in ("json", "debug") else None,
            annotation=annotation,
        )
        for name, annotation in _COMMON.items()
    ]
