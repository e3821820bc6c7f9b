"""Chinese first, English where it is asked for: by `?lang=`, by cookie, by Accept-Language."""

from typing import Literal

from starlette.requests import HTTPConnection

Language = Literal["zh", "en"]

COOKIE = "lang"
TAGS: dict[Language, str] = {"zh": "zh-CN", "en": "en"}


def language_of(connection: HTTPConnection) -> Language:
    """The language of an answer; Chinese unless English is preferred to it."""
    for asked in (connection.query_params.get("lang"), connection.cookies.get(COOKIE)):
        if asked == "zh":
            return "zh"
        if asked == "en":
            return "en"
    return _preferred(connection.headers.get("accept-language", ""))


def _preferred(header: str) -> Language:
    weights = dict(_weighted(part) for part in header.split(",") if part.strip())
    chinese = max((q for tag, q in weights.items() if tag.startswith("zh")), default=0.0)
    english = max((q for tag, q in weights.items() if tag.startswith("en")), default=0.0)
    return "en" if english > chinese else "zh"


def _weighted(part: str) -> tuple[str, float]:
    tag, _, parameter = part.partition(";")
    _, _, weight = parameter.partition("=")
    try:
        return tag.strip().lower(), float(weight) if weight.strip() else 1.0
    except ValueError:
        return tag.strip().lower(), 0.0
