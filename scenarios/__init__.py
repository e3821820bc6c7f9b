"""Scripts of petitions and talks on virtual time, with the expected outcome beside each step."""
