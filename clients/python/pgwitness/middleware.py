"""Django middleware that lets statements of a request carry its route and id. It takes itself out where PGWITNESS is not enabled.

Invariant: works in sync and async stacks; the request's scope covers parts that a sync response streams later.
Not here: the URL, parameters or user of a request, which never become tags.
"""

from collections.abc import Callable, Iterable, Iterator
from inspect import iscoroutinefunction
from typing import Any
from uuid import uuid4

from pgwitness import scope
from pgwitness.settings import read_settings


def PgwitnessMiddleware(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Raises MiddlewareNotUsed, as Django expects of a middleware that is off."""
    from django.core.exceptions import MiddlewareNotUsed

    settings = read_settings()
    if not settings.enabled:
        raise MiddlewareNotUsed("PGWITNESS is not enabled")

    def scope_of(request: Any) -> scope.Request:
        given = request.META.get("HTTP_" + settings.request_id_header.upper().replace("-", "_"))
        return scope.Request(lambda: _route_of(request), given or uuid4().hex)

    if _is_async(get_response):

        async def async_middleware(request: Any) -> Any:
            around = scope_of(request)
            token = scope.request.set(around)
            try:
                return await get_response(request)
            finally:
                scope.request.reset(token)
                around.ended()

        return async_middleware

    def middleware(request: Any) -> Any:
        around = scope_of(request)
        token = scope.request.set(around)
        goes_on = False
        try:
            response = get_response(request)
            # A file is handed to the server as it is.
            is_file = hasattr(response, "file_to_stream")
            goes_on = response.streaming and not getattr(response, "is_async", False) and not is_file
        finally:
            scope.request.reset(token)
            if not goes_on:
                around.ended()
        if goes_on:
            response.streaming_content = _streamed(response.streaming_content, around)
        return response

    return middleware


PgwitnessMiddleware.sync_capable = True  # type: ignore[attr-defined]
PgwitnessMiddleware.async_capable = True  # type: ignore[attr-defined]


def _route_of(request: Any) -> str:
    match = getattr(request, "resolver_match", None)
    return "" if match is None else match.route or "/"


def _is_async(get_response: Callable[[Any], Any]) -> bool:
    # asgiref marks callables of its own; Django 3.2 hands over bare coroutine functions.
    return iscoroutinefunction(get_response) or getattr(get_response, "_is_coroutine", None) is not None


def _streamed(parts: Iterable[bytes], around: scope.Request) -> Iterator[bytes]:
    iterator = iter(parts)
    try:
        while True:
            token = scope.request.set(around)
            try:
                part = next(iterator)
            except StopIteration:
                return
            finally:
                scope.request.reset(token)
            yield part
    finally:
        around.ended()
