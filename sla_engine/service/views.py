"""Saved views: what a person often looks for, by a name of their own. Kept in the store as a small
memory beside the log, for it is no fact about any petition."""

from collections.abc import Mapping

from sla_engine.errors import refuse, register
from sla_engine.ports import attempt
from sla_engine.projection import FollowedLog

VIEW_UNNAMED = register(
    "VIEW_UNNAMED",
    "视图名称“{found}”不可用：1 至 {allowed} 个字",
    "{found} is no name of a view: 1 to {allowed} characters",
)
VIEW_LONG = register(
    "VIEW_LONG",
    "视图的筛选条件过长（{found}字），上限{allowed}字",
    "the filters of a view have {found} characters, and {allowed} is the limit",
)
VIEWS_MANY = register(
    "VIEWS_MANY",
    "已保存 {found} 个视图，上限 {allowed} 个",
    "{found} views are saved, and {allowed} is the limit",
    "先删去不用的视图",
    "delete those that are not needed",
)
LONGEST, MOST = 20, 20
_LONGEST_QUERY = 2_000


def views(log: FollowedLog, account: str) -> Mapping[str, str]:
    """The filters of an account's views, as queries ("card=red&unit=U01"), by name."""
    kept = log.memory(_memory(account))
    return {name: query.decode() for name, query in sorted(kept.items())}


def save(log: FollowedLog, account: str, name: str, query: str) -> None:
    """Keep a view, instead of one of the same name. Raises `Refusal` VIEW_UNNAMED, VIEW_LONG,
    VIEWS_MANY."""
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST:
        raise refuse(VIEW_UNNAMED, "name", name, str(LONGEST))
    if len(query) > _LONGEST_QUERY:
        raise refuse(VIEW_LONG, "query", len(query), str(_LONGEST_QUERY))
    kept = log.memory(_memory(account))
    if name not in kept and len(kept) >= MOST:
        raise refuse(VIEWS_MANY, "name", len(kept), str(MOST))
    _remember(log, account, name, query.encode())


def drop(log: FollowedLog, account: str, name: str) -> None:
    """Keep a view no longer."""
    _remember(log, account, name, None)


def _memory(account: str) -> str:
    return f"views/{account}"


def _remember(log: FollowedLog, account: str, name: str, query: bytes | None) -> None:
    def work() -> None:
        with log.transact() as tx:
            tx.remember(_memory(account), {name: query})

    attempt(work)
