"""How sessions on a PostgreSQL server behave."""

import msgspec


class Sessions(msgspec.Struct, frozen=True):
    """How sessions behave; seconds.

    `wait` bounds the wait for a lock and for a connection. `idle` is how long a process may stand
    still within a transaction before the server takes its locks away. `connections` bounds what one
    process opens.
    """

    schema: str = "public"
    wait: float = 5.0
    idle: float = 15.0
    statement: float = 60.0
    connections: int = 10
