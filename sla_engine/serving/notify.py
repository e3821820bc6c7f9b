"""What systemd wants to hear of a service of `Type=notify`; without systemd nothing is said."""

import os
import socket
from collections.abc import Mapping


class Notifier:
    """Sends lines to the socket that `NOTIFY_SOCKET` names."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        micros = environment.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(micros) / 1_000_000 if micros.isdigit() else 0.0
        """How often, in seconds, systemd wants a sign of life; 0 if it does not ask."""

    def ready(self) -> None:
        self._say("READY=1")

    def alive(self) -> None:
        self._say("WATCHDOG=1")

    def stopping(self) -> None:
        self._say("STOPPING=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._say(f"STATUS={text}")

    def _say(self, line: str) -> None:
        if not self._address:
            return
        # An address that begins with "@" is in the abstract namespace.
        address = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            try:
                link.sendto(line.encode(), address)
            except OSError:
                # A supervisor that went away is no reason to stop serving.
                return
