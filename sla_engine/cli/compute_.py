"""`compute`: working-time questions in JSON Lines, answers in JSON Lines."""
