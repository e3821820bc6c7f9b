"""The petition (诉求件): its facts, phases and decisions."""
