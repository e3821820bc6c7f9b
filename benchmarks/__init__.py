"""What the engine claims about its speed, each claim beside the tools a user would reach for."""
