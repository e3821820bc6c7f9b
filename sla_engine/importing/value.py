"""One value of a fact: a constant, or a cell with its words translated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from sla_engine.errors import refuse, register

Scalar: TypeAlias = str | bool | int
Cells: TypeAlias = Mapping[str, str]

WORD_UNKNOWN = register(
    "IMPORT_WORD_UNKNOWN",
    "映射没有写明“{found}”是什么；已写明的有：{allowed}",
    "the mapping does not say what {found!r} is; it knows: {allowed}",
    "在映射的 words 中补上，或给出 default",
    "add it to the words of the mapping, or give a default",
)


@dataclass(frozen=True, slots=True)
class Value:
    """Either `constant`, or the cell of `column`.

    `words` translate the cell and must then know it; `default` stands for an empty cell and for
    a word they do not know.
    """

    constant: Scalar | None = None
    column: str = ""
    words: Mapping[str, Scalar] = field(default_factory=dict)
    default: Scalar | None = None

    def read(self, *rows: Cells) -> Scalar | None:
        """The value in the first of `rows` that has the column; None when it is empty there.

        Raises `Refusal` IMPORT_WORD_UNKNOWN.
        """
        if not self.column:
            return self.constant
        text = cell(self.column, *rows)
        if not text:
            return self.default
        if not self.words:
            return text
        word = self.words.get(text, self.default)
        if word is None:
            raise refuse(WORD_UNKNOWN, self.column, text, ", ".join(self.words))
        return word


def cell(column: str, *rows: Cells) -> str:
    """Text of a column without surrounding blanks, from the first row that has it; else ""."""
    return next((cells[column].strip() for cells in rows if column in cells), "")
