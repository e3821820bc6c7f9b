"""Streams beside the dossiers: erased petitioners and notices loaded at run time."""

from sla_engine.record import Event, wire


@wire("subject.erased/1")
class SubjectErased(Event):
    """A petitioner's personal data and secret were destroyed. Carries nothing personal."""

    subject: str
    ground: str = ""


@wire("rules.notice_loaded/1")
class NoticeLoaded(Event):
    """A holiday notice became known to this engine; `text` is the notice file itself."""

    number: str
    digest: str
    text: str
