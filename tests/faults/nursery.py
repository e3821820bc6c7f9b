"""A process that has everything loaded and makes others of itself, which are ready at once.

`python -m tests.faults.nursery` reads one JSON object a line: `{"task": .., "output": .., ...}` has
a child do a task with its output in a file and answers with its process id; `{"reap": id}` waits
for it and answers with its exit status. Every child is a process of its own, with its own
connections; only the time to start Python and to read the packs is saved.
"""

import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import Any, Self, cast

from sla_engine.clock import SystemClock

_CLOCK = SystemClock()
_PATIENCE_S = 60.0
ROOT = Path(__file__).parents[2]

Task = Callable[..., None]


class Nursery:
    """Starts children. Use it as a context manager; what still runs at its end is killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: set[int] = set()
        self._count = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        for child in [*self._children]:
            self.kill(child)
        self._process.communicate()

    def start(self, task: str, **arguments: object) -> "Child":
        """Have a child do a task."""
        self._count += 1
        output = self._folder / f"{task}-{self._count}.log"
        pid = self._ask({"task": task, "output": str(output), "arguments": arguments})
        self._children.add(pid)
        return Child(self, pid, output)

    def kill(self, pid: int) -> int:
        """SIGKILL; the exit status."""
        os.kill(pid, signal.SIGKILL)
        return self.reap(pid)

    def reap(self, pid: int) -> int:
        """Wait for its end; the exit status, negative for a signal."""
        status = self._ask({"reap": pid})
        self._children.discard(pid)
        return status

    def _ask(self, request: Mapping[str, object]) -> int:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(request) + "\n")
        stdin.flush()
        return int(stdout.readline())


class Child:
    """A process of the nursery's."""

    def __init__(self, nursery: Nursery, pid: int, output: Path) -> None:
        self.nursery = nursery
        self.pid = pid
        self._output = output

    def kill(self) -> int:
        return self.nursery.kill(self.pid)

    def wait(self) -> int:
        """Its exit status, negative for a signal."""
        return self.nursery.reap(self.pid)

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait_for(self, line: object) -> None:
        """Until it says that."""
        until = _CLOCK.monotonic() + _PATIENCE_S
        while line not in self.said:
            assert _CLOCK.monotonic() < until, self.output
            Event().wait(0.02)

    @property
    def output(self) -> str:
        """What it has written so far, errors included."""
        try:
            return self._output.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    @property
    def said(self) -> list[Any]:
        """Its complete lines that are JSON."""
        return [json.loads(line) for line in self.output.splitlines() if line.endswith(("}", "]"))]


def main() -> None:
    from tests.faults.tasks import TASKS, warm_up

    warm_up()
    # What is there now stays; a child that collected it would copy it first.
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        if "reap" in request:
            _, status = os.waitpid(request["reap"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if answer == 0:
                _live(TASKS[request["task"]], request)
        print(answer, flush=True)


def _live(task: Task, request: Mapping[str, Any]) -> None:
    """The life of a child."""
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # lives as long as we do
    status = 1
    try:
        task(**cast("dict[str, Any]", request["arguments"]))
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
