"""What the running code is part of: a request, a task, a management command, tags of the application.

Invariant: everything is kept per context (contextvars), so threads, tasks of asyncio and greenlets do not see each other's.
Not here: source, construct and caller, which belong to one statement (commenter.py).
"""

import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from functools import wraps
from inspect import iscoroutinefunction
from threading import Lock
from typing import Any, TypeVar, cast

from pgwitness.comment import checked_key, encoded

Function = TypeVar("Function", bound=Callable[..., Any])

NO_TAGS: Mapping[str, str] = {}

#: Encoded values by key, of all surrounding `tags()`.
application_tags: ContextVar[Mapping[str, str]] = ContextVar("pgwitness_tags", default=NO_TAGS)
#: Name of the management command, encoded; '' outside one.
command: ContextVar[str] = ContextVar("pgwitness_command", default="")


class IdleRequests:
    """Requests that ended without a tagged statement, by route, until a statement of that route carries their number."""

    # A route is a pattern, so there are few; an application that makes them up is not followed for ever.
    ROUTES_MAX = 1000

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_route: dict[str, int] = {}

    def note(self, route: str) -> None:
        with self._lock:
            if route in self._by_route or len(self._by_route) < self.ROUTES_MAX:
                self._by_route[route] = self._by_route.get(route, 0) + 1

    def take(self, route: str) -> int:
        if not self._by_route:
            return 0
        with self._lock:
            return self._by_route.pop(route, 0)


idle_requests = IdleRequests()


class Request:
    """A request of a web framework: its id, and its route as soon as URLs are resolved."""

    __slots__ = ("_ask", "_ended", "_route", "_sent", "request_id")

    def __init__(self, ask: Callable[[], str], request_id: str) -> None:
        """`ask` gives the route as the framework writes its pattern, '' while it is not known."""
        self._ask = ask
        self._route = ""
        self._sent = False
        self._ended = False
        self.request_id = encoded(request_id)

    @property
    def route(self) -> str:
        """Encoded; '' while middleware runs before the URL is resolved."""
        if self._route == "":
            self._route = encoded(self._ask())
        return self._route

    def sends(self) -> int:
        """A statement of it is tagged. Returns how many requests of its route sent none since this was last asked."""
        if self._sent or self.route == "":
            return 0
        self._sent = True
        return idle_requests.take(self.route)

    def ended(self) -> None:
        """Nothing more is sent; a second call changes nothing."""
        if not (self._sent or self._ended) and self.route != "":
            idle_requests.note(self.route)
        self._ended = True


request: ContextVar[Request | None] = ContextVar("pgwitness_request", default=None)


class Tags:
    """Tags for all statements of a block or of a decorated function; made by tags()."""

    def __init__(self, encoded_values: Mapping[str, str]) -> None:
        self._values = encoded_values
        self._tokens: list[Token[Mapping[str, str]]] = []

    def __enter__(self) -> None:
        self._tokens.append(application_tags.set({**application_tags.get(), **self._values}))

    def __exit__(self, *_: object) -> None:
        application_tags.reset(self._tokens.pop())

    def __call__(self, function: Function) -> Function:
        # Calls may overlap, in threads and in tasks of asyncio: each gets a block of its own.
        if iscoroutinefunction(function):

            @wraps(function)
            async def run_async(*args: Any, **kwargs: Any) -> Any:
                with Tags(self._values):
                    return await function(*args, **kwargs)

            return cast(Function, run_async)

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with Tags(self._values):
                return function(*args, **kwargs)

        return cast(Function, run)


def tags(**values: object) -> Tags:
    """Adds tags to all statements inside: `with pgwitness.tags(flag="new-checkout"):`, or as a decorator of a function.

    Inner blocks win over outer ones and both over the setting TAGS; None takes a tag away. Raises ValueError for a key that
    cannot be one. Values become text, cut to 200 characters.
    """
    return Tags({checked_key(key): "" if value is None else encoded(value) for key, value in values.items()})


def task() -> tuple[str, str] | None:
    """Name and id of the Celery task that runs now, encoded."""
    # Looked up, not imported: a process without Celery pays one look-up, and workers of any kind are covered.
    current = getattr(sys.modules.get("celery"), "current_task", None)
    if not current:
        return None
    return encoded(current.name), encoded(current.request.id or "")
