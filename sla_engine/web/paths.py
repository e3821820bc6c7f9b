"""What stands in addresses. Numbers of petitions: some have slashes (鲁访/2026/0012).

Routes are tried in their order, so whatever stands behind a number comes before the number alone.
"""

from urllib.parse import quote

from starlette.convertors import Convertor, register_url_convertor


class _Number(Convertor[str]):
    """At least one character: the list is asked for without any."""

    regex = ".+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return quote(value)


register_url_convertor("number", _Number())

PETITION_AT = "/petitions/{no:number}"
"""The address of a petition, as routes have it."""

CENTRE = "-"
"""Asks a list for what is the centre's, where it could be a unit's."""


def party(asked: str) -> str:
    """The unit that is asked for; "" for the centre."""
    return "" if asked == CENTRE else asked
