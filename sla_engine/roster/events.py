"""Facts of a roster. Dated roles (三级包保, stewards, liaison officers, named leaders) are used for
routing and for addressing warnings; they are never tiers of a talk."""

from sla_engine.record import Event, wire


@wire("roster.appointed/1", rank=10)
class Appointed(Event):
    """任命, from the instant it happened. `about` is the unit, project or enterprise that the role
    is held for ("" for the whole region), `holder` the officer, `unit` their unit."""

    role: str
    holder: str
    about: str = ""
    unit: str = ""
    region: str = ""


@wire("roster.relieved/1", rank=5)
class Relieved(Event):
    """免除."""

    role: str
    holder: str
    about: str = ""
