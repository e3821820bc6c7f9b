"""Which clocks of one clause follow from the facts: each from its start to its stop."""

from collections.abc import Iterator

from sla_engine.checker.packs import Clause, Packs
from sla_engine.checker.stream import Mark, Stream


class Run:
    """One running of a clause's clock. `cancelled` is when it lost its object."""

    def __init__(self, clause: Clause, name: str, lane: str, begun: int, mark: Mark) -> None:
        self.clause, self.name, self.lane = clause, name, lane
        self.begun, self.mark = begun, mark
        self.stop: Mark | None = None
        self.cancelled: int | None = None

    @property
    def end(self) -> int | None:
        """When it stopped, or lost its object."""
        return self.cancelled if self.stop is None else self.stop.at


class Runs:
    """Every clock of one clause, by the name of its cycle; found mark by mark."""

    def __init__(self, stream: Stream, packs: Packs, clause: str) -> None:
        self.stream = stream
        self.found: dict[str, Run] = {}
        for index, mark in enumerate(stream.marks):
            for run in self.found.values():
                if self._may_stop(run, mark) and self._meets(index, run):
                    run.stop, run.cancelled = mark, None
            rule = packs.get(mark.fact.pack).clause(clause) if mark.fact.pack else None
            if rule is not None and mark.name in rule.start:
                self._start(index, rule)

    def _may_stop(self, run: Run, mark: Mark) -> bool:
        return run.stop is None and (run.cancelled is None or mark.at <= run.cancelled)

    def _start(self, index: int, clause: Clause) -> None:
        mark = self.stream.marks[index]
        for lane in self._lanes(clause, mark):
            if not self._applies(clause, mark, lane):
                continue
            own = lane if clause.laned else ""
            name = self._number(clause, index, own) if clause.repeat else own or "1"
            if name is not None and name not in self.found:
                run = Run(clause, name, own, index, mark)
                run.cancelled = self._lost(mark.at, own)
                self.found[name] = run

    def _lanes(self, clause: Clause, mark: Mark) -> list[str]:
        """The mark's own lane; every member's where the mark is of the whole round."""
        if clause.scope != "member" or mark.lane:
            return [mark.lane]
        return [lane.name for lane in self.stream.lanes.values() if lane.held(mark.at)]

    def _applies(self, clause: Clause, mark: Mark, lane: str) -> bool:
        stream = self.stream
        own = stream.lanes[lane].traits if lane in stream.lanes else {}
        traits = {**stream.traits, **own}
        fits = all(traits.get(name, "") in values for name, values in clause.match.items())
        if clause.kind != stream.kind or not fits:
            return False
        if stream.ended_at is not None and mark.at > stream.ended_at:
            return False
        if clause.laned:
            return lane in stream.lanes
        if mark.inherited:
            carried = stream.carried(clause.id, mark)
            return not clause.repeat and (carried is None or carried.began == mark.at)
        return not stream.assists(lane)

    def _number(self, clause: Clause, index: int, lane: str) -> str | None:
        """A clause that repeats begins anew once the clock before has ended."""
        earlier = [run for run in self.found.values() if run.lane == lane]
        if not all(self._over(run, index) for run in earlier):
            return None
        return f"{lane}.{len(earlier) + 1}" if lane else str(len(earlier) + 1)

    def _over(self, run: Run, index: int) -> bool:
        marks, at = self.stream.marks, self.stream.marks[index].at
        if run.end is not None and run.end <= at:
            return True
        following = range(index + 1, len(marks))
        return any(marks[later].at == at and self._meets(later, run) for later in following)

    def _meets(self, index: int, run: Run) -> bool:
        """Whether a mark stops a clock: any of its stops, or the last of those it needs all of."""
        mark, clause = self.stream.marks[index], run.clause
        if mark.name in clause.stop_any:
            return self._counts(mark, run)
        if mark.name not in clause.stop_all or not self._counts(mark, run):
            return False
        since = self.stream.marks[run.begun + 1 : index + 1]
        met = {each.name for each in since if self._counts(each, run)}
        return met.issuperset(clause.stop_all)

    def _counts(self, mark: Mark, run: Run) -> bool:
        """Whether a mark is of the clock's lane, or of the whole matter where the clock is."""
        if not run.clause.laned:
            return not self.stream.assists(mark.lane)
        whole = self.stream.kind == "round" and not mark.lane
        return mark.lane == run.lane or whole

    def _lost(self, at: int, lane: str) -> int | None:
        """When a clock that began at an instant loses its object."""
        return min(self._ends(at, lane), default=None)

    def _ends(self, at: int, lane: str) -> Iterator[int]:
        if self.stream.ended_at is not None and self.stream.ended_at >= at:
            yield self.stream.ended_at
        ended = self.stream.lanes[lane].end_from(at) if lane in self.stream.lanes else None
        if ended is not None:
            yield ended
