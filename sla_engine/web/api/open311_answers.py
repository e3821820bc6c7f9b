"""Answers of GeoReport v2: XML as the standard writes it, JSON beside it, and its own errors.

One plain value serves both: a list is told to JSON as it stands and to XML under the names of its
root and of its elements.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sla_engine.errors import Fault, Refusal, Unavailable, register
from sla_engine.web.language import Language, language_of
from sla_engine.web.problems import REQUEST_WRONG, status_of

FORMAT_UNKNOWN = register(
    "FORMAT_UNKNOWN",
    "没有格式“{found}”；可用：{allowed}",
    "there is no format {found}; there are: {allowed}",
)

XML, JSON = "xml", "json"
_TYPES = {XML: "text/xml; charset=utf-8", JSON: "application/json; charset=utf-8"}
_UNSEEN = dict.fromkeys({*range(32), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)} - {9, 10, 13})
"""What XML 1.0 has no way to write."""

Value = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def answer(form: str, names: tuple[str, str], value: Value, status: int = 200) -> Response:
    """An answer in one of the two formats. `names`: of the root and of its elements in XML, where
    `value` is a list; of the root alone where it is one thing and the second is ""."""
    if form == JSON:
        return JSONResponse(value, status, media_type=_TYPES[JSON])
    root = Element(names[0])
    for each in value if not isinstance(value, Mapping) else ():
        _put(SubElement(root, names[1]), each)
    if isinstance(value, Mapping):
        _put(root, value)
    text = tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(text, status, media_type=_TYPES[XML])


def _put(element: Element, value: Any) -> None:
    """Null is an empty element; a list within is named after its element, `formats` → `format`."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            _put(SubElement(element, name), each)
    elif isinstance(value, list):
        for each in value:
            _put(SubElement(element, element.tag.removesuffix("s")), each)
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    elif value is not None:
        element.text = str(value).translate(_UNSEEN)


class Route(APIRoute):
    """Tells whatever goes wrong as the standard has it: 404 for what is not there, 403 for a key
    that is missing or wrong, 400 for all else."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handler(request)
            except Refusal as refusal:
                return _errors(request, refusal.faults, _status(refusal))
            except RequestValidationError as error:
                faults = [
                    Fault(REQUEST_WRONG, str(each["loc"][-1]), str(each["msg"]))
                    for each in error.errors()
                ]
                return _errors(request, faults, 400)

        return handled


def _status(refusal: Refusal) -> int:
    status = status_of(refusal)
    if isinstance(refusal, Unavailable):
        return 503
    return {401: 403, 403: 403, 404: 404}.get(status, 400)


def _errors(request: Request, faults: Sequence[Fault], status: int) -> Response:
    form = JSON if request.url.path.endswith(f".{JSON}") else XML
    language = language_of(request)
    told = [{"code": str(status), "description": _said(each, language)} for each in faults]
    return answer(form, ("errors", "error"), told, status)


def _said(fault: Fault, language: Language) -> str:
    return f"{fault.code}: {fault.zh() if language == 'zh' else fault.en()}"
