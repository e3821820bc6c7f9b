"""The desk a command works at: the options every command takes, its voice, its engine."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec

import typer
from typer.core import TyperGroup

from sla_engine.cli.output import Voice
from sla_engine.errors import Fault, Refusal, refuse, register

if TYPE_CHECKING:
    from sla_engine.policy.rulebook import Rulebook
    from sla_engine.regions import Reading
    from sla_engine.settings import Settings
    from sla_engine.wiring import Engine

FOLDER_MISSING = register(
    "FOLDER_MISSING",
    "没有文件夹 {found}",
    "there is no folder {found}",
)
STORE_MISSING = register(
    "STORE_MISSING",
    "没有数据库 {found}",
    "there is no store at {found}",
    "先建库：sla-engine init --store {found}",
    "make one first: sla-engine init --store {found}",
)

PACK_OVERRULED = register(
    "PACK_OVERRULED",
    "文件夹中的政策包版本 {found} 与数据库中生效的不同，不起作用",
    "the edition {found} of this folder is not the one in force in the store, and has no effect",
    "已发布的版本不得修改：移走该文件，或另立版本后用 policy activate 启用",
    "a released edition is never changed: take the file away, or give the change an edition of its "
    "own and activate that",
)

OK, DEPARTED, USAGE, ENVIRONMENT, PROGRAM = range(5)

P = ParamSpec("P")


class Lang(StrEnum):
    """Language of words in tables and in what is read out."""

    zh = "zh"
    en = "en"


class Misuse(Refusal):
    """An option or argument that cannot be right, whatever the store holds."""


_PANEL = "Everywhere"

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="STORE",
        help="An SQLite file, or postgresql://… (to read: a .toml file of regions). Else "
        "SLA_ENGINE_STORE, else ./sla-engine.sqlite.",
        rich_help_panel=_PANEL,
    ),
]
PacksOption = Annotated[
    Path | None,
    typer.Option(
        "--packs",
        metavar="DIR",
        help="A folder of your own policy packs, NAME/EDITION.toml, beside those shipped. Else "
        "SLA_ENGINE_PACKS.",
        envvar="SLA_ENGINE_PACKS",
        show_envvar=False,
        rich_help_panel=_PANEL,
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option(
        "--json",
        metavar="",
        help="Answer in JSON, for programs: one document, or one line for each item.",
        rich_help_panel=_PANEL,
    ),
]
LangOption = Annotated[
    Lang | None,
    typer.Option(
        "--lang",
        help="Language of words in tables and derivations (default: zh).",
        rich_help_panel=_PANEL,
    ),
]
DebugOption = Annotated[
    bool,
    typer.Option(
        "--debug",
        metavar="",
        help="Show where in the program an unexpected fault arose.",
        rich_help_panel=_PANEL,
    ),
]

_COMMON: Mapping[str, tuple[Any, Any]] = {
    "store": (StoreOption, None),
    "packs": (PacksOption, None),
    "json": (JsonOption, False),
    "lang": (LangOption, None),
    "debug": (DebugOption, False),
}


class Desk:
    """One invocation of the program. `store` None: the setting decides."""

    def __init__(self, voice: Voice) -> None:
        self.voice = voice
        self.store: str | None = None
        self.packs: Path | None = None
        self.debug = False

    def take(
        self, store: str | None, packs: Path | None, json: bool, lang: Lang | None, debug: bool
    ) -> None:
        """Options as given before or behind the command's name; what was left out stays."""
        self.store = store or self.store
        self.packs = packs or self.packs
        self.debug = debug or self.debug
        self.voice.json = json or self.voice.json
        self.voice.lang = lang.value if lang else self.voice.lang

    @property
    def settings(self) -> "Settings":
        """Settings of the environment, the options over them. Raises `Misuse`."""
        from sla_engine.settings import Settings

        try:
            settings = Settings.from_environment()
        except Refusal as refusal:
            raise Misuse(refusal.faults) from None
        return settings if self.store is None else replace(settings, store=self.store)

    def shipped(self) -> "Rulebook":
        """The rules without a store: shipped packs and calendars, and the packs of `--packs`."""
        from sla_engine.catalog import load_rulebook

        return load_rulebook(self.pack_dirs)

    @property
    def pack_dirs(self) -> list[Path]:
        """The folder of `--packs`, where one is given. Raises `Misuse` when it is not there."""
        if self.packs is not None and not self.packs.is_dir():
            raise Misuse(Fault(FOLDER_MISSING, "--packs", str(self.packs)))
        return [self.packs] if self.packs is not None else []

    def rules(self) -> "Rulebook":
        """The rules in force: with the notices loaded into the store, where there is one."""
        if not self.present:
            return self.shipped()
        with self.reading() as store:
            return store.rules

    @property
    def present(self) -> bool:
        """Whether there is a store where the settings say."""
        from sla_engine.wiring import store_exists

        return store_exists(self.settings.store)

    @contextmanager
    def reading(self) -> "Iterator[Reading]":
        """The engine on the store or, if it is a list of regions, all of them as one."""
        from sla_engine.regions import SUFFIX, Regions, stores_of

        store = self.settings.store
        if not store.endswith(SUFFIX):
            with self.engine() as engine:
                yield engine
            return
        regions = stores_of(Path(store))
        with ExitStack() as stack:
            opened = {
                name: stack.enter_context(self._opened(replace(self.settings, store=each)))
                for name, each in regions.items()
            }
            yield Regions(opened)

    @contextmanager
    def engine(
        self, create: bool = False, adapt: "Callable[[Rulebook], Rulebook] | None" = None
    ) -> "Iterator[Engine]":
        """The engine on the store. Raises STORE_MISSING where there is none, unless `create`:
        a mistyped path must not quietly become an empty store. `adapt` may add to the rules."""
        rules = adapt(self.shipped()) if adapt is not None else self.shipped()
        with self._opened(self.settings, rules, create) as engine:
            yield engine

    def _opened(
        self, settings: "Settings", rules: "Rulebook | None" = None, create: bool = False
    ) -> "Engine":
        from sla_engine.wiring import Engine, store_exists

        if not create and not store_exists(settings.store):
            raise refuse(STORE_MISSING, "", settings.store)
        brought = rules or self.shipped()
        engine = Engine.open(settings.store, settings=settings, rules=brought)
        try:
            self._compare(brought, engine.rules)
        except Refusal:
            engine.close()
            raise
        return engine

    def _compare(self, brought: "Rulebook", held: "Rulebook") -> None:
        """Raises PACK_OVERRULED where what the store holds is in the way of a pack of `--packs`:
        who changes a file must not believe that it counts."""
        from sla_engine.catalog import load_packs

        gone = {pack.digest for pack in brought.packs} - {pack.digest for pack in held.packs}
        if self.packs is None or not gone:
            return
        shipped = {pack.digest for pack in load_packs()}
        own = [pack for pack in brought.packs if pack.digest in gone - shipped]
        if own:
            names = [f"{pack.name}/{pack.edition}.toml" for pack in own]
            raise Refusal([Fault(PACK_OVERRULED, str(self.packs), name) for name in names])


Work = Callable[Concatenate[Desk, P], None]


def command(app: typer.Typer, name: str, **texts: Any) -> Callable[[Work[P]], Work[P]]:
    """Register a function as a command. Its first argument is the desk, and the options that
    every command takes stand behind its own."""

    def bind(function: Work[P]) -> Work[P]:
        @wraps(function)
        def run(ctx: typer.Context, *args: P.args, **options: P.kwargs) -> None:
            desk: Desk = ctx.obj
            desk.take(**{each: options.pop(each) for each in _COMMON})  # type: ignore[arg-type] # as declared in _COMMON
            function(desk, *args, **options)

        run.__signature__ = _signature(function)  # type: ignore[attr-defined] # Typer reads it
        app.command(name, **texts)(run)
        return function

    return bind


def group(name: str, help: str, default: str = "") -> typer.Typer:
    """A noun with commands of its own. `default` is the one that is meant when none is named."""
    if not default:
        return typer.Typer(name=name, help=help, no_args_is_help=True, rich_markup_mode="rich")
    return typer.Typer(name=name, help=help, cls=_default_to(default), rich_markup_mode="rich")


def _default_to(name: str) -> type[TyperGroup]:
    class Group(TyperGroup):
        default = name

        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            if not args or args[0] not in (*self.commands, *ctx.help_option_names):
                args = [self.default, *args]
            return super().parse_args(ctx, args)

    return Group


def _signature(function: Callable[..., None]) -> inspect.Signature:
    """What Typer reads: the context for the desk, the function's own, the common options."""
    kind = inspect.Parameter.KEYWORD_ONLY
    context = inspect.Parameter("ctx", kind, annotation=typer.Context)
    own = [*inspect.signature(function).parameters.values()][1:]
    common = [
        inspect.Parameter(name, kind, default=default, annotation=annotation)
        for name, (annotation, default) in _COMMON.items()
    ]
    return inspect.Signature([context, *(each.replace(kind=kind) for each in own), *common])
