"""A dossier with events decided and not yet appended.

Drafts are folded at once, so the next decision sees them; the log gets them all or none.
"""

from collections.abc import Sequence

import msgspec

from sla_engine.dossier.events import RungFired, RungWithdrawn
from sla_engine.dossier.fold import Dossier, evolve
from sla_engine.record import Draft, Recorded


class Pending:
    """Collects drafts for one stream on top of what the log holds."""

    def __init__(self, dossier: Dossier) -> None:
        self.dossier = dossier
        self.base = dossier.version
        self._drafts: list[Draft] = []
        self._withdrawn: set[tuple[str, str, str, int]] = set()

    def write(self, draft: Draft) -> Recorded:
        """Fold a draft as the next version. A clock that was set back records nothing before what
        is there: within a stream `recorded_at` never decreases."""
        if draft.meta.recorded_at < self.dossier.recorded_at:
            latest = self.dossier.recorded_at
            draft = Draft(msgspec.structs.replace(draft.meta, recorded_at=latest), draft.event)
        recorded = Recorded(
            self.dossier.stream, self.dossier.version + 1, 0, draft.meta, draft.event
        )
        evolve(self.dossier, recorded)
        self._drafts.append(draft)
        if isinstance(draft.event, RungWithdrawn):
            self._withdrawn.add(_named(draft.event))
        return recorded

    @property
    def drafts(self) -> Sequence[Draft]:
        """What to append. An act fired and withdrawn within it is marked: nobody is to be told."""
        hushed = self._overturned()
        return [_hushed(draft, hushed) for draft in self._drafts] if hushed else self._drafts

    @property
    def as_folded(self) -> bool:
        """Whether what is appended is what was folded, without a mark."""
        return not self._overturned()

    def _overturned(self) -> set[tuple[str, str, str, int]]:
        if not self._withdrawn:
            return set()
        return self._withdrawn & {
            _named(event) for _, event in self._drafts if isinstance(event, RungFired)
        }


def _named(act: RungFired | RungWithdrawn) -> tuple[str, str, str, int]:
    return (act.clause, act.cycle, act.rung, act.version)


def _hushed(draft: Draft, keys: set[tuple[str, str, str, int]]) -> Draft:
    event = draft.event
    if not isinstance(event, RungFired | RungWithdrawn):
        return draft
    if _named(event) not in keys:
        return draft
    return Draft(draft.meta, msgspec.structs.replace(event, silent="overturned"))
