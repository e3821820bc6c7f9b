"""A dossier is one stream of facts about one matter: a petition, a talk, later a list item.

Every kind of dossier shares the facts below, one fold, and one way to be read by the clocks.
"""
