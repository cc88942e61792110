"""Who is sending: set by a library's hook around the place where it decides, read by the driver's hook below it."""

from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import NamedTuple


class Mark(NamedTuple):
    source: str
    construct: str


HOUSEKEEPING = Mark("housekeeping", "")

current: ContextVar[Mark | None] = ContextVar("current", default=None)
view: ContextVar[str] = ContextVar("view", default="")


@contextmanager
def marked(mark):
    token = current.set(mark)
    try:
        yield
    finally:
        current.reset(token)


def mark_calls(owner, name, mark_of):
    """Replaces the method `owner.name` by one that runs under `mark_of(self)`."""
    original = getattr(owner, name)

    @wraps(original)
    def method(self, *args, **kwargs):
        with marked(mark_of(self)):
            return original(self, *args, **kwargs)

    setattr(owner, name, method)
