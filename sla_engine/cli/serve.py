"""Processes that run for years, and the question whether one is well."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sla_engine.cli.desk import DEPARTED, PROGRAM, STORE_MISSING, Desk, Misuse, command
from sla_engine.cli.options import within
from sla_engine.errors import Fault, Refusal, Unavailable, refuse, register

if TYPE_CHECKING:
    from sla_engine.policy.rulebook import Rulebook
    from sla_engine.serving.process import Process
    from sla_engine.settings import Settings

NOT_LISTENING = register(
    "NOT_LISTENING",
    "{found} 没有应答",
    "nothing answers at {found}",
    "进程是否已用 --port 启动",
    "was the process started with --port?",
)
_LOOPBACK = "127.0.0.1"
_DEMO_PORT = 8080

app = typer.Typer()


class RoleName(StrEnum):
    """What a process does."""

    web = "web"
    intake = "intake"
    scheduler = "scheduler"
    followers = "followers"
    delivery = "delivery"


HostOption = Annotated[
    str, typer.Option("--host", metavar="ADDRESS", help="Where the endpoint listens.")
]


@command(
    app,
    "serve",
    help="值守 · Serve until told to stop.\n\n"
    "Serves the API and the console, takes facts in from Redis, fires what is due, follows the "
    "log, delivers. All of it in one process, or each role in processes of its own on PostgreSQL, "
    "as many as you like. --port serves API, console, /health/live, /health/ready and /metrics, "
    "and needs no preparation: a store that is not there is made. SIGTERM finishes what was "
    "begun.\n\n"
    "Ends with 0 when all was finished, 1 when something was left for the next start.",
)
def serve(
    desk: Desk,
    role: Annotated[
        list[RoleName] | None, typer.Option("--role", help="Only this role; may be repeated.")
    ] = None,
    host: HostOption = _LOOPBACK,
    port: Annotated[
        int | None, typer.Option("--port", metavar="N", help="Where the endpoint listens.")
    ] = None,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            help="With a small city's last weeks and one login for each role, in a store of its "
            "own: a temporary one, or the new one that --store names.",
        ),
    ] = False,
) -> None:
    from sla_engine.clock import SystemClock
    from sla_engine.serving import logs
    from sla_engine.serving.metrics import Metrics
    from sla_engine.serving.process import Process
    from sla_engine.serving.role import WEB

    settings, rules = desk.settings, desk.shipped()
    if demo:
        port = port or _DEMO_PORT
    names = _roles(role or (), settings, port)
    if not (demo or desk.present or WEB in names):
        raise refuse(STORE_MISSING, "", settings.store)
    if desk.packs is not None:
        # That a pack of one's own has no effect is to be known before work begins.
        with suppress(Unavailable):
            desk.rules()
    if demo:
        settings = _furnished(desk, settings, rules)
        desk.voice.show(f"\nhttp://{host}:{port}/  Ctrl-C 结束 to stop")
    logs.configure("+".join(names))
    process = Process(names, SystemClock(), Metrics(), settings.probe_s, settings.stop_s)
    if not _run(process, settings, rules, host, port):
        # A thread that hangs would keep the interpreter from ending.
        _leave_at_once(DEPARTED)


def _roles(asked: Sequence[RoleName], settings: "Settings", port: int | None) -> list[str]:
    from sla_engine.serving.roles import asked_for

    if port is not None:
        within(port, "--port", 0, 65_535)
    try:
        return asked_for([each.value for each in asked], settings, port is not None)
    except Refusal as refusal:
        raise Misuse(refusal.faults) from None


def _run(
    process: "Process", settings: "Settings", rules: "Rulebook", host: str, port: int | None
) -> bool:
    """Whether everything that was begun was finished."""
    import logging

    from sla_engine.serving.role import WEB
    from sla_engine.serving.roles import opener

    more, near = {}, "*"
    if WEB in process.names:
        from sla_engine.web.server import web

        more, near = {WEB: web}, settings.probes_from
    open_site = opener(settings, process.names, rules, process.clock, process.metrics, more)
    try:
        return process.run(open_site, host, port, near, settings.proxies)
    except (Refusal, OSError):
        raise
    except Exception:
        # Told without its text, which may quote what was sent.
        logging.getLogger("sla_engine.serving").critical("a fault in the program", exc_info=True)
        raise typer.Exit(PROGRAM) from None


def _furnished(desk: Desk, settings: "Settings", rules: "Rulebook") -> "Settings":
    """The settings with the store of the demonstration, which is told."""
    from atexit import register as at_exit
    from dataclasses import replace
    from pathlib import Path
    from shutil import rmtree
    from tempfile import mkdtemp

    from sla_engine.cli.demo_city import OPEN311, furnish
    from sla_engine.clock import SystemClock

    path = Path(desk.store or mkdtemp(prefix="sla-engine-")) / ("" if desk.store else "demo.sqlite")
    if not desk.store:
        at_exit(rmtree, path.parent, ignore_errors=True)
    with desk.voice.progress("演示数据 demonstration data", 100) as advance:
        found = furnish(path, settings, rules, SystemClock(), lambda part: advance.to(int(part)))
    for login in found.logins:
        desk.voice.show(f"{login.name:<12}{login.password}  {login.title}")
    desk.voice.show(f"{'X-API-Key':<12}{found.key}")
    return replace(settings, store=str(path), open311=OPEN311)


@command(
    app,
    "health",
    help="体检 · Ask a process on this machine whether it is ready.\n\n"
    "Every question with its answer. Ends with 1 if any of them is bad, 3 if nothing answers.",
)
def health(
    desk: Desk,
    port: Annotated[int, typer.Option("--port", metavar="N", help="The port of its endpoint.")],
    host: HostOption = _LOOPBACK,
) -> None:
    document = _asked(host, within(port, "--port", 1, 65_535))
    if desk.voice.json:
        desk.voice.document(document)
    else:
        for check in document["checks"]:
            verdict = "正常 ok" if check["ok"] else "异常 NOT OK"
            text = "" if check["ok"] else f"  {check['zh']} · {check['en']}"
            desk.voice.show(f"{check['check']}  {verdict}{text}")
    if not document["ready"]:
        raise typer.Exit(DEPARTED)


def _asked(host: str, port: int) -> dict[str, Any]:
    from http.client import HTTPConnection, HTTPException

    import msgspec

    link = HTTPConnection(host, port, timeout=8)
    try:
        link.request("GET", "/health/ready")
        answer: dict[str, Any] = msgspec.json.decode(link.getresponse().read())
    except (OSError, HTTPException, msgspec.MsgspecError) as error:
        raise Unavailable(Fault(NOT_LISTENING, "", f"{host}:{port}")) from error
    finally:
        link.close()
    return answer


def _leave_at_once(status: int) -> None:
    import os

    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
