"""Who may do what: the table of roles, accounts and keys as the log has them, sessions, secrets."""
