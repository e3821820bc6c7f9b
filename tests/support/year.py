"""A year in whose middle an invented notice revises the calendar."""

from sla_engine.worktime import parse_instant

BEGIN = parse_instant("2025-01-02T00:00:00+08:00")
END = parse_instant("2025-12-20T00:00:00+08:00")
REVISED = parse_instant("2025-06-18T10:00:00+08:00")
"""When the notice is learned."""
REVISION = """
title = "模拟通知：六月二十四日放假一天"
number = "模拟〔2025〕1号"
region = "CN"
published = 2025-06-18
covers = []
verified = false

[[holiday]]
name = "模拟假日"
off = ["2025-06-24"]
work = ["2025-06-28"]
"""
