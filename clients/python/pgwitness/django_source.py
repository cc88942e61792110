"""Says of a statement that no compiler made who sent it on Django's connection: the application by hand, or Django itself.

Invariant: '' where that cannot be told for certain. Not here: what the ORM sends (django_marks.py).
"""

from types import FrameType
from typing import Any, NamedTuple

from pgwitness.caller import Callers, frames_from
from pgwitness.django_marks import ORM, RAW


class Sender(NamedTuple):
    source: str
    construct: str
    caller: FrameType | None


_BY_HAND = (RAW, "cursor")
_MIGRATION = (ORM, "migration")
_INTERNAL = (ORM, "internal")
_UNTOLD = ("", "")
_RUN_SQL = "django.db.migrations.operations.special"
# Between whoever calls execute() and us: Django's cursor wrapper, and tools that wrap it.
_BETWEEN = frozenset(
    "contextlib ddtrace debug_toolbar elasticapm newrelic opentelemetry pgwitness scout_apm sentry_sdk silk wrapt".split()
)


def sender_of(frame: FrameType, callers: Callers) -> Sender:
    """`frame` is the one that called the execute wrapper."""
    said: tuple[str, str] | None = None
    is_first = True
    # SchemaEditor.execute() sends what Django wrote and what RunSQL was given: its own caller decides.
    in_schema_execute = False
    for outer in frames_from(frame):
        if callers.is_application(outer):
            return Sender(*(said or _BY_HAND), outer)
        if said is not None:
            continue
        module = str(outer.f_globals.get("__name__", ""))
        if module == "django.db.backends.utils" or module.partition(".")[0] in _BETWEEN:
            continue
        kind = _kind_of(outer.f_locals.get("self"))
        if kind == _MIGRATION and outer.f_code.co_name == "execute":
            in_schema_execute = True
        elif in_schema_execute:
            said = kind or _caller_of_schema_execute(module)
        elif kind is not None:
            said = kind
        elif is_first and module.startswith("django."):
            said = _INTERNAL
        is_first = False
    return Sender(*(said or _BY_HAND), None)


def _caller_of_schema_execute(module: str) -> tuple[str, str]:
    if module == _RUN_SQL:
        return _BY_HAND
    return _MIGRATION if module.startswith("django.") else _UNTOLD


def _kind_of(owner: Any) -> tuple[str, str] | None:
    """By the part of Django whose method runs, also where a backend of a library extends it."""
    from django.core.cache.backends.base import BaseCache
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.base.creation import BaseDatabaseCreation
    from django.db.backends.base.introspection import BaseDatabaseIntrospection
    from django.db.backends.base.operations import BaseDatabaseOperations
    from django.db.backends.base.schema import BaseDatabaseSchemaEditor

    if isinstance(owner, BaseDatabaseSchemaEditor):
        return _MIGRATION
    if isinstance(owner, BaseDatabaseIntrospection):
        return (ORM, "introspection")
    if isinstance(owner, (BaseCache, BaseDatabaseCreation, BaseDatabaseOperations, BaseDatabaseWrapper)):
        return _INTERNAL
    return None
