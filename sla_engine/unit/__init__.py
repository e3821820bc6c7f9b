"""What is counted against a unit: the memory of escalation by repetition."""
