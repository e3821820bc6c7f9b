"""Read models: pure functions from events to rows, each under a permanent name."""

from projections.access_register import AccessRegister
from projections.board import Board
from projections.callbacks import Callbacks
from projections.dispute_register import DisputeRegister
from projections.docket import Docket
from projections.duplicates import Duplicates
from projections.items import Items
from projections.lists import SupervisionList, TalkList, dispute_list, item_list
from projections.petition_card import PetitionCard
from projections.reconciliation import Reconciliation
from projections.repetition import Repetition
from projections.roster import Roster
from projections.rounds import Rounds
from projections.scorecard import Scorecard
from projections.stewards import Stewards
from projections.supervision import Supervision
from projections.talk_register import TalkRegister
from projections.worklist import Worklist
from sla_engine.projection import Projection

READ_MODELS: tuple[Projection, ...] = (
    Worklist(),
    PetitionCard(),
    TalkRegister(),
    Scorecard(),
    Board(),
    Rounds(),
    Items(),
    Supervision(),
    Reconciliation(),
    Callbacks(),
    Stewards(),
    Duplicates(),
    Roster(),
    Repetition(),
    DisputeRegister(),
    Docket(),
    TalkList(),
    SupervisionList(),
    item_list(),
    dispute_list(),
    AccessRegister(),
)
