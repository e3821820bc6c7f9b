"""Redis as a way in and as a bell, never as truth: what it loses is sent or found again."""
