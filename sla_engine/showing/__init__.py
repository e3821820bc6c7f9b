"""What the engine knows as plain data: one shape for the command line, the API and the screens."""
