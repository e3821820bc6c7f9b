"""What goes wrong in one history. Each seed draws its own mixture, so that a fault that hides
another in one history is absent from the next."""

from dataclasses import dataclass
from random import Random

from scenarios.workload import DAY, HOUR
from sla_engine.record import Instant

LONGEST_OUTAGE = 2 * DAY


@dataclass(frozen=True, slots=True)
class Weather:
    """Chances per step of a port (`crash`, `away`, `taken`), per commit (`unheard`), per wake-up
    (`missed`), per delivery (`twice`, `late`, `forged`); and single events of the history."""

    crash: float = 0.0
    away: float = 0.0
    taken: float = 0.0
    unheard: float = 0.0
    between: float = 0.0
    missed: float = 0.0
    twice: float = 0.0
    late: float = 0.0
    forged: float = 0.0
    outage: bool = False
    skewed: bool = False
    index_lost: bool = False
    campaign: bool = False
    poison: bool = False


CALM = Weather()


def drawn(rng: Random) -> Weather:
    """A mixture: each kind of fault is absent from a third of all histories."""

    def rate(*choices: float) -> float:
        return rng.choice((0.0, *choices))

    def sometimes(share: float) -> bool:
        return rng.random() < share

    return Weather(
        crash=rate(0.000_5, 0.002),
        away=rate(0.000_3, 0.001),
        taken=rate(0.001, 0.005),
        unheard=rate(0.005, 0.03),
        between=rate(0.02, 0.1),
        missed=rate(0.2, 0.9),
        twice=rate(0.1, 0.4),
        late=rate(0.05, 0.3),
        forged=rate(0.02, 0.1),
        outage=sometimes(0.3),
        skewed=sometimes(0.3),
        index_lost=sometimes(0.3),
        campaign=sometimes(0.3),
        poison=sometimes(0.3),
    )


def moment(rng: Random, begin: Instant, days: int) -> Instant:
    """Some hour within that many days."""
    return begin + rng.randrange(days * 24) * HOUR
