"""Personal data is shown to whoever says for what, and the log says who was shown it."""

from collections.abc import Collection, Mapping

from sla_engine.access.events import READING, SubjectRead
from sla_engine.access.registrar import Actor, meta_of
from sla_engine.access.table import Table
from sla_engine.ports import Log, attempt
from sla_engine.record import Draft, Instant


def read_personal(
    log: Log,
    table: Table,
    subject: str,
    read: tuple[str, str],
    by: Actor,
    now: Instant,
    *,
    fields: Collection[str] | None = None,
) -> Mapping[str, str]:
    """The petitioner's personal data, those of `fields` (None: all); empty once erased.

    `read`: of which petition, for which purpose. It is recorded before anything is shown. Raises
    `PURPOSE_UNKNOWN`. Whether the visitor may, the caller has asked.
    """
    petition, purpose = read
    table.check_purpose(purpose)
    kept = log.personal(subject)
    shown = {name: kept[name] for name in kept if fields is None or name in fields}
    if shown:
        event = SubjectRead(subject, purpose, petition, tuple(sorted(shown)))
        _record(log, READING + subject, Draft(meta_of(by, now), event))
    return shown


def _record(log: Log, stream: str, draft: Draft) -> None:
    def work() -> None:
        with log.transact() as tx:
            tx.append(stream, len(tx.load(stream)), [draft])

    attempt(work)
