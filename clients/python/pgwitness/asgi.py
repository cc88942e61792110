"""ASGI middleware, for FastAPI, Starlette and their like: statements of a request carry its route and id.

Invariant: nothing of the request but the id in its header becomes a tag. Not here: Django's own middleware (middleware.py),
which also works in Django's ASGI handler; who tags the statements (sqlalchemy.py).
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from uuid import uuid4

from pgwitness import scope

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


class PgwitnessMiddleware:
    """`app.add_middleware(PgwitnessMiddleware)`, or around any ASGI application: `PgwitnessMiddleware(app)`."""

    def __init__(self, app: Application, request_id_header: str = "X-Request-ID") -> None:
        self.app = app
        self._header = request_id_header.lower().encode("latin-1")

    async def __call__(self, connection: Message, receive: Receive, send: Send) -> None:
        if connection["type"] not in ("http", "websocket"):
            await self.app(connection, receive, send)
            return
        given = next((value.decode("latin-1") for name, value in connection["headers"] if name == self._header), "")
        around = scope.Request(lambda: _route_of(connection), given or uuid4().hex)
        token = scope.request.set(around)
        try:
            await self.app(connection, receive, send)
        finally:
            scope.request.reset(token)
            around.ended()


def _route_of(connection: Message) -> str:
    """FastAPI says its route; Starlette alone only whom it called, whose name stands for it."""
    route = connection.get("route")
    path = getattr(route, "path_format", None) or getattr(route, "path", None)
    if path:
        return str(path)
    endpoint = connection.get("endpoint")
    name = getattr(endpoint, "__qualname__", "")
    return f"{getattr(endpoint, '__module__', '')}.{name}" if name else ""
