"""The HTTP interface for systems and the console for people, over one engine."""
