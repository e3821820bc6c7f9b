"""What a day is and who made it so."""

from enum import Enum

import msgspec


class DayKind(Enum):
    """Kinds of day. 调休 is two of them: the day worked and the day rested in exchange."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    STATUTORY_HOLIDAY = "statutory_holiday"
    ADJUSTED_REST_DAY = "adjusted_rest_day"
    MAKEUP_WORKDAY = "makeup_workday"
    SPECIAL_HOLIDAY = "special_holiday"
    REGIONAL_HOLIDAY = "regional_holiday"

    @property
    def works(self) -> bool:
        return self is DayKind.WORKDAY or self is DayKind.MAKEUP_WORKDAY


class Day(msgspec.Struct, frozen=True):
    """One day of a calendar.

    `name` is the holiday it belongs to ("" when none); `notice` cites what made it so: number
    or title of the notice, or of the statute for a day that is only provisional.
    """

    kind: DayKind
    name: str = ""
    notice: str = ""

    @property
    def works(self) -> bool:
        return self.kind.works


PLAIN_WORKDAY = Day(DayKind.WORKDAY)
PLAIN_WEEKEND = Day(DayKind.WEEKEND)
