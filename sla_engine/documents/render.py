"""A document as Markdown or as a page to print. The words are data: templates and labels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jinja2 import DictLoader, StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sla_engine.documents import svg
from sla_engine.documents.form import Document, Moment, empty
from sla_engine.errors import refuse, register
from sla_engine.policy.clause import Text

TEMPLATE_WRONG = register(
    "TEMPLATE_WRONG",
    "文书模板出错：{found}",
    "a template does not work: {found}",
    "对照随产品附带的模板改正",
    "compare it with the template that ships",
)

Format = Literal["md", "html"]

# Whatever a template shows beside a value, where the value is not published by any source.
_STATUS = {
    "limit": "status",
    "delegation": "status",
    "formula": "status",
    "act_basis": "act_status",
    "convener": "status",
    "expected": "status",
}
_SPECIAL = str.maketrans({each: f"\\{each}" for each in "\\`*[]<>|#"})


@dataclass(frozen=True, slots=True)
class Wording:
    """Templates by file name, labels by key ("limit", "state.late")."""

    templates: Mapping[str, str]
    labels: Mapping[str, Text]


def render(document: Document, to: Format, wording: Wording) -> str:
    """The document's text. Raises `Refusal` TEMPLATE_WRONG for a template of the place's own."""
    speaker = _Speaker(document, to, wording)
    try:
        return speaker.page()
    except TemplateSyntaxError as error:
        raise refuse(TEMPLATE_WRONG, f"{error.name}:{error.lineno}", str(error.message)) from None
    except TemplateError as error:
        raise refuse(TEMPLATE_WRONG, f"{document.form.name}.jinja", str(error)) from None


class _Speaker:
    """One document in one format."""

    def __init__(self, document: Document, to: Format, wording: Wording) -> None:
        self._document = document
        self._to = to
        self._labels = wording.labels
        self._escape: Callable[[str], str] = _markdown if to == "md" else str
        self._env = ImmutableSandboxedEnvironment(
            loader=DictLoader(dict(wording.templates)),
            undefined=StrictUndefined,
            autoescape=to == "html",
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )

    def page(self) -> str:
        body = self._text(f"{self._document.form.name}.jinja", {})
        if self._to == "html":
            from markupsafe import Markup  # noqa: PLC0415

            body = Markup(body)
        page = self._text(f"page.{self._to}.jinja", {"body": body})
        return _tidy(page) if self._to == "md" else page

    def _text(self, name: str, more: Mapping[str, Any]) -> str:
        document = self._document
        required = (name.partition(".")[0] for name in document.form.required)
        context = {
            "kit": f"kit.{self._to}.jinja",
            "d": self._plain({**dict.fromkeys(required), **document.fields}),
            "form": document.form,
            "of": self._escape(document.of),
            "at": Moment(document.at),
            "missing": document.missing,
            "defaults": self._defaults(),
            "t": self._label,
            "shown": self._shown,
            "there": lambda fields, name: not empty(fields.get(name)),
            "svg": svg,
            "state_word": lambda state: self._label(f"state.{state}").zh,
        }
        return self._env.get_template(name).render({**context, **more})

    def _plain(self, value: Any) -> Any:
        """A value for a template, its texts escaped where the format has no escaping of its own."""
        if isinstance(value, str):
            return self._escape(value)
        if isinstance(value, Mapping):
            return {name: self._plain(each) for name, each in value.items()}
        if isinstance(value, tuple) and not isinstance(value, Moment):
            return tuple(self._plain(each) for each in value)
        return value

    def _label(self, key: str) -> Text:
        """The label of a field or a code. Raises where there is none: a name was misspelt."""
        if key not in self._labels:
            raise UndefinedError(f"labels.toml: {key}")
        return self._labels[key]

    def _shown(self, fields: Mapping[str, Any], name: str, table: str = "") -> str:
        """A field or cell in words: a code as its label, a list joined, a default marked as one,
        and what is required and not on record as such."""
        value: Any = fields.get(name)
        if empty(value):
            required = (f"{table}.{name}" if table else name) in self._document.form.required
            return self._label("unstated" if required else "none").zh
        parts = value if _many(value) else (value,)
        text = "、".join(self._word(name, str(each)) for each in parts)
        default = fields.get(_STATUS.get(name, "")) == "default"
        return text + (self._label("default_mark").zh if default else "")

    def _word(self, name: str, text: str) -> str:
        """A code in words; any other text as it is."""
        label = self._labels.get(f"{name}.{text}")
        return text if label is None else label.zh

    def _defaults(self) -> bool:
        """Whether anything in the document is a default that no source publishes."""
        return any(_default(value) for value in (self._document.fields, *_rows(self._document)))


def _rows(document: Document) -> list[Mapping[str, Any]]:
    tables = (value for value in document.fields.values() if _many(value))
    return [row for table in tables for row in table if isinstance(row, Mapping)]  # type: ignore[union-attr] # as _many says


def _default(fields: Mapping[str, Any]) -> bool:
    return "default" in (fields.get("status"), fields.get("act_status"))


def _many(value: Any) -> bool:
    return isinstance(value, tuple) and not isinstance(value, Moment)


def _markdown(text: str) -> str:
    """Text that stands in Markdown, also in a cell of a table, as it is."""
    return " ".join(text.split()).translate(_SPECIAL)


def _tidy(page: str) -> str:
    """Never more than one empty line, none at the end."""
    lines: list[str] = []
    for line in page.splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines).strip() + "\n"
