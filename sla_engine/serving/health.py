"""Is this process fit to be given work? Each question by itself, with its reason in two languages.

The questions are asked by a loop of its own, and whoever wants to know is told the last answers: a
database that has frozen must not freeze those who ask whether it is there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock

from sla_engine.clock import Clock
from sla_engine.errors import Fault, Unavailable, register
from sla_engine.serving.logs import code_of
from sla_engine.serving.metrics import Metrics

CHECK_FAILED = register(
    "CHECK_FAILED",
    "检查未能完成（{found}）",
    "this could not be looked into ({found})",
)
SCHEMA_DIFFERS = register(
    "SCHEMA_DIFFERS",
    "数据库结构版本为{found}，本程序需要{allowed}",
    "the store has schema version {found}, this program needs {allowed}",
    "用同一版本的程序重启各进程",
    "restart every process with the same release",
)
FOLLOWER_BEHIND = register(
    "FOLLOWER_BEHIND",
    "{where}落后{found}秒，允许{allowed}秒",
    "{where} is {found} s behind the log, {allowed} s are allowed",
)
SWEEP_SILENT = register(
    "SWEEP_SILENT",
    "扫描没有按时完成（{found}）",
    "no sweep has ended well lately ({found})",
)
LOOP_FAILS = register(
    "LOOP_FAILS",
    "工作循环未能完成（{found}）",
    "a loop does not get its work done ({found})",
)
NOT_YET_LOOKED = register(
    "NOT_YET_LOOKED",
    "尚未检查完（{found}）",
    "not looked at yet, or too long ago ({found})",
)

Check = Callable[[], Iterable[Fault]]
"""What is wrong, as faults; none if all is well. It may raise: then that is what is wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The last answer to one question."""

    check: str
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        return not self.faults

    def as_dict(self) -> dict[str, object]:
        """JSON-ready: check, ok, code, and the reason in both languages."""
        return {
            "check": self.check,
            "ok": self.ok,
            "codes": [fault.code for fault in self.faults],
            "zh": "；".join(fault.zh() for fault in self.faults) or "正常",
            "en": "; ".join(fault.en() for fault in self.faults) or "ok",
        }


class Health:
    """Asks the questions of a process, and remembers the answers for `valid_s` seconds."""

    def __init__(self, clock: Clock, metrics: Metrics, valid_s: float = 15.0) -> None:
        self._clock = clock
        self._metrics = metrics
        self._valid_s = valid_s
        self._lock = Lock()
        self._findings: dict[str, Finding] = {}
        self._looked: float | None = None

    def look(self, checks: Mapping[str, Check]) -> None:
        """Ask every question once."""
        for name, check in checks.items():
            finding = Finding(name, tuple(_asked(name, check)))
            self._metrics.ready.labels(name).set(finding.ok)
            with self._lock:
                self._findings[name] = finding
        with self._lock:
            self._looked = self._clock.monotonic()

    def report(self) -> tuple[bool, list[Finding]]:
        """Whether all is well, and every answer. Answers that are too old count for nothing."""
        with self._lock:
            findings, looked = list(self._findings.values()), self._looked
        age = None if looked is None else self._clock.monotonic() - looked
        if age is None or age > self._valid_s:
            since = "-" if age is None else f"{age:.0f} s"
            findings.append(Finding("looking", (Fault(NOT_YET_LOOKED, found=since),)))
        return all(finding.ok for finding in findings), findings


def _asked(name: str, check: Check) -> Iterable[Fault]:
    try:
        return tuple(check())
    except Unavailable as away:
        return away.faults
    except Exception as error:
        return (Fault(CHECK_FAILED, name, code_of(error) or type(error).__name__),)
