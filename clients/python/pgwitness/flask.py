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
        token = scope.request.set(around)
        try:
            parts = self.wsgi_app(environ, start_response)
        finally:
            scope.request.reset(token)
        # A file is handed to the server as it is.
        wrapper = environ.get("wsgi.file_wrapper")
        return parts if isinstance(wrapper, type) and isinstance(parts, wrapper) else _Parts(parts, around)


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
        if close is None:
            return
        token = scope.request.set(self._around)
        try:
            close()
        finally:
            scope.request.reset(token)


def _route_of() -> str:
    from flask import has_request_context, request

    rule = request.url_rule if has_request_context() else None
    return "" if rule is None else str(rule.rule)
