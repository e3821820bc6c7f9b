"""A follower that writes down what it saw, and cannot bear one kind of event."""

from collections.abc import Iterator, Sequence

from sla_engine.projection import FollowedLog, FollowerTransaction
from sla_engine.record import Recorded, type_name


class Witness:
    """Remembers how often it has taken each event; raises on events of the type `poison`."""

    name = "witness"

    def __init__(self, poison: str = "") -> None:
        self._poison = poison

    def handle(self, tx: FollowerTransaction, batch: Sequence[Recorded]) -> None:
        if any(type_name(each.event) == self._poison for each in batch):
            raise ValueError(self._poison)
        before = tx.remembered(self.name)
        seen = {(name := f"{each.position:08d}"): b"1" + before.get(name, b"") for each in batch}
        tx.remember(self.name, seen)

    def flaws(self, log: FollowedLog) -> Iterator[str]:
        """Events that were missed, taken twice, or put aside without need."""
        seen, letters = (
            log.memory(self.name),
            {each.position for each in log.dead_letters(self.name)},
        )
        for each in log.scan():
            poison, taken = type_name(each.event) == self._poison, seen.get(f"{each.position:08d}")
            if (each.position in letters) != poison:
                yield f"the witness {'took' if poison else 'put aside'} event {each.position}"
            if not poison and taken != b"1":
                yield f"the witness took event {each.position} as {taken!r}"
