"""A load generator in a process of its own: `python -m benchmarks.http_load BODIES`.

It opens its connections, says `ready`, and begins when a line of JSON comes: `connections` send one
body after the other over HTTP/1.1, as fast as they are answered or `rate` a second in all. A
latency counts from when a request was due, so that a server that stands still cannot hide it.
Prints JSON: `seconds` from the first request to the last answer, `statuses`, `latencies` in
seconds, `answers`.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple


class Aim(NamedTuple):
    """What is asked of whom. `rate`: requests a second in all; 0: as many as can be."""

    host: str
    port: int
    path: str
    key: str
    connections: int
    rate: float = 0.0


class Load:
    """One run of all bodies over all connections."""

    def __init__(self, aim: Aim, bodies: Sequence[bytes]) -> None:
        self._aim = aim
        self._bodies = bodies
        self._next: Iterator[int] = iter(range(len(bodies)))
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []
        self.answers: list[str] = [""] * len(bodies)
        self.seconds = 0.0

    async def run(self) -> None:
        """All of it."""
        loop = asyncio.get_running_loop()
        opened = [
            await asyncio.open_connection(self._aim.host, self._aim.port)
            for _ in range(self._aim.connections)
        ]
        begin = loop.time()
        await asyncio.gather(*(self._send(begin, *each) for each in opened))
        self.seconds = loop.time() - begin

    async def _send(
        self, begin: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        loop, rate = asyncio.get_running_loop(), self._aim.rate
        for number in self._next:
            due = begin + number / rate if rate else loop.time()
            if (early := due - loop.time()) > 0:
                await asyncio.sleep(early)
            writer.write(self._request(self._bodies[number]))
            status, body = await _answer(reader)
            self.latencies.append(loop.time() - due)
            self.statuses[status] += 1
            self.answers[number] = json.loads(body).get("status", "")
        writer.close()

    def _request(self, body: bytes) -> bytes:
        head = (
            f"POST {self._aim.path} HTTP/1.1\r\nHost: {self._aim.host}\r\n"
            f"Content-Type: application/json\r\nAuthorization: Bearer {self._aim.key}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    body = await reader.readexactly(int(fields.get("content-length", "0")))
    return int(first.split()[1]), body


def main(file: str) -> None:
    bodies = Path(file).read_bytes().splitlines()
    print("ready", flush=True)
    asked: dict[str, Any] = json.loads(sys.stdin.readline())
    load = Load(Aim(**asked), bodies)
    asyncio.run(load.run())
    told = {
        "seconds": load.seconds,
        "statuses": load.statuses,
        "latencies": load.latencies,
        "answers": load.answers,
    }
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
