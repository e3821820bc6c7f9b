"""The minimal pack with one of every table that may stand beside the clauses; how to break it."""

from tests.unit.policy.minimal import MINIMAL

ANNEXED = (
    MINIMAL
    + """
[exclusions]
X-MALICE = { zh = "恶意诉求", en = "malicious petition" }

[questions]
q1 = { zh = "后续业务是否顺畅", en = "did what followed go well" }

[[list]]
id = "task"
name = { zh = "任务清单", en = "tasks" }
needs = ["onsite_arrived"]
despite = ["P-HEAR"]
basis = ["示例规定"]

[[list]]
id = "problem"
name = { zh = "问题清单", en = "problems" }
basis = ["示例规定"]

[[series]]
id = "board"
name = { zh = "红黑榜", en = "board" }
form = "board"
cycle = "quarter"
measure = "composite"
basis = ["示例规定"]

[[series.place]]
id = "red"
name = { zh = "红榜", en = "red" }
praise = true
top = 3
basis = "示例规定"

[[series.place]]
id = "black"
name = { zh = "黑榜", en = "black" }
bottom = 3
basis = "示例规定"

[[series]]
id = "votes"
name = { zh = "五维打分", en = "votes" }
form = "score"
cycle = ""
improve = "task"
basis = ["示例规定"]

[series.dimensions]
skill = { zh = "业务水平", en = "skill" }

[series.floor]
skill = 60

[[trigger]]
id = "warned-twice"
name = { zh = "一月两次预警", en = "warned twice in a month" }
counts = ["act:warn@solve"]
at_least = 2
within = "month"
act = "talk"
tier = 1
level = 50
to = ["handler"]
basis = ["示例规定"]

[[trigger]]
id = "black-twice"
name = { zh = "连续两次黑榜", en = "black twice running" }
counts = ["place:black"]
at_least = 2
consecutive = true
act = "talk"
tier = 2
level = 50
basis = ["示例规定"]

[[trigger]]
id = "talks-twice"
name = { zh = "一季两次约谈", en = "two talks in a quarter" }
counts = ["talk:1"]
at_least = 2
within = "3个月"
act = "talk"
tier = 2
level = 50
basis = ["示例规定"]

[[measure]]
id = "on-time"
name = { zh = "按时办结率", en = "on time" }
formula = { zh = "按时 ÷ 应办结", en = "met ÷ judged" }
numerator = ["solve.met"]
denominator = ["solve.judged"]
basis = ["示例规定"]

[[measure]]
id = "satisfied"
name = { zh = "满意率", en = "satisfied" }
formula = { zh = "满意 ÷ 回访", en = "satisfied ÷ callbacks" }
numerator = ["callbacks_satisfied"]
denominator = ["callbacks"]
basis = ["示例规定"]

[[measure]]
id = "composite"
name = { zh = "综合得分", en = "composite" }
formula = { zh = "加权合计", en = "weighted sum" }
weights = { on-time = 40, satisfied = 60 }
basis = ["示例规定"]

[[route]]
match = { matter = ["住建"] }
unit = "区住建局"

[[route]]
role = "handler"

[[clause]]
id = "item"
name = { zh = "清单事项", en = "item" }
scope = "item"
match = { list = ["task"] }
start = "listed"
stop = "verified"
limit = "20个工作日"
own_limit = true
basis = ["示例规定"]

[[clause.rung]]
id = "warn"
at = "due-3个工作日"
level = 10
act = "warn"
basis = "示例规定"

[[clause.rung]]
id = "list"
at = "due+1个工作日"
level = 50
act = "list"
basis = "示例规定"

[[clause]]
id = "publish"
name = { zh = "榜单发布", en = "publish the board" }
scope = "round"
match = { series = ["board"] }
start = "period_ended"
stop = "published"
limit = "10个工作日"
basis = ["示例规定"]

[[clause.rung]]
id = "next"
at = "start"
level = 10
act = "open_next"
basis = "示例规定"

[[clause.rung]]
id = "late"
at = "due"
level = 50
act = "red"
basis = "示例规定"

[[clause]]
id = "objection"
name = { zh = "榜单异议", en = "object to the board" }
scope = "member"
match = { series = ["board"] }
start = "drafted"
stop = "objected"
limit = "5个工作日"
late = "barred"
basis = ["示例规定"]

[[clause.rung]]
id = "silent"
at = "due"
level = 10
act = "task"
basis = "示例规定"

[[case]]
name = "清单事项自带 10 个工作日，跨中秋（2024-09-13）"
traits = { list = "task" }
facts = [{ type = "listed", at = 2024-09-13T09:00:00+08:00, limit = "10个工作日" }]

[[case.expect]]
clause = "item"
due = 2024-09-30T00:00:00+08:00
rungs = { warn = 2024-09-25T08:30:00+08:00, list = 2024-09-30T08:30:00+08:00 }

[[case]]
name = "二季度榜单：周日季末，次日即 7 月 1 日是第 1 日（2024-06-30）"
traits = { series = "board" }
facts = [
  { type = "opened", at = 2024-04-01T09:00:00+08:00, members = ["甲局", "乙局"] },
  { type = "period_ended", at = 2024-06-30T23:59:59.999999+08:00 },
  { type = "drafted", at = 2024-07-05T10:00:00+08:00 },
  { type = "objected", at = 2024-07-09T10:00:00+08:00, member = "甲局" },
]

[[case.expect]]
clause = "publish"
due = 2024-07-13T00:00:00+08:00
rungs = { next = 2024-06-30T23:59:59.999999+08:00 }

[[case.expect]]
clause = "objection"
due = 2024-07-13T00:00:00+08:00
rungs = { silent = "none" }

[[case.expect]]
clause = "objection"
due = 2024-07-13T00:00:00+08:00
rungs = { silent = 2024-07-13T00:00:00.000001+08:00 }

[[case]]
name = "六月两次预警，七月一次不够"
facts = [
  { type = "act:warn@solve", at = 2024-06-03T08:30:00+08:00 },
  { type = "act:warn@solve", at = 2024-06-28T08:30:00+08:00 },
  { type = "act:warn@solve", at = 2024-07-01T08:30:00+08:00 },
]

[[case.expect]]
clause = "warned-twice"
rungs = { reached = 2024-06-28T08:30:00+08:00 }

[[case.expect]]
clause = "black-twice"
absent = true

[[case]]
name = "隔一季不算连续，相连两季才算"
facts = [
  { type = "place:black", at = 2024-01-15T10:00:00+08:00, series = "board", period = "2023Q4" },
  { type = "place:black", at = 2024-07-15T10:00:00+08:00, series = "board", period = "2024Q2" },
  { type = "place:black", at = 2024-10-15T10:00:00+08:00, series = "board", period = "2024Q3" },
]

[[case.expect]]
clause = "black-twice"
rungs = { reached = 2024-10-15T10:00:00+08:00 }
"""
)


def edited(*edits: tuple[str, str]) -> str:
    """That pack with each (old, new) replaced once; `old` must be there."""
    text = ANNEXED
    for old, new in edits:
        assert old in text, f"{old!r} is not in the pack"
        text = text.replace(old, new, 1)
    return text


def added(table: str) -> str:
    """That pack and one table more."""
    return f"{ANNEXED}\n{table}"
