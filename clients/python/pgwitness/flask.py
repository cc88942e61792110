"""Flask middleware: statements of a request carry its route and id, also those that a streamed answer sends later.

Invariant: nothing of the request but the id in its header becomes a tag. Not here: who tags the statements (sqlalchemy.py).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import uuid4

from pgwitness import scope


def install(app: Any, request_id_header: str = "X-Request-ID") -> None:
    """Puts the middleware around the application; once per Flask object."""
    app.wsgi_app = PgwitnessMiddleware(app.wsgi_app, request_id_header)


class PgwitnessMiddleware:
    def __init__(self, wsgi_app: Callable[..., Iterable[bytes]], request_id_header: str = "X-Request-ID") -> None:
        self.wsgi_app = wsgi_app
        self._header = "HTTP_" + request_id_header.upper().replace("-", "_")

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        around = scope.Request(_route_of, environ.get(self._header) or uuid4().hex)

        def begin(*answer: Any, **named: Any) -> Any:
            # Flask's context may be gone when the request ends: the route is remembered while it is there.
            _ = around.route
            return start_response(*answer, **named)

        token = scope.request.set(around)
        goes_on = False
        try:
            parts = self.wsgi_app(environ, begin)
            # A file is handed to the server as it is.
            wrapper = environ.get("wsgi.file_wrapper")
            goes_on = not (isinstance(wrapper, type) and isinstance(parts, wrapper))
        finally:
            scope.request.reset(token)
            if not goes_on:
                around.ended()
        return _Parts(parts, around) if goes_on else parts


class _Parts:
    """Parts of an answer, made and closed inside the request's scope."""

    def __init__(self, parts: Iterable[bytes], around: scope.Request) -> None:
        self._parts = parts
        self._iterator = iter(parts)
        self._around = around

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        token = scope.request.set(self._around)
        try:
            return next(self._iterator)
        finally:
            scope.request.reset(token)

    def close(self) -> None:
        close = getattr(self._parts, "close", None)
        token = scope.request.set(self._around)
        try:
            if close is not None:
                close()
        finally:
            scope.request.reset(token)
            self._around.ended()


def _route_of() -> str:
    from flask import has_request_context, request

    rule = request.url_rule if has_request_context() else None
    return "" if rule is None else str(rule.rule)
