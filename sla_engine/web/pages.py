"""Pages: templates with the words, the times and the way round that every one of them needs.

`t(zh, en)` chooses by the page's language; `word(text)` does so for a `Text` of the engine;
`whose(unit, kind)` names who answers for something in such a dossier, be it no unit;
`marked(text)` says what is Chinese on an English page, for whoever has it read out;
`moment`, `day` and `clock_time` show an instant in the region's zone, inside `<time>`.
"""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, SupportsFloat
from urllib.parse import quote

import jinja2
import msgspec
from markupsafe import Markup, escape
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import HTMLResponse

from sla_engine import __version__, words
from sla_engine.policy.clause import Text
from sla_engine.record import Instant
from sla_engine.showing.places import place
from sla_engine.web.gate import NOBODY, Visitor
from sla_engine.web.language import COOKIE, TAGS, Language, language_of
from sla_engine.web.menu import MENU, Entry
from sla_engine.worktime import format_instant

_A_YEAR_S = 31_536_000
_CHINESE = re.compile(
    r"(?=[^A-Za-z&]*[\u4e00-\u9fff])[\u3001-\u9fff\uff01-\uff5e“‘](?:[^A-Za-z&]*[\u3001-\u9fff\uff01-\uff5e”’])?"
)
"""Chinese with the numbers and marks within it; Latin words end it."""
_IN_CHINESE = rf'<span lang="{TAGS["zh"]}">\g<0></span>'

_FOLDER = Path(__file__).parent / "templates"

_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    enable_async=False,
)


def render(
    request: Request,
    name: str,
    /,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    **view: Any,
) -> HTMLResponse:
    """A page or a part of one. Beside `view` a template has `visitor`, `menu`, `language`, `t`,
    `word`, `path`, and the filters below."""
    language, visitor = language_of(request), _visitor(request)
    text = part(
        request,
        name,
        **view,
        path=request.url.path,
        menu=_menu(visitor),
        version=__version__,
        other_language=_other(request, language),
    )
    response = HTMLResponse(text, status, {**told(request), **(headers or {})})
    if request.query_params.get("lang") == language:
        response.set_cookie(COOKIE, language, _A_YEAR_S, samesite="lax")
    return response


def part(request: Request, name: str, /, **view: Any) -> str:
    """A template by itself, in the language of the request."""
    words = _speech(language_of(request))
    return _environment.get_template(name).render(
        **view, **words, request=request, visitor=_visitor(request)
    )


def _visitor(request: Request) -> Visitor:
    return getattr(request.state, "visitor", None) or NOBODY


def told(request: Request) -> dict[str, str]:
    """What is said of every page beside itself."""
    return {"Content-Language": TAGS[language_of(request)], "Cache-Control": "no-store"}


def wanted(request: Request) -> bool:
    """Whether whoever asks is a browser: outside the API, and it takes HTML."""
    path = request.url.path
    api = path.startswith(("/v1/", "/open311/", "/health/", "/openapi"))
    return not api and "text/html" in request.headers.get("accept", "")


def stand_on(request: Request, screen: str) -> None:
    """Say on which screen the form stands that is sent."""
    request.state.screen = screen


def _here(request: Request) -> str:
    """The address by which the page is asked for again: of a form, that of its screen."""
    path, query = quote(request.scope["path"]), request.url.query
    if request.method == "POST":
        return str(getattr(request.state, "screen", path))
    return f"{path}?{query}" if query else path


def login_for(request: Request) -> str:
    """Where to sign in, and to come back from."""
    return f"/login?next={quote(_here(request), safe='')}"


def fragment(request: Request) -> bool:
    """Whether only a part of the page is asked for (htmx)."""
    return request.headers.get("hx-request") == "true"


def form_key() -> str:
    """Under which one filled-in form is recorded, however often it is sent."""
    return token_urlsafe(12)


def _speech(language: Language) -> dict[str, Any]:
    def t(zh: object, en: object) -> object:
        return zh if language == "zh" else en

    def word(text: Text | None) -> str:
        return "" if text is None else (text.zh if language == "zh" else text.en)

    def marked(text: str) -> str:
        if language == "zh":
            return text
        return Markup(_CHINESE.sub(_IN_CHINESE, str(escape(text))))

    def whose(unit: str, kind: str = "petition") -> str:
        return word(words.whose(unit, kind))

    said = {"t": t, "word": word, "marked": marked, "whose": whose}
    return {"language": language, "tag": TAGS[language], **said}


def home(visitor: Visitor) -> str:
    """The first screen that somebody may see."""
    found = _menu(visitor)
    return found[0].path if found else "/password"


def _menu(visitor: Visitor) -> list[Entry]:
    return [entry for entry in MENU if visitor.may(entry.permission)] if visitor.name else []


def _other(request: Request, language: Language) -> str:
    other = "en" if language == "zh" else "zh"
    path, _, query = _here(request).partition("?")
    asked = URL(f"?{query}").include_query_params(lang=other)
    # Two slashes would begin another site's address.
    return f"/{path.lstrip('/')}?{asked.query}"


# ---------------------------------------------------------------------------------------- filters


def _time(show: Callable[[str], str]) -> Callable[[Instant | None], str]:
    def filtered(instant: Instant | None) -> str:
        if instant is None:
            return Markup('<span class="none">—</span>')
        text = format_instant(instant)
        return Markup('<time datetime="{}">{}</time>').format(text, show(text))

    return filtered


def _json(value: Any) -> str:
    """For an attribute."""
    return msgspec.json.encode(value).decode()


def _percent(part: SupportsFloat | None) -> str:
    return "—" if part is None else f"{float(part):.1%}"


_environment.filters.update(
    moment=_time(lambda text: text[:16].replace("T", " ")),
    exact=_time(lambda text: text[:19].replace("T", " ")),
    day=_time(lambda text: text[:10]),
    clock_time=_time(lambda text: text[11:16]),
    as_json=_json,
    percent=_percent,
)
_environment.globals["form_key"] = form_key
_environment.globals["place"] = place
