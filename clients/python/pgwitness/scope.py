"""What the running code is part of: a request, a task, a management command, tags of the application.

Invariant: everything is kept per context (contextvars), so threads, tasks of asyncio and greenlets do not see each other's.
Not here: source, construct and caller, which belong to one statement (commenter.py).
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pgwitness.comment import checked_key, encoded

NO_TAGS: Mapping[str, str] = {}

#: Encoded values by key, of all surrounding `tags()`.
application_tags: ContextVar[Mapping[str, str]] = ContextVar("pgwitness_tags", default=NO_TAGS)
#: Name of the management command, encoded; '' outside one.
command: ContextVar[str] = ContextVar("pgwitness_command", default="")


class Request:
    """A Django request: its id, and its route as soon as URLs are resolved."""

    __slots__ = ("_request", "_route", "request_id")

    def __init__(self, request: Any, request_id: str) -> None:
        self._request = request
        self._route = ""
        self.request_id = encoded(request_id)

    @property
    def route(self) -> str:
        """Encoded; '' while middleware runs before the URL is resolved."""
        if self._route == "":
            match = getattr(self._request, "resolver_match", None)
            if match is not None:
                self._route = encoded(match.route or "/")
        return self._route


request: ContextVar[Request | None] = ContextVar("pgwitness_request", default=None)


@contextmanager
def tags(**values: object) -> Iterator[None]:
    """Adds tags to all statements inside: `with pgwitness.tags(flag="new-checkout"):`, or as a decorator.

    Inner blocks win over outer ones and both over the setting TAGS; None takes a tag away. Raises ValueError for a key that
    cannot be one. Values become text, cut to 200 characters.
    """
    inner = dict(application_tags.get())
    for key, value in values.items():
        inner[checked_key(key)] = "" if value is None else encoded(value)
    token = application_tags.set(inner)
    try:
        yield
    finally:
        application_tags.reset(token)


def task() -> tuple[str, str] | None:
    """Name and id of the Celery task that runs now, encoded."""
    # Looked up, not imported: a process without Celery pays one look-up, and workers of any kind are covered.
    current = getattr(sys.modules.get("celery"), "current_task", None)
    if not current:
        return None
    return encoded(current.name), encoded(current.request.id or "")
