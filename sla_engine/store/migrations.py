"""The numbered scripts that make and change the schema of a store."""

from importlib.resources import files
from typing import NamedTuple


class Migration(NamedTuple):
    """`sql/DIALECT/NNNN_name.sql`."""

    number: int
    name: str
    script: str


def migrations(dialect: str) -> list[Migration]:
    """All of a dialect, ascending."""
    folder = files("sla_engine.store") / "sql" / dialect
    names = sorted(file.name for file in folder.iterdir() if file.name[:4].isdigit())
    return [
        Migration(int(name[:4]), name.removesuffix(".sql"), (folder / name).read_text("utf-8"))
        for name in names
    ]
