"""Facts over HTTP into SQLite: 64 connections that share commits, beside handlers of the same
framework that commit each request by itself.

Ours is the program as it is served (`sla-engine serve --role web`: key checked, limits counted,
body negotiated). One rival is the same but for the writer, the other a bare route that does nothing
else. Server and load run in processes of their own, and every answer comes after its commit is on
the disk.

`python -m benchmarks.bench_http [FACTS]` prints percentiles of the latency besides, at saturation
and at rates that are offered whether or not they are met, and what a fact costs the server of its
processors (where there is a /proc), which says more than the clock where others load the machine.
"""

import atexit
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.harness import Claim, Contender, Race, Thunk
from sla_engine.access.registrar import Wanted, at_machine
from sla_engine.catalog import load_rulebook
from sla_engine.policy.rulebook import Rulebook
from sla_engine.wiring import Engine

CONNECTIONS = 64
RATES = (200.0, 400.0, 800.0)

_FOLDER = tempfile.TemporaryDirectory(prefix="sla-engine-bench-")
_ROOT = Path(__file__).resolve().parents[1]
_NUMBERS = count()
_OPEN = ExitStack()
_OURS = ("-m", "sla_engine.cli.main", "serve", "--role", "web", "--port", "0")
_SAME = ("-m", "benchmarks.http_rival", "same")
_BARE = ("-m", "benchmarks.http_rival", "bare")
_NO_LIMITS = {"SLA_ENGINE_RATE_KEY": "100000000", "SLA_ENGINE_RATE_ADDRESS": "100000000"}

atexit.register(_OPEN.close)


class Server(NamedTuple):
    """Where it listens, the key it takes, and its process."""

    port: int
    key: str
    process: int


def facts(number: int) -> list[bytes]:
    """Registrations, each of a petition of its own, so that any order is the same."""
    data = {"pack": "zaozhuang-2110", "kind": "投诉", "region": "CN-3704", "subject": "enterprise"}
    return [
        json.dumps(
            {
                "petition": f"B{each:07}",
                "type": "registered",
                "id": f"B-evt-{each:07}",
                "at": f"2025-06-03T09:{each % 60:02}:00+08:00",
                "by": "话务二班",
                "data": data,
            },
            ensure_ascii=False,
        ).encode()
        for each in range(number)
    ]


@cache
def _rules() -> Rulebook:
    return load_rulebook()


@contextmanager
def serving(*words: str) -> Iterator[Server]:
    """A server on a store of its own."""
    store = Path(_FOLDER.name) / f"{next(_NUMBERS)}.sqlite"
    with Engine.open(store, rules=_rules()) as engine:
        wanted = Wanted("bench", "bench", ("facts:append",))
        key = engine.access.registrar.issue(wanted, at_machine()).text
    ours = words == _OURS
    process = subprocess.Popen(
        [sys.executable, *words, *([] if ours else [str(store)])],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL if ours else subprocess.PIPE,
        stderr=subprocess.PIPE if ours else None,
        cwd=_ROOT,
        env={**os.environ, **_NO_LIMITS, "SLA_ENGINE_STORE": str(store)},
    )
    said = process.stderr if ours else process.stdout
    assert said is not None
    try:
        address = ""
        started = not ours
        while not (address and started):
            line = json.loads(said.readline())
            address = line.get("address", address)
            started = started or line.get("event") == "serving"
        yield Server(int(address.rpartition(":")[2]), key, process.pid)
    finally:
        process.kill()
        process.communicate()


class Generator:
    """The load in its own process, ready to begin."""

    def __init__(self, bodies: Sequence[bytes]) -> None:
        file = Path(_FOLDER.name) / f"{next(_NUMBERS)}.jsonl"
        file.write_bytes(b"\n".join(bodies))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.http_load", str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def run(self, server: Server, rate: float = 0.0) -> dict[str, Any]:
        """What `http_load` prints."""
        aim = {
            "host": "127.0.0.1", "port": server.port, "path": "/v1/facts", "key": server.key,
            "connections": CONNECTIONS, "rate": rate,
        }  # fmt: skip
        told, _ = self._process.communicate(json.dumps(aim) + "\n")
        answer: dict[str, Any] = json.loads(told)
        return answer


@cache
def _server(words: tuple[str, ...]) -> Server:
    """One for each contender, as long as this process lasts."""
    server = _OPEN.enter_context(serving(*words))
    Generator(facts(_WARM)).run(server)
    return server


def _over(*words: str) -> Any:
    def prepare(bodies: Sequence[bytes]) -> Thunk:
        server, round_ = _server(words), next(_NUMBERS)
        # In each round the same facts about other petitions.
        fresh = [body.replace(b"B", b"R%d-" % round_) for body in bodies]
        generator = Generator(fresh)

        def run() -> Sequence[str]:
            answers: list[str] = generator.run(server)["answers"]
            return answers

        return run

    return prepare


_WARM = 20


def _race(number: int) -> Race:
    return Race(
        facts(number),
        [
            Contender("sla-engine serve, 64 connections", _over(*_OURS)),
            Contender("the same, each request commits by itself", _over(*_SAME)),
        ],
    )


CLAIMS = [Claim("http: durable facts over 64 connections, SQLite", _race, 40, 4_000, 3)]


def _percentiles(latencies: Sequence[float]) -> str:
    ordered = sorted(latencies)
    at = {q: ordered[min(len(ordered) - 1, int(len(ordered) * q))] for q in (0.5, 0.95, 0.99)}
    return "  ".join(f"p{q * 100:.0f} {value * 1_000:7.1f} ms" for q, value in at.items())


def _spent(process: int) -> float:
    """Seconds on processors that a process has had so far."""
    stat = Path(f"/proc/{process}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(number: int) -> None:
    """Latencies of both, at saturation and at fixed rates."""
    for name, words in (("sla-engine serve", _OURS), ("commit each", _SAME), ("bare", _BARE)):
        for rate in (0.0, *RATES):
            with serving(*words) as server:
                Generator(facts(10 * _WARM)).run(server)
                bodies = facts(10 * _WARM + (int(rate * 10) if rate else number))[10 * _WARM :]
                generator, before = Generator(bodies), _spent(server.process)
                told = generator.run(server, rate)
                cost = (_spent(server.process) - before) / len(bodies) * 1e6
            offered = f"{rate:5.0f}/s offered" if rate else "   saturation"
            met = len(bodies) / told["seconds"]
            spent = f"{cost:5.0f} µs a fact"
            print(f"{name:<18}{offered}  {met:7.0f}/s  {spent}  {_percentiles(told['latencies'])}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4_000)
