"""Rounds (轮次): a quarter's board, a month's statement, a day's report, a walk, a scoring."""
