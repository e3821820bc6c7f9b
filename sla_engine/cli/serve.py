"""Processes that run for years, and the question whether one is well."""

import sys
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Any

import typer

from sla_engine.cli.desk import DEPARTED, PROGRAM, STORE_MISSING, Desk, Misuse, command
from sla_engine.cli.options import within
from sla_engine.errors import Fault, Refusal, Unavailable, refuse, register

NOT_LISTENING = register(
    "NOT_LISTENING",
    "{found} 没有应答",
    "nothing answers at {found}",
    "进程是否已用 --port 启动",
    "was the process started with --port?",
)
_LOOPBACK = "127.0.0.1"

app = typer.Typer()


class RoleName(StrEnum):
    """What a process does."""

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
    "Takes facts in from Redis, fires what is due, follows the log, delivers. All of it in one "
    "process, or each role in processes of its own on PostgreSQL, as many as you like. --port "
    "serves /health/live, /health/ready and /metrics. SIGTERM finishes what was begun.\n\n"
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
) -> None:
    import logging

    from sla_engine.clock import SystemClock
    from sla_engine.serving import logs
    from sla_engine.serving.metrics import Metrics
    from sla_engine.serving.process import Process
    from sla_engine.serving.roles import asked_for, opener

    settings, rules = desk.settings, desk.shipped()
    try:
        names = asked_for([each.value for each in role or ()], settings)
    except Refusal as refusal:
        raise Misuse(refusal.faults) from None
    if port is not None:
        within(port, "--port", 0, 65_535)
    if not desk.present:
        raise refuse(STORE_MISSING, "", settings.store)
    if desk.packs is not None:
        # That a pack of one's own has no effect is to be known before work begins.
        with suppress(Unavailable):
            desk.rules()
    logs.configure("+".join(names))
    clock, metrics = SystemClock(), Metrics()
    process = Process(names, clock, metrics, settings.probe_s, settings.stop_s)
    try:
        clean = process.run(opener(settings, names, rules, clock, metrics), host, port)
    except (Refusal, OSError):
        raise
    except Exception:
        # Told without its text, which may quote what was sent.
        logging.getLogger("sla_engine.serving").critical("a fault in the program", exc_info=True)
        raise typer.Exit(PROGRAM) from None
    if not clean:
        # A thread that hangs would keep the interpreter from ending.
        _leave_at_once(DEPARTED)


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
