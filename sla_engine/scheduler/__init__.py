"""Waking up when something is due: the alarm index, the sweep over it, and what wakes the sweep."""
