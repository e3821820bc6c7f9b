"""A short way to the routes that are asked hundreds of times a second."""

from collections.abc import Awaitable, Callable, Iterable

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from sla_engine.web.problems import told_of

Answer = Callable[[Request], Awaitable[Response]]


class Lane:
    """Stands before an app that has the same routes. What the framework finds out anew for each
    request is known of these: they have no parameters, nothing to be closed, and take the request,
    the house and whoever asks."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        self._answers = {
            (method, route.path): _answer(route)
            for route in routes
            if isinstance(route, APIRoute)
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answers.get((scope.get("method", ""), scope.get("path", "")))
        if answer is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive, send)
        try:
            response = await answer(request)
        except Exception as error:
            # Whatever it is, the sender is told in the same words as by any other route.
            response = told_of(request, error)
        await response(scope, receive, send)


def _answer(route: APIRoute) -> Answer:
    (admit,) = (each.call for each in route.dependant.dependencies if each.name == "visitor")
    assert admit is not None
    act = route.endpoint

    async def answer(request: Request) -> Response:
        request.scope["route"] = route
        response: Response = await act(request, request.app.state.house, await admit(request))
        return response

    return answer
