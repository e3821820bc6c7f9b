"""A small scenario to take apart."""

HEAD = """
[scenario]
title = { zh = "小剧本", en = "small" }
packs = ["zaozhuang-2110"]
region = "CN-3704"
start = 2024-09-13T08:00:00+08:00
"""

STEP = """
[[step]]
at = 2024-09-13T09:00:00+08:00
facts = [
  { petition = "A", type = "registered", data = { kind = "投诉", subject = "enterprise" } },
  { petition = "A", type = "dispatched", data = { unit = "区住建局" } },
]
"""

EXPECT = """
[[step.expect]]
petition = "A"
phase = "dispatched"
clocks = [{ clause = "arrive", due = 2024-09-13T11:00:00+08:00 }]
"""

SMALL = HEAD + STEP + EXPECT
