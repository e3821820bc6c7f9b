"""What systemd is told."""

import socket
from pathlib import Path

from sla_engine.serving.notify import Notifier


def test_systemd_hears_that_the_service_is_ready_alive_and_stopping(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(address)
        notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000000"})
        assert notifier.watchdog_s == 30.0
        notifier.ready()
        notifier.alive()
        notifier.status("走")
        notifier.stopping()
        heard = [ear.recv(100).decode() for _ in range(4)]
    assert heard == ["READY=1", "WATCHDOG=1", "STATUS=走", "STOPPING=1"]


def test_without_systemd_nothing_is_said() -> None:
    notifier = Notifier({})
    notifier.ready()
    assert notifier.watchdog_s == 0


def test_a_supervisor_that_is_gone_does_no_harm(tmp_path: Path) -> None:
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).alive()
