"""The screens of supervisors, handlers and reviewers, in the order in which they are matched."""

from sla_engine.web.console import (
    boards,
    cockpit,
    documents,
    petition,
    petitions,
    reconciliation,
    scorecards,
    supervision,
    talks,
)

ROUTERS = (
    cockpit.router,
    petitions.router,
    petition.router,
    talks.router,
    supervision.router,
    documents.router,
    boards.router,
    scorecards.router,
    reconciliation.router,
)
