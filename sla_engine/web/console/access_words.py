"""What the register of access says, in words: events, roles, where from, details."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sla_engine import words
from sla_engine.access.table import Table
from sla_engine.policy.clause import Text
from sla_engine.web.console import told
from sla_engine.web.console.petitions import CHOICES, FILTERS
from sla_engine.worktime import format_instant

EVENTS: Mapping[str, Text] = {
    "account.opened": Text("申请开户", "account asked for"),
    "account.roles_asked": Text("申请变更角色", "other roles asked for"),
    "account.approved": Text("批准", "approved"),
    "account.rejected": Text("驳回", "rejected"),
    "account.closed": Text("销户", "account closed"),
    "account.locked": Text("锁定", "locked"),
    "account.unlocked": Text("解锁", "unlocked"),
    "account.password_set": Text("设置口令", "password set"),
    "account.logged_in": Text("登录", "signed in"),
    "account.logged_out": Text("退出", "signed out"),
    "key.issued": Text("申请签发密钥", "key asked for"),
    "key.approved": Text("批准密钥", "key approved"),
    "key.rejected": Text("驳回密钥", "key rejected"),
    "key.revoked": Text("撤销密钥", "key revoked"),
    "subject.read": Text("查看个人信息", "personal data read"),
    "subject.erased": Text("删除个人信息", "personal data erased"),
    "export.taken": Text("导出", "export taken"),
    "rules.notice_loaded": Text("装入放假通知", "notice loaded"),
    "rules.pack_loaded": Text("装入政策版本", "edition loaded"),
    "campaign.started": Text("启用批次开始", "campaign begun"),
    "campaign.finished": Text("启用批次完成", "campaign finished"),
    "proposal.made": Text("提出规则变更", "change of rules proposed"),
    "proposal.approved": Text("批准规则变更", "change of rules approved"),
    "proposal.refused": Text("不予批准规则变更", "change of rules refused"),
    "proposal.withdrawn": Text("撤回规则变更", "proposal withdrawn"),
    "proposal.activated": Text("启用规则变更", "change of rules activated"),
    "unit.counted": Text("计入单位次数", "counted for the unit"),
    "unit.discounted": Text("取消单位次数", "no longer counted"),
    "dossier.anomaly_noted": Text("异常", "anomaly"),
}

_DETAILS: Mapping[str, Text] = {
    "roles": Text("角色", "roles"),
    "unit": Text("单位", "unit"),
    "request": Text("申请第", "request"),
    "scopes": Text("权限", "permissions"),
    "expires_at": Text("到期", "expires"),
    "networks": Text("网段", "networks"),
    "source": Text("来源名", "source"),
    "until": Text("至", "until"),
    "failures": Text("连续失败次数", "failures"),
    "temporary": Text("临时口令", "temporary password"),
    "method": Text("方式", "by"),
    "everywhere": Text("全部登录", "everywhere"),
    "at_machine": Text("在服务器上办理", "at the machine"),
    "purpose": Text("用途", "purpose"),
    "petition": Text("工单", "petition"),
    "fields": Text("栏目", "fields"),
    "what": Text("清单", "list"),
    "asked": Text("筛选", "filters"),
}
_METHODS: Mapping[str, Text] = {
    "password": Text("口令", "password"),
    "oidc": Text("统一身份认证", "identity provider"),
}
_LISTS: Mapping[str, Text] = {"petitions": Text("诉求工单", "petitions")}
_INSTANTS = frozenset({"expires_at", "until"})
_KINDS: Mapping[str, Text] = {
    "account": Text("账户", "account"),
    "key": Text("密钥", "key"),
    "petition": Text("诉求", "petition"),
    "talk": Text("约谈", "talk"),
    "item": Text("事项", "item"),
    "round": Text("轮次", "round"),
    "dispute": Text("争议", "dispute"),
    "roster": Text("名录", "roster"),
    "reading": Text("查看记录", "reading"),
    "proposal": Text("规则变更", "proposal"),
    "export": Text("导出", "export"),
    "unit": Text("单位", "unit"),
}
_CONSOLE = "console:"


class Telling:
    """Words of the register in one language."""

    def __init__(self, table: Table, language: str) -> None:
        self._table = table
        self._language = language

    def what(self, type_: str) -> str:
        """An event's type, as "account.opened" or "petition.dispatched"."""
        kind, _, name = type_.partition(".")
        return self._say(EVENTS.get(type_) or words.mark(kind, name))

    def roles(self, codes: str) -> str:
        """Roles as they stand in a record, with commas between."""
        return self._joined("roles", codes.split(",")) if codes else "—"

    def source(self, name: str) -> str:
        """Where a fact came from."""
        if name.startswith(_CONSOLE):
            return self._say(Text("控制台", "console"))
        if name == "machine":
            return self._say(Text("服务器", "machine"))
        return self._say(Text("系统", "engine")) if name == "engine" else name

    def about(self, stream: str) -> str:
        """A dossier, as "诉求 ZZ1"."""
        kind, _, name = stream.partition("/")
        return f"{self._say(_KINDS[kind])} {name}" if kind in _KINDS else stream

    def details(self, told_of: Mapping[str, Any]) -> Iterator[str]:
        """What an event says of itself, one after the other."""
        for name, value in told_of.items():
            label = self._say(_DETAILS.get(name, Text(name, name)))
            shown = self._shown(name, value)
            yield f"{label} {shown}" if shown else label

    def _shown(self, name: str, value: Any) -> str:
        if value is True:
            return ""
        if name in _INSTANTS:
            return format_instant(value)[:16].replace("T", " ")
        if isinstance(value, list | tuple):
            return self._joined(name, map(str, value))
        return self._word(name, str(value))

    def _joined(self, name: str, codes: Iterable[str]) -> str:
        comma = "、" if self._language == "zh" else ", "
        return comma.join(self._word(name, code) for code in codes)

    def _word(self, name: str, code: str) -> str:
        own = Text(code, code)
        match name:
            case "roles" | "scopes" | "purpose":
                return self._say(self._table.words(code))
            case "method":
                return self._say(_METHODS.get(code, own))
            case "fields":
                return self._say(told.PERSONAL.get(code, own))
            case "what":
                return self._say(_LISTS.get(code, own))
            case "asked":
                return self._filter(*code.split("=", 1))
            case _:
                return code

    def _filter(self, name: str, value: str) -> str:
        label = FILTERS.get(name, Text(name, name))
        chosen = CHOICES.get(name, {}).get(value, Text(value, value))
        return f"{self._say(label)} {self._say(chosen)}"

    def _say(self, text: Text) -> str:
        return told.say(text, self._language)
