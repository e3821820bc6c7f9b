"""Every petition at once: facts as columns, clauses as array programs, the same answer."""
