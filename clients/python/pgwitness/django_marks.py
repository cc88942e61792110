"""Marks what Django's ORM is about to send, where Django decides it: its compilers and RawQuery.

Invariant: a mark is believed for the text that the compiler made and for nothing else that runs meanwhile (SQL in a field's
pre_save(), handlers of connection_created). Not here: what no mark covers (django_source.py), writing tags (django_wrapper.py).
"""

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

ORM = "django-orm"
RAW = "raw"

# Django itself uses extra() for a column of prefetch_related() and, before 4.2, for the 1 of exists().
_PREFETCH = "_prefetch_related_val_"
_EXISTS = ("a", "1")


class Mark:
    """One run of a compiler or of RawQuery."""

    __slots__ = ("construct", "depth", "has_fragment", "source", "texts")

    def __init__(self, source: str, construct: str) -> None:
        self.source = source
        self.construct = construct
        #: What was compiled; the statement is one of them or holds one.
        self.texts: list[str] = []
        #: Of as_sql() calls under way: what is sent meanwhile is not the compiler's.
        self.depth = 0
        #: A hand-written fragment was compiled in.
        self.has_fragment = False

    def covers(self, sql: str) -> bool:
        return any(text is sql or text in sql for text in self.texts)


current: ContextVar[Mark | None] = ContextVar("pgwitness_django_mark", default=None)


def install() -> None:
    """Wraps the methods that decide; once per process, further calls do nothing."""
    from django.db.models.expressions import RawSQL
    from django.db.models.sql import compiler
    from django.db.models.sql.query import RawQuery
    from django.db.models.sql.where import ExtraWhere

    for owner in vars(compiler).values():
        if isinstance(owner, type) and issubclass(owner, compiler.SQLCompiler):
            _replace(owner, "execute_sql", _executing)
            _replace(owner, "as_sql", _compiling)
    for owner in (RawSQL, ExtraWhere):
        _replace(owner, "as_sql", _noting_fragment)
    _replace(RawQuery, "_execute_query", _executing_raw)


def _replace(owner: type, name: str, wrapping: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    original = vars(owner).get(name)
    if original is not None and not hasattr(original, "_pgwitness"):
        method = wraps(original)(wrapping(original))
        method._pgwitness = True  # type: ignore[attr-defined]
        setattr(owner, name, method)


def _executing(original: Callable[..., Any]) -> Callable[..., Any]:
    def execute_sql(self: Any, *args: Any, **kwargs: Any) -> Any:
        token = current.set(Mark(ORM, "queryset"))
        try:
            return original(self, *args, **kwargs)
        finally:
            current.reset(token)

    return execute_sql


def _compiling(original: Callable[..., Any]) -> Callable[..., Any]:
    def as_sql(self: Any, *args: Any, **kwargs: Any) -> Any:
        mark = current.get()
        if mark is None:
            return original(self, *args, **kwargs)
        if self.query.extra_tables:
            mark.has_fragment = True
        mark.depth += 1
        try:
            compiled = original(self, *args, **kwargs)
        finally:
            mark.depth -= 1
        if mark.depth == 0:
            # Inserts compile to a list of statements.
            mark.texts = [sql for sql, _ in compiled] if isinstance(compiled, list) else [compiled[0]]
            if mark.has_fragment:
                mark.construct = _handwritten_part(self.query) or "queryset"
        return compiled

    return as_sql


def _noting_fragment(original: Callable[..., Any]) -> Callable[..., Any]:
    def as_sql(self: Any, *args: Any, **kwargs: Any) -> Any:
        mark = current.get()
        if mark is not None:
            mark.has_fragment = True
        return original(self, *args, **kwargs)

    return as_sql


def _executing_raw(original: Callable[..., Any]) -> Callable[..., Any]:
    def _execute_query(self: Any) -> Any:
        mark = Mark(RAW, "raw-queryset")
        mark.texts = [self.sql]
        token = current.set(mark)
        try:
            return original(self)
        finally:
            current.reset(token)

    return _execute_query


def _handwritten_part(part: Any) -> str:
    """'extra', 'rawsql' or '': what somebody wrote by hand in a query or an expression of one.

    Asked only where a fragment was compiled in, which Django also does for its own columns.
    """
    from django.db.models.expressions import RawSQL
    from django.db.models.sql.query import Query
    from django.db.models.sql.where import ExtraWhere

    if isinstance(part, RawSQL):
        return "rawsql"
    if isinstance(part, ExtraWhere):
        return "extra"
    parts: list[Any] = []
    if isinstance(part, Query):
        selected = [(name, sql) for name, (sql, _) in part.extra.items() if not name.startswith(_PREFETCH)]
        if any(column != _EXISTS for column in selected):
            return "extra"
        if part.extra_tables or part.extra_order_by:
            return "extra"
        parts += [*part.annotations.values(), part.where, *part.combined_queries]
        parts += [ordered for ordered in part.order_by if not isinstance(ordered, str)]
        parts.append(getattr(part, "inner_query", None))
        # The values of an UPDATE.
        parts += [value for _, _, value in getattr(part, "values", ()) or () if not isinstance(value, str)]
    elif hasattr(part, "get_source_expressions"):
        parts += part.get_source_expressions()
    return next((found for inner in parts if (found := _handwritten_part(inner))), "")
