"""An upstream system: a hotline that registers petitions, sends what happens to them, and follows
what the engine makes of it.

    sla-engine key issue hotline --scope facts:append --scope petition:read
    python examples/upstream.py http://127.0.0.1:8000 sla_... --petitions 20

Every fact has an id of its own, made once and kept until the fact is answered; so whatever goes
wrong on the way, the fact is simply sent again. The server may be stopped and started while this
runs. It ends when it has seen every one of its facts among the events.
"""

import argparse
import threading
import time
from collections.abc import Iterator
from typing import Any

from sla_engine.client import Client, Patience, Problem

Fact = dict[str, Any]

PACK = {"pack": "zaozhuang-2110", "kind": "投诉", "region": "CN-3704", "subject": "enterprise"}
UNITS = ("滕州市住建局", "滕州市城管局", "滕州市人社局")
PATIENCE = Patience(tries=60, first_s=0.1, most_s=1.0)


def story(number: int) -> Iterator[Fact]:
    """One petition from its call to its closing. No personal data but in `personal`."""
    no, minute = f"HL{number:06}", f"2025-06-03T09:{number % 50:02}"
    said: list[tuple[str, str, Fact]] = [
        ("registered", f"{minute}:00+08:00", PACK),
        ("admitted", f"{minute}:20+08:00", {}),
        ("dispatched", f"{minute}:40+08:00", {"unit": UNITS[number % len(UNITS)]}),
        ("accepted", f"2025-06-03T10:{number % 50:02}:00+08:00", {}),
        ("resolved", f"2025-06-04T15:{number % 50:02}:00+08:00", {"document": f"答复{number}号"}),
    ]
    for step, (kind, at, data) in enumerate(said, 1):
        fact: Fact = {"petition": no, "type": kind, "id": f"{no}-{step}", "at": at, "data": data}
        if kind == "registered":
            fact |= {"petitioner": f"caller-{number}", "personal": {"content": "（诉求原文）"}}
        yield fact


class Follower(threading.Thread):
    """Notes which of our facts have come to be events, and what the engine did by itself."""

    def __init__(self, address: str, key: str, ours: set[str]) -> None:
        super().__init__(daemon=True)
        self._address, self._key = address, key
        self._ours = ours
        self.missing = set(ours)
        self.seen_twice = 0
        self.acts = 0

    def run(self) -> None:
        with Client(self._address, self._key, patience=PATIENCE) as engine:
            for event in engine.events(after=0, kind="petition"):
                if event.source == "engine":
                    self.acts += 1
                elif event.id in self.missing:
                    self.missing.remove(event.id)
                elif event.id in self._ours:
                    self.seen_twice += 1
                if not self.missing:
                    return


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("address")
    parser.add_argument("key")
    parser.add_argument("--petitions", type=int, default=20)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two facts")
    asked = parser.parse_args()
    facts = [fact for number in range(asked.petitions) for fact in story(number)]
    follower = Follower(asked.address, asked.key, {fact["id"] for fact in facts})
    follower.start()
    recorded = repeated = 0
    with Client(asked.address, asked.key, patience=PATIENCE) as engine:
        for fact in facts:
            try:
                answer = engine.append(fact)
            except Problem as problem:
                print(f"refused {fact['id']}: {problem}")
                return 1
            recorded += answer.status == "recorded"
            repeated += answer.status == "repeated"
            print(f"{answer.status} {fact['id']} at version {answer.version}", flush=True)
            time.sleep(asked.pause)
        code = engine.tracking_code(facts[0]["petition"])
        print(f"the petitioner of {facts[0]['petition']} is told the code {code}")
    follower.join(60)
    print(
        f"{recorded} recorded, {repeated} repeated, {len(follower.missing)} not seen, "
        f"{follower.seen_twice} seen twice, {follower.acts} acts of the engine"
    )
    return 0 if not follower.missing and not follower.seen_twice else 1


if __name__ == "__main__":
    raise SystemExit(main())
