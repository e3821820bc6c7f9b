"""Policy packs: clauses, ladders and talk rules as data with citations (law is data)."""
