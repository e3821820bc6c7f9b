"""A page with a form on it, filled in again with what was typed, each fault beside its field.

Templates draw a form as it is offered; what becomes of one that was refused is done to the finished
page, so that every form there is or will be is shown again in the same way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag
from bs4.dammit import EntitySubstitution
from bs4.formatter import HTMLFormatter
from starlette.datastructures import FormData

_OF_THE_PAGE = frozenset({"key", "seen"})
"""Hidden fields that are new whenever a form is drawn."""
_KEPT_AS_DRAWN = frozenset({"hidden", "submit", "button", "password", "file"})
_CHOSEN = frozenset({"checkbox", "radio"})


class _AsWritten(HTMLFormatter):
    """HTML with the attributes of an element in the order in which they were written."""

    def __init__(self) -> None:
        super().__init__(EntitySubstitution.substitute_xml, void_element_close_prefix="")

    def attributes(self, tag: Tag) -> Iterable[tuple[str, Any]]:
        return tag.attrs.items()


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was not taken: its path (unquoted), what was typed, what was wrong by field."""

    action: str
    typed: FormData
    wrong: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refilled:
    """The page; `places`: id of the element to go to for each field that was wrong, and under ""
    of the form itself, where it is still there."""

    page: BeautifulSoup
    places: Mapping[str, str]

    def with_summary(self, summary: str) -> str:
        """The whole page, `summary` first in what it is about."""
        (self.page.main or self.page).insert(0, _parsed(summary))
        return self.page.decode(formatter=_AsWritten())


def refill(html: str, sent: Sent) -> Refilled:
    """Fill in the form again that `sent` came from, if the page still has it."""
    page = _parsed(html)
    form = _sent_one(page, sent)
    if form is None:
        return Refilled(page, {})
    form["id"] = _said(form, "id") or "refused-form"
    _unfold(form)
    places = {"": str(form["id"])}
    for field in form.select("input, select, textarea"):
        name = _said(field, "name")
        _fill(field, [str(each) for each in sent.typed.getlist(name)])
        if name in sent.wrong and _said(field, "type") != "hidden":
            _mark(field, f"field-{name}-{len(places)}", f"wrong-{name}")
            if name not in places:
                places[name] = str(field["id"])
                _tell(page, field, f"wrong-{name}", sent.wrong[name])
    return Refilled(page, places)


def _parsed(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "html.parser", multi_valued_attributes=None)


def _said(tag: Tag, name: str) -> str:
    return str(tag.get(name) or "")


def _sent_one(page: Tag, sent: Sent) -> Tag | None:
    """The form that was sent: of several at one address the one whose hidden fields say the
    same; None where it is offered no more."""
    there = [form for form in page.select("form") if _led_to(form) == sent.action]
    same = (
        form
        for form in there
        if all(
            sent.typed.get(_said(field, "name")) == _said(field, "value")
            for field in form.select("input[type=hidden]")
            if _said(field, "name") not in _OF_THE_PAGE
        )
    )
    return next(same, there[0] if len(there) == 1 else None)


def _led_to(form: Tag) -> str:
    """The path that a form is sent to, as its reader would say it."""
    return unquote(_said(form, "action"))


def _unfold(tag: Tag) -> None:
    """Open what an element is folded away in."""
    for folded in tag.find_parents("details"):
        folded["open"] = ""


def _fill(field: Tag, typed: Sequence[str]) -> None:
    kind = _said(field, "type")
    if field.name == "select":
        for option in field.select("option"):
            _tick(option, "selected", _said(option, "value") in typed)
    elif field.name == "textarea":
        if typed:
            # The first line break in a text area is taken for layout.
            field.string = "\n" + typed[0]
    elif kind in _CHOSEN:
        _tick(field, "checked", str(field.get("value", "on")) in typed)
    elif kind not in _KEPT_AS_DRAWN and typed:
        field["value"] = typed[0]


def _tick(tag: Tag, mark: str, wanted: bool) -> None:
    if wanted:
        tag[mark] = ""
    else:
        tag.attrs.pop(mark, None)


def _mark(field: Tag, id_: str, told: str) -> None:
    """Show a field that was wrong as one, described by the element `told`."""
    field["id"] = _said(field, "id") or id_
    field["aria-invalid"] = "true"
    field["aria-describedby"] = f"{_said(field, 'aria-describedby')} {told}".strip()
    _unfold(field)


def _tell(page: BeautifulSoup, field: Tag, id_: str, fault: str) -> None:
    """Write a fault beside its field: below choices, at the end of a label, else right behind."""
    told = page.new_tag("span", attrs={"class": "wrong", "id": id_}, string=fault)
    choices = field.find_parent("fieldset") if _said(field, "type") in _CHOSEN else None
    holder = choices or field.find_parent("label")
    if holder is None:
        field.insert_after(told)
    else:
        holder.append(told)
