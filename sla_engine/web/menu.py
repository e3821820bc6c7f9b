"""The way round the console: which screens there are, and what each one takes."""

from typing import NamedTuple


class Entry(NamedTuple):
    """A screen in the menu."""

    path: str
    zh: str
    en: str
    permission: str


MENU = (
    Entry("/", "驾驶舱", "Cockpit", "board:read"),
    Entry("/petitions", "诉求工单", "Petitions", "petition:read"),
    Entry("/talks", "三级约谈", "Talks", "talk:read"),
    Entry("/supervision", "督办台账", "Supervision", "board:read"),
    Entry("/boards", "榜单", "Boards", "board:read"),
    Entry("/scorecards", "考核指标", "Scorecards", "board:read"),
    Entry("/reconciliation", "对账", "Reconciliation", "board:read"),
    Entry("/disputes", "争议复核", "Disputes", "dispute:read"),
    Entry("/calendar", "工作日历", "Calendar", "rules:read"),
    Entry("/policies", "政策包", "Policies", "rules:read"),
    Entry("/accounts", "账户", "Accounts", "account:read"),
    Entry("/keys", "接口密钥", "API keys", "account:read"),
    Entry("/audit", "审计", "Audit", "audit:read"),
    Entry("/system", "系统状况", "System", "system:read"),
)
