"""What goes wrong in one history. Each seed draws its own mixture, so that a fault that hides
another in one history is absent from the next."""

from dataclasses import dataclass
from random import Random

from scenarios.workload import DAY, HOUR
from sla_engine.record import Instant

OUTAGE = 2 * DAY
SKEW = HOUR
LEAP = 40 * DAY


@dataclass(frozen=True, slots=True)
class Weather:
    """Chances per step of a port (`crash`, `away`, `taken`), per commit (`unheard`), per wake-up
    (`missed`), per fact (`twice`, `late`, `forged`), per message (`dropped`, `doubled`, `unheard`).
    `between`: that others take their turn between two transactions. `guarded`: processes go by the
    database's time. Then single events of the history; and after what share of commits the store is
    looked at."""

    crash: float = 0.0
    away: float = 0.0
    taken: float = 0.0
    unheard: float = 0.0
    between: float = 0.0
    missed: float = 0.0
    twice: float = 0.0
    late: float = 0.0
    forged: float = 0.0
    dropped: float = 0.0
    doubled: float = 0.0
    guarded: bool = False
    leap: bool = False
    outage: bool = False
    skewed: bool = False
    index_lost: bool = False
    campaign: bool = False
    poison: bool = False
    rebuilt: bool = False
    looked_at: float = 0.0


CALM = Weather()


def drawn(rng: Random) -> Weather:
    """A mixture: each kind of fault is absent from a third of all histories."""

    def rate(*choices: float) -> float:
        return rng.choice((0.0, *choices))

    def sometimes(share: float) -> bool:
        return rng.random() < share

    campaign, guarded = sometimes(0.3), sometimes(0.5)
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
        dropped=rate(0.1, 0.5),
        doubled=rate(0.1),
        guarded=guarded,
        leap=guarded and sometimes(0.5),
        outage=sometimes(0.3),
        skewed=sometimes(0.3),
        index_lost=sometimes(0.3),
        campaign=campaign,
        poison=sometimes(0.3),
        rebuilt=sometimes(0.3),
        # While a notice is taken up, a stream is judged by the rules that whoever met it knew.
        looked_at=0.0 if campaign else 0.3,
    )


def hour(rng: Random, begin: Instant, days: int) -> Instant:
    """Some hour within that many days."""
    return begin + rng.randrange(days * 24) * HOUR
