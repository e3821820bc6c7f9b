"""A `sla-engine serve` of its own, seen from outside: by its endpoint, its lines and its end."""

import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from sla_engine.clock import SystemClock
from tests.support.shell import PROGRAM, ROOT, Shell

_CLOCK = SystemClock()
PATIENCE_S = 180.0


def until(true: Callable[[], object], what: str) -> None:
    """Wait for something to become true; fails, saying what, when it never does."""
    limit = _CLOCK.monotonic() + PATIENCE_S
    while not true():
        assert _CLOCK.monotonic() < limit, f"it never came that {what}"
        threading.Event().wait(0.05)


class Served:
    """One process. It is killed at the end of the block if it is still there."""

    def __init__(self, shell: Shell, folder: Path, *words: str) -> None:
        self._errors = folder / f"serve-{len(list(folder.glob('serve-*')))}.log"
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [*PROGRAM, "serve", "--port", "0", *words],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                cwd=folder,
                env={**shell.environment, "PYTHONPATH": str(ROOT)},
            )

    def __enter__(self) -> Self:
        try:
            until(lambda: self._address() or self.process.poll() is not None, "the process listens")
        except AssertionError as never:
            never.add_note(self.output[-2_000:])
            self.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.process.terminate()
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)

    # ---------------------------------------------------------------------------- what it says

    @property
    def output(self) -> str:
        return self._errors.read_text(encoding="utf-8")

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Every line it wrote; all of them are JSON."""
        return [json.loads(line) for line in self.output.splitlines() if line.endswith("}")]

    def ready(self) -> bool:
        return self.report()["ready"] is True

    def bad(self) -> set[str]:
        """Questions without a good answer."""
        return {each["check"] for each in self.report()["checks"] if not each["ok"]}

    def report(self) -> Mapping[str, Any]:
        status, body = self.get("/health/ready")
        document: dict[str, Any] = json.loads(body) if status else {"ready": False, "checks": []}
        assert (status == 200) is document["ready"]
        return document

    def get(self, path: str) -> tuple[int, str]:
        """Status and body; 0 when nothing answers."""
        try:
            with urlopen(self._address() + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()
        except URLError:
            return 0, ""

    def figure(self, name: str, **labels: str) -> float:
        """The sum of a figure over all labels but those given; 0 where there is none."""
        return sum(
            value
            for found, told, value in _samples(self.get("/metrics")[1])
            if found == f"sla_engine_{name}" and labels.items() <= told.items()
        )

    @property
    def address(self) -> str:
        return self._address()

    @property
    def port(self) -> str:
        return self._address().rpartition(":")[2]

    def _address(self) -> str:
        listening = (line.get("address", "") for line in self.lines)
        return next((address for address in listening if address), "")


def _samples(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for line in text.splitlines():
        if found := re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', found[2] or ""))
            yield found[1], labels, float(found[3])
