"""What the process tests run in processes of their own: `python -m ...workers <role> <args>`.

A worker prints a line for each promise, after the promise was made.
"""

import hashlib
import random
import sys
from collections.abc import Callable, Sequence
from functools import partial

from sla_engine.followers.runner import Runner
from sla_engine.ports import attempt
from sla_engine.projection import FollowerTransaction
from sla_engine.record import Recorded
from tests.conformance.store.samples import OpenLog, alarm, dispatched, open_address, registered

STREAMS = 40


def say(*words: object) -> None:
    print(*words, flush=True)


def submit(address: str, count: str, seed: str) -> None:
    """Submit facts 0..count in an order of one's own, in batches of any size; say each answer."""
    log, order = open_address(address), random.Random(int(seed))
    facts = list(range(int(count)))
    order.shuffle(facts)
    while facts:
        size = order.randint(1, 40)
        batch, facts = facts[:size], facts[size:]
        for answer in attempt(partial(take_all, log, batch)):
            say(*answer)
    log.close()


def take_all(log: OpenLog, batch: Sequence[int]) -> list[tuple[int, str, int]]:
    """A batch that knows its streams begins with all of them."""
    with log.transact() as tx:
        loaded = tx.load_all(dict.fromkeys(map(stream_of, batch), 0))
        versions = {stream: len(events) for stream, events in loaded.items()}
        known = tx.answers([("12345", str(fact)) for fact in batch])
        said = []
        for fact in batch:
            answer, stream = known.get(("12345", str(fact))), stream_of(fact)
            if answer is None:
                tx.append(stream, versions[stream], [dispatched(str(fact))])
                versions[stream] += 1
            version = answer.version if answer else versions[stream]
            said.append((fact, stream, version))
        return said


def stream_of(fact: int) -> str:
    return f"petition/{fact % STREAMS:04d}"


def write(address: str, start: str) -> None:
    """Write streams from `start` on, each in every table at once, until killed."""
    log, n = open_address(address), int(start)
    say("ready")
    while True:
        stream = f"petition/{n:06d}"
        with log.transact() as tx:
            tx.append(stream, 0, [registered(f"{n}/1", no=str(n)), dispatched(f"{n}/2")])
            tx.set_alarms(stream, [alarm("reply"), alarm("onsite")])
            tx.keep_personal(f"P{n}", {"name": f"姓名{n}"})
            tx.remember("writer", {stream: b"1"})
            tx.advance("writer", 2 * n)
        say(n)
        n += 1


class Chain:
    """A follower whose memory is a hash over every event it has taken, in order."""

    name = "chain"

    def handle(self, tx: FollowerTransaction, batch: Sequence[Recorded]) -> None:
        link = tx.remembered(self.name).get("link", b"")
        tx.remember(self.name, {"link": chain(link, batch)})
        seen = tx.rows("chain", 1, [recorded.stream for recorded in batch])
        counts = {stream: row["count"] for stream, row in seen.items()}
        for recorded in batch:
            counts[recorded.stream] = counts.get(recorded.stream, 0) + 1
        tx.put_rows("chain", 1, {stream: {"count": n} for stream, n in counts.items()})


def chain(link: bytes, batch: Sequence[Recorded]) -> bytes:
    for recorded in batch:
        link = hashlib.sha256(link + f"{recorded.position}:{recorded.stream}".encode()).digest()
    return link


def follow(address: str) -> None:
    """Follow the log in small batches to its end."""
    log = open_address(address)
    runner = Runner(log, Chain(), batch=7)
    say("ready")
    while runner.step():
        say(log.position("chain"))
    say("done")
    log.close()


if __name__ == "__main__":
    roles: dict[str, Callable[..., None]] = {"submit": submit, "write": write, "follow": follow}
    roles[sys.argv[1]](*sys.argv[2:])
