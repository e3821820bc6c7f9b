"""Refusals that may only mean that a fact has overtaken the one before it."""

PREMATURE = frozenset(
    {
        "NOT_REGISTERED",
        "PHASE_IMPOSSIBLE",
        "ASSIGNMENT_UNKNOWN",
        "EXTENSION_IMPOSSIBLE",
        "SUSPENSION_IMPOSSIBLE",
        "NOTHING_TO_VOID",
        "MERGE_IMPOSSIBLE",
        "EXCLUSION_UNKNOWN",
        "ROUTE_NONE",
        "PREDECESSOR_OPEN",
        "ITEM_NEEDS",
        "MEMBER_UNKNOWN",
        "NOT_DRAFTED",
        "OBJECTION_PENDING",
        "NO_OBJECTION",
        "NOT_IN_OFFICE",
        "DISPUTED_UNKNOWN",
        "NO_VERDICT_YET",
        "APPEAL_MISFIT",
    }
)
"""Codes of faults that may be gone when a fact that is still on its way has been recorded."""
