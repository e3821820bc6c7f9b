"""Policy packs: what they promise, whether they are sound, how two of them differ."""

from typing import TYPE_CHECKING, Annotated

import typer

from sla_engine.cli.campaign import EVERY, REST, DryRunOption, EveryOption, RestOption
from sla_engine.cli.desk import DEPARTED, Desk, command, group
from sla_engine.cli.options import LimitOption, checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sla_engine.policy.clause import Pack
    from sla_engine.service.campaign_forecast import Forecast

app = group("policy", "政策包 · Packs of rules, each with its citation.")

PackArgument = Annotated[
    str, typer.Argument(metavar="NAME|PATH", help="A file, a pack's name, or NAME/EDITION.")
]


@command(app, "list", help="目录 · Packs in force and their editions.")
def list_(desk: Desk) -> None:
    from sla_engine.cli.packs import render_list
    from sla_engine.showing.packs import summary

    packs = sorted(desk.rules().packs, key=lambda pack: (pack.name, pack.effective[0]))
    if desk.voice.json:
        desk.voice.document([summary(pack) for pack in packs])
    else:
        desk.voice.show(render_list(packs, desk.voice))


@command(
    app,
    "show",
    help="内容 · Every clause: limit, start, stop, ladder, basis.",
)
def show(desk: Desk, pack: PackArgument) -> None:
    from sla_engine.cli.packs import render
    from sla_engine.showing.packs import as_dict

    found = _pack(desk, pack)
    if desk.voice.json:
        desk.voice.document(as_dict(found))
    else:
        desk.voice.show(*render(found, desk.voice))


@command(
    app,
    "lint",
    help="检查 · Every fault of a pack at once.\n\n"
    "With its key, the value found and what is allowed; a pack without faults has its own cases "
    "run. A name means all its editions, a folder all packs in it. Ends with 1 if there is a "
    "fault.",
)
def lint(
    desk: Desk,
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME|PATH]...", help="Names, files, folders; else all known."),
    ] = None,
) -> None:
    from sla_engine.catalog import lint_packs, pack_names
    from sla_engine.escalation.cases import run_case

    found = lint_packs(sources or pack_names(desk.pack_dirs), run_case, desk.pack_dirs)
    if desk.voice.json:
        desk.voice.document(
            {name: [fault.as_dict() for fault in faults] for name, faults in found.items()}
        )
    for name, faults in found.items():
        if desk.voice.json:
            continue
        if faults:
            desk.voice.refused(f"有误 faulty: {name}", faults)
        else:
            desk.voice.show(f"合格 sound: {name}")
    if any(found.values()):
        raise typer.Exit(DEPARTED)


@command(app, "diff", help="比较 · Two packs clause by clause, in words.")
def diff(desk: Desk, old: PackArgument, new: PackArgument) -> None:
    from sla_engine.policy.diff import diff as compare

    changes = compare(_pack(desk, old), _pack(desk, new))
    if desk.voice.json:
        desk.voice.document(
            [{"path": each.path, "zh": each.zh(), "en": each.en()} for each in changes]
        )
        return
    english = desk.voice.lang == "en"
    desk.voice.read(each.en() if english else each.zh() for each in changes)
    if not changes:
        desk.voice.show("没有不同 · no difference")


@command(
    app,
    "activate",
    help="启用 · Load editions of a pack into the store.\n\n"
    "They are checked, known from now on, and the store needs no folder for them any longer. "
    "Clocks that run keep the edition they started under; what begins from now on, while the new "
    "edition is in force, goes by it. A released edition never changes.",
)
def activate(
    desk: Desk,
    source: PackArgument,
    dry_run: DryRunOption = False,
    limit: LimitOption = 10,
    every: EveryOption = EVERY,
    rest: RestOption = REST,
) -> None:
    from sla_engine.catalog import pack_texts
    from sla_engine.cli.campaigns import foretell, report, watching

    texts = pack_texts(source, desk.pack_dirs)
    with desk.engine() as engine:
        if dry_run:
            with desk.voice.progress(source, engine.log.count_open()) as advance:
                found = engine.foresee_packs(texts, advance.to)
            foretell(desk.voice, source, found, checked(limit), _governed(texts, found))
        else:
            with watching(desk, engine, source, every, rest) as watch:
                loaded = engine.load_packs(texts, watch)
            report(desk.voice, loaded)


def _governed(texts: "Mapping[str, str]", found: "Forecast") -> "Iterator[str]":
    """How many open dossiers go by each of these editions in what begins in them later."""
    from sla_engine.policy.lint import parse_pack

    for pack in (parse_pack(text, file) for file, text in texts.items()):
        yield (
            f"{pack.name} {pack.edition}：在办 open {found.governed[pack.name]} · "
            f"已起算的时钟不变，{pack.effective[0]} 起新起算的按此版本 · clocks that run stay as "
            f"they are, those that start from {pack.effective[0]} on go by this edition"
        )


def _pack(desk: Desk, source: str) -> "Pack":
    """A pack by name (its latest edition) or NAME/EDITION, as the store knows it; else a file."""
    from sla_engine.catalog import load_pack

    if desk.present:
        packs = sorted(desk.rules().packs, key=lambda pack: pack.effective[0], reverse=True)
        for pack in packs:
            if source in (pack.name, f"{pack.name}/{pack.edition}"):
                return pack
    return load_pack(source, desk.pack_dirs)
