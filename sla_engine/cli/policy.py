"""Policy packs: what they promise, whether they are sound, how two of them differ."""

from typing import Annotated

import typer

from sla_engine.cli.desk import DEPARTED, Desk, command, group

app = group("policy", "政策包 · Packs of rules, each with its citation.")

PackArgument = Annotated[
    str, typer.Argument(metavar="NAME|PATH", help="A file, a pack's name, or NAME/EDITION.")
]


@command(app, "list", help="目录 · Packs in force and their editions.")
def list_(desk: Desk) -> None:
    from sla_engine.cli.packs import render_list, summary

    packs = sorted(desk.shipped().packs, key=lambda pack: (pack.name, pack.effective[0]))
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
    from sla_engine.catalog import load_pack
    from sla_engine.cli.packs import as_dict, render

    found = load_pack(pack, desk.pack_dirs)
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
    from sla_engine.catalog import load_pack
    from sla_engine.policy.diff import diff as compare

    changes = compare(load_pack(old, desk.pack_dirs), load_pack(new, desk.pack_dirs))
    if desk.voice.json:
        desk.voice.document(
            [{"path": each.path, "zh": each.zh(), "en": each.en()} for each in changes]
        )
        return
    english = desk.voice.lang == "en"
    desk.voice.read(each.en() if english else each.zh() for each in changes)
    if not changes:
        desk.voice.show("没有不同 · no difference")
