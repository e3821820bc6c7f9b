"""Facts of a list item: who owes what by when, until it is struck off."""

from sla_engine.record import Event, wire


@wire("item.listed/1", rank=0)
class ItemListed(Event):
    """列入清单. `list` is a list of the pack, `unit` and `person` owe it.

    `limit`: its own limit ("10个工作日", "30日") or last day ("2024-06-30"); "" as the clause says.
    `after`: items that come before it (码上流程图). `petitions`: what it links (一类事). `project`:
    the enterprise or project whose map or ledger it belongs to. No personal data of petitioners.
    """

    item: str
    pack: str
    region: str
    list: str
    unit: str
    person: str = ""
    title: str = ""
    matter: str = ""
    limit: str = ""
    after: tuple[str, ...] = ()
    petitions: tuple[str, ...] = ()
    project: str = ""
    round: str = ""
    contact: str = ""
    materials: tuple[str, ...] = ()
    source: str = ""


@wire("item.assigned/1", rank=10)
class ItemAssigned(Event):
    """转由他人负责: another unit or person answers from here on."""

    unit: str
    person: str = ""


@wire("item.started/1", rank=20)
class ItemStarted(Event):
    """开始办理. `despite` is the ground (容缺, 函证并行) on which it starts while a predecessor is
    open, `owed` the papers that are to follow."""

    despite: str = ""
    owed: tuple[str, ...] = ()


@wire("item.linked/1", rank=30)
class ItemLinked(Event):
    """关联诉求件: one more petition of the same class (一件事到一类事)."""

    petition: str


@wire("item.reported/1", rank=60)
class ItemReported(Event):
    """报告完成, with its evidence."""

    document: str
    signer: str = ""


@wire("item.verified/1", rank=70)
class ItemVerified(Event):
    """核验销号; the verifier is not the owner."""

    verifier: str
    method: str = ""
    document: str = ""


@wire("item.rejected/1", rank=70)
class ItemRejected(Event):
    """核验不通过: back to work."""

    verifier: str
    reason: str


@wire("item.rebounded/1", rank=80)
class ItemRebounded(Event):
    """反弹: a struck-off item is open again; the strike-off stays on record."""

    reason: str


@wire("item.cancelled/1", rank=85)
class ItemCancelled(Event):
    """撤销清单事项, by whom and why."""

    approver: str
    reason: str
