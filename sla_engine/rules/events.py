"""Events beside the dossiers: what became a rule when, and how open dossiers were brought up to it.

Streams: `rules/notices` holds notices and editions of packs (it is older than the latter),
`campaign/ID` the beginning and the end of one campaign, `proposal/ID` what became of one proposal
to load a notice or an edition: who proposed it, who else approved it, which campaign it led to.
"""

from sla_engine.record import Event, Instant, wire

RULES = "rules/notices"
CAMPAIGN = "campaign/"
PROPOSAL = "proposal/"


@wire("rules.notice_loaded/1")
class NoticeLoaded(Event):
    """A holiday notice became known to this engine; `text` is the notice file itself.

    `known_at`: since when this store has known it, 0 meaning since it was recorded. A notice that
    shipped with the program before it was loaded stays known since its publication.
    """

    number: str
    digest: str
    text: str
    known_at: Instant = 0


@wire("rules.pack_loaded/1")
class PackLoaded(Event):
    """An edition of a policy pack was activated; `text` is the pack file itself.

    `known_at`: since when this store has known it. That is the instant of loading, unless facts
    were judged by the edition before, from a folder of packs: then it stays what it was there.
    """

    name: str
    edition: str
    digest: str
    text: str
    known_at: Instant


@wire("campaign.started/1")
class CampaignStarted(Event):
    """New rules were loaded, and open dossiers are to be brought up to them.

    `cause`: "notice" or "pack"; `title` names what was loaded, `digests` its contents. `head`: the
    position of the log, `dossiers`: how many were open, both just before.
    """

    cause: str
    title: str
    digests: tuple[str, ...]
    head: int
    dossiers: int


@wire("campaign.finished/1")
class CampaignFinished(Event):
    """Every dossier that was open has been brought up to the rules.

    `dossiers`: how many were looked at; `refixed`: terms re-fixed, of which `later` and `earlier`
    moved; `failed`: dossiers that could not be judged, each named with its reason until it can.
    """

    dossiers: int
    refixed: int
    later: int
    earlier: int
    failed: int


@wire("proposal.made/1")
class ProposalMade(Event):
    """Somebody proposes to load a notice or an edition. `kind`: "notice" or "pack"; `title` names
    it; `text` is the file itself and `digest` its SHA-256; `file` says how faults in it are named.
    """

    kind: str
    title: str
    digest: str
    text: str
    file: str = ""
    reason: str = ""


@wire("proposal.approved/1")
class ProposalApproved(Event):
    """Somebody else approves the text with this digest."""

    digest: str
    reason: str = ""


@wire("proposal.refused/1")
class ProposalRefused(Event):
    """Somebody else does not."""

    reason: str = ""


@wire("proposal.withdrawn/1")
class ProposalWithdrawn(Event):
    """Whoever proposed it takes it back."""

    reason: str = ""


@wire("proposal.activated/1")
class ProposalActivated(Event):
    """The text with this digest was loaded; the campaign brings open dossiers up to it."""

    digest: str
    campaign: str
