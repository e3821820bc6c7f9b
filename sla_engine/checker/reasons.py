"""What the checker can have against a derivation: stable codes, Chinese and English beside."""

from typing import Any, NamedTuple


class Unreadable(Exception):
    """The case, or a data file, cannot be read at all."""


class Reason(NamedTuple):
    """One thing that does not hold: where, what the derivation says, and what follows instead."""

    code: str
    where: str
    found: Any
    follows: Any

    def zh(self) -> str:
        """A line for officials."""
        return f"{self.where}：{TEXTS[self.code][0]}（所称 {self.found}；应为 {self.follows}）"

    def en(self) -> str:
        """The same line in English."""
        return f"{self.where}: {TEXTS[self.code][1]} (it says {self.found}; {self.follows} follows)"


class Forged(Exception):
    """A derivation is refused; carries the first thing that does not hold."""

    def __init__(self, code: str, where: str, found: Any, follows: Any) -> None:
        self.reason = Reason(code, where, found, follows)
        super().__init__(self.reason.en())


def hold(code: str, where: str, found: Any, follows: Any) -> None:
    """Refuse unless what is said is what follows."""
    if found != follows:
        raise Forged(code, where, found, follows)


TEXTS = {
    "SHAPE": ("字段缺失、多余或类型不符", "a field is missing, unknown or of the wrong type"),
    "STREAM": ("案卷编号不符", "it is about another dossier"),
    "CLOCK_UNKNOWN": ("事实中没有这一时钟", "no such clock follows from the facts"),
    "CLAUSE_TEXT": ("条款名称、依据或状态与政策包不符", "name, basis or status is not the pack's"),
    "PACK_UNKNOWN": ("找不到该摘要的政策包", "no pack with that digest is to be found"),
    "PACK_STAMP": (
        "政策包不是起算事实所载的版本",
        "the pack is not the one its start was stamped with",
    ),
    "PACK_EDITION": ("政策包名称或版本不符", "name, edition or title is not that pack's"),
    "CALENDAR_UNKNOWN": ("找不到该摘要的日历", "no calendar with that digest is to be found"),
    "CALENDAR_STAMP": (
        "日历不是起算事实所载的版本",
        "the calendar is not the one its start was stamped with",
    ),
    "HOURS": ("作息时间不符", "the office hours are not the clause's"),
    "RULES": ("起算、截止、顺延或地区规则不符", "receipt, expiry, rolling or region is not so"),
    "LIMIT": ("期限与条款或事项自带期限不符", "the limit is neither the clause's nor its own"),
    "LENGTH": ("延长后的期限不符", "the term with its extensions is not so long"),
    "START_UNKNOWN": ("没有这一起算事实", "the fact that is said to have started it is not there"),
    "START_VOIDED": ("起算事实已被撤销", "the fact that is said to have started it was voided"),
    "START_MARK": ("起算事实不是条款所称的标志", "that fact does not bear the mark of the clause"),
    "START_NOT_RIGHT": ("不是应当起算的那一事实", "another fact is the one that started it"),
    "START_INSTANT": ("起算时间不符", "the clock did not start at that instant"),
    "FACT_MISQUOTED": ("所引事实与记录不符", "a fact is quoted otherwise than it was recorded"),
    "LANE": ("承办段不符", "it is the clock of another lane"),
    "SHIFT": ("收件顺延不符", "the receipt rule gives something else"),
    "STEP_MISSING": ("缺少一步", "a step is missing"),
    "STEP_SURPLUS": ("多出一步", "there is a step too many"),
    "STEP_ORDER": ("步骤次序不符", "another step comes here"),
    "DAY_MISSING": ("漏掉一天", "a day is missing"),
    "DAY_TWICE": ("一天出现两次或次序颠倒", "a day comes twice, or too late"),
    "DAY_OFF_COUNTED": ("休息日被计入", "a day off was counted"),
    "DAY_PAUSED_COUNTED": ("中止期间被计入", "a day within a pause was counted"),
    "DAY_NOT_COUNTED": ("应计之日未计", "a day that counts was left out"),
    "DAY_NUMBER": ("计数不符", "the count is wrong"),
    "DAY_PART": ("半日不符", "it is another half of the day"),
    "NOTICE": ("当日性质或所据通知不符", "the day's kind, name or notice is not so"),
    "HOURS_RUN": ("计时区间或累计不符", "the clock did not run so, or not so long"),
    "PAUSE_STEP": ("中止步骤与中止记录不符", "the pause is told otherwise than it was"),
    "ROLL": ("末日顺延不符", "the last day did not move so"),
    "CUTOFF": ("截止规则或时刻不符", "the last day does not end so"),
    "TOTAL": ("合计不符", "the answer does not follow from the steps"),
    "DUE": ("到期时间不符", "it is not due then"),
    "PROVISIONAL": ("暂定标志或其依据不符", "whether it is provisional, or on what, is not so"),
    "YEAR_UNKNOWN": ("该年没有通知也没有法定日", "nothing is known of the days of that year"),
    "PAUSE_NO_FACT": ("中止没有相应事实", "no fact that holds opened this pause"),
    "PAUSE_GROUND": ("中止事由与事实不符", "the ground is not that of the fact"),
    "PAUSE_NOT_HONOURED": ("条款不认可该中止", "the clause does not honour this pause here"),
    "PAUSE_HIDDEN": ("隐去一次中止", "a pause was left out"),
    "PAUSE_SPAN": ("中止起止不符", "the pause did not begin or end then"),
    "PAUSE_END_FACT": ("恢复没有相应事实", "another fact, or none, ended the pause"),
    "EXTENSION_NO_FACT": ("延期没有相应批准", "no grant that holds gave this extension"),
    "EXTENSION_HIDDEN": ("隐去一次延期", "an extension was left out, or they are out of order"),
    "EXTENSION_REQUEST": ("延期申请不符", "the request is another, or was made at another time"),
    "EXTENSION_APPROVER": ("批准人不符", "somebody else approved it"),
    "EXTENSION_AMOUNT": ("延期长度不符", "it is not so long"),
    "EXTENSION_DUE": ("延期前的到期或最迟申请时间不符", "due and last call before it are not so"),
    "EXTENSION_EFFECT": (
        "延期是否生效不符",
        "whether it took effect, or what was against it, is not so",
    ),
    "REVISION": ("日历修订与记录不符", "the calendar revisions are not those recorded"),
    "FLOOR": ("不提前的期限没有根据", "a notified term is kept without ground"),
    "READ_AT": ("读数时刻不符", "it was read at another instant"),
    "STOPPED": ("停止的时间或事实不符", "it was not stopped then, or not by that"),
    "CANCELLED": ("注销时间不符", "it did not lose its object then"),
    "STATE": ("结论不符", "the verdict does not follow"),
    "RULED": ("裁定不符", "it was not so ruled"),
}
