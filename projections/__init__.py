"""Read models: pure functions from events to rows, each under a permanent name."""

from projections.petition_card import PetitionCard
from projections.talk_register import TalkRegister
from projections.worklist import Worklist
from sla_engine.projection import Projection

READ_MODELS: tuple[Projection, ...] = (Worklist(), PetitionCard(), TalkRegister())
