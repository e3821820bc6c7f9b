"""Clocks: which run, where they stand, when they will next matter, and why.

Pure functions of a dossier, the rulebook and an instant. Nothing here is stored.
"""
