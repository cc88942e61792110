"""Marks statements where Django decides what they are: its compiler, RawQuery, savepoints, schema editor, introspection.

What none of these sends on Django's connection was passed to a cursor by hand (psycopg_hooks.py says so).
"""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.postgresql.introspection import DatabaseIntrospection
from django.db.backends.utils import CursorWrapper
from django.db.models.expressions import RawSQL
from django.db.models.sql import compiler
from django.db.models.sql.query import Query, RawQuery
from django.db.models.sql.where import ExtraWhere

from shop.oracle.marks import HOUSEKEEPING, Mark, mark_calls
from shop.oracle.psycopg_hooks import DJANGO_OWNED

# prefetch_related() of a many-to-many writes such a column through extra() by itself.
_DJANGOS_OWN_EXTRA = "_prefetch_related_val_"


def _handwritten_part(expression):
    """'extra', 'rawsql' or '': the hand-written part in a query or an expression of one."""
    if isinstance(expression, RawSQL):
        return "rawsql"
    if isinstance(expression, ExtraWhere):
        return "extra"
    parts = []
    if isinstance(expression, Query):
        if any(not name.startswith(_DJANGOS_OWN_EXTRA) for name in expression.extra):
            return "extra"
        if expression.extra_tables or expression.extra_order_by:
            return "extra"
        parts += [*expression.annotations.values(), expression.where, *expression.combined_queries]
        parts += [part for part in expression.order_by if not isinstance(part, str)]
        parts.append(getattr(expression, "inner_query", None))
    elif hasattr(expression, "get_source_expressions"):
        parts += expression.get_source_expressions()
    return next((found for part in parts if (found := _handwritten_part(part))), "")


def _mark_of_compiler(sql_compiler):
    return Mark("django-orm", _handwritten_part(sql_compiler.query) or "queryset")


def install():
    for owner in (compiler.SQLCompiler, compiler.SQLInsertCompiler, compiler.SQLUpdateCompiler):
        mark_calls(owner, "execute_sql", _mark_of_compiler)
    mark_calls(RawQuery, "_execute_query", lambda _: Mark("raw", "raw-queryset"))
    mark_calls(CursorWrapper, "callproc", lambda _: Mark("raw", "callproc"))
    for name in ("_savepoint", "_savepoint_commit", "_savepoint_rollback"):
        mark_calls(BaseDatabaseWrapper, name, lambda _: HOUSEKEEPING)
    for name in ("is_usable", "check_constraints", "_configure_connection", "ensure_timezone"):
        mark_calls(DatabaseWrapper, name, lambda _: HOUSEKEEPING)
    mark_calls(BaseDatabaseSchemaEditor, "execute", lambda _: Mark("django-orm", "migration"))
    mark_calls(BaseDatabaseOperations, "execute_sql_flush", lambda _: Mark("django-orm", "internal"))
    for name in ("get_table_list", "get_table_description", "get_sequences", "get_relations", "get_constraints"):
        mark_calls(DatabaseIntrospection, name, lambda _: Mark("django-orm", "introspection"))

    open_connection = DatabaseWrapper.get_new_connection

    def get_new_connection(self, conn_params):
        connection = open_connection(self, conn_params)
        setattr(connection, DJANGO_OWNED, True)
        return connection

    DatabaseWrapper.get_new_connection = get_new_connection
