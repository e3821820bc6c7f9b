"""Disputes (争议): an objection to a board, a review (复核), an appeal (申诉), up to the ruling."""
