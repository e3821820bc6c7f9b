"""The smallest pack that lint has nothing to say about, and how to break it."""

MINIMAL = """
[pack]
name = "demo"
edition = "2024-01"
title = { zh = "示例", en = "demo" }
region = "CN-3704"
calendar = "cn"
effective_from = 2024-01-01
settle = "2小时"
basis = ["示例规定"]
status = "default"

[hours.office]
seasons = [["01-01", [["08:30", "12:00"], ["14:00", "17:30"]]]]
basis = ["示例规定"]
status = "default"

[steps]
onsite_arrived = { zh = "到达现场", en = "arrived on site" }

[roles]
handler = { zh = "承办人", en = "handler" }

[grounds]
P-HEAR = { zh = "听证", en = "hearing" }

[[level]]
ordinal = 10
name = { zh = "预警", en = "warning" }
light = "blue"

[[level]]
ordinal = 50
name = { zh = "约谈", en = "talk" }
light = "red"

[[clause]]
id = "solve"
name = { zh = "办结", en = "solve" }
scope = "petition"
match = { kind = ["投诉"] }
start = "dispatched"
stop = "resolved"
limit = "10个工作日"
pauses = ["P-HEAR"]
extension = { max_count = 1, total_max = "5个工作日", basis = ["示例规定"] }
basis = ["示例规定"]

[[clause.rung]]
id = "warn"
at = "due-3个工作日"
level = 10
act = "warn"
to = ["handler"]
basis = "示例规定"

[[clause.rung]]
id = "talk"
at = "due+2个工作日"
level = 50
act = "talk"
tier = 1
basis = "示例规定"

[talk]
group_by = "unit"
delegation_allowed = false
top_tier = 2
notice_lead = { 1 = "1个工作日", 2 = "1个工作日" }
basis = ["示例规定"]
status = "default"

[talk.parties]
1 = [{ zh = "甲", en = "A" }, { zh = "乙", en = "B" }]
2 = [{ zh = "甲", en = "A" }, { zh = "乙", en = "B" }]

[[clause]]
id = "talk-plan"
name = { zh = "整改清单", en = "plan" }
scope = "talk"
match = { tier = [1] }
start = "held"
stop = "plan_filed"
limit = "5个工作日"
basis = ["示例规定"]

[[clause.rung]]
id = "next"
at = "due+1个工作日"
level = 50
act = "next_tier"
basis = "示例规定"

[[case]]
name = "示例"
traits = { kind = "投诉" }
facts = [{ type = "dispatched", at = 2024-09-13T09:00:00+08:00 }]

[[case.expect]]
clause = "solve"
due = 2024-09-30T00:00:00+08:00
rungs = { warn = 2024-09-25T08:30:00+08:00 }
"""

FILE = "demo.toml"


def changed(*edits: tuple[str, str]) -> str:
    """The minimal pack with each (old, new) replaced once; `old` must be there."""
    text = MINIMAL
    for old, new in edits:
        assert old in text, f"{old!r} is not in the minimal pack"
        text = text.replace(old, new, 1)
    return text


def without(table: str) -> str:
    """The minimal pack without the lines from `table` up to the next blank line."""
    start = MINIMAL.index(f"\n{table}\n")
    end = MINIMAL.find("\n\n", start + 1)
    return MINIMAL[:start] + MINIMAL[end:]
