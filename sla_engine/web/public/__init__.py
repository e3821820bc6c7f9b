"""What petitioners look at."""
