"""The names of Django, SQLAlchemy and the drivers that lead to a database, as tables.

Invariant: a name is here only when every object of that name touches a database or leads to one that does.
Not here: following names through the code (kinds.py).
"""

import ast
import re
import sys
from collections.abc import Callable

from pgwitness.audit.kind import Kind

Test = Callable[[str], bool]

RELATIONS = {"ForeignKey": "one", "OneToOneField": "one", "ParentalKey": "one", "ManyToManyField": "many",
             "ParentalManyToManyField": "many", "GenericRelation": "many"}  # fmt: skip
# Names that are a session by convention in a file that imports SQLAlchemy.
SESSIONS = frozenset({"session", "db_session", "dbsession", "async_session", "sa_session"})
VIEW_ATTRIBUTES = frozenset({"object", "object_list"})

LAZY = frozenset(
    [
        "filter",
        "exclude",
        "annotate",
        "alias",
        "order_by",
        "reverse",
        "distinct",
        "values",
        "values_list",
        "dates",
        "datetimes",
        "none",
        "all",
        "union",
        "intersection",
        "difference",
        "select_related",
        "prefetch_related",
        "extra",
        "defer",
        "only",
        "using",
        "select_for_update",
        "complex_filter",
    ]
)
ROW = frozenset(
    ["get", "create", "first", "last", "latest", "earliest", "aget", "acreate", "afirst", "alast", "alatest", "aearliest"]
)
PAIR = frozenset(["get_or_create", "update_or_create", "aget_or_create", "aupdate_or_create"])
TERMINAL = (
    ROW
    | PAIR
    | frozenset(
        [
            "bulk_create",
            "bulk_update",
            "count",
            "in_bulk",
            "iterator",
            "aggregate",
            "exists",
            "contains",
            "update",
            "delete",
            "explain",
            "abulk_create",
            "abulk_update",
            "acount",
            "ain_bulk",
            "aiterator",
            "aaggregate",
            "aexists",
            "acontains",
            "aupdate",
            "adelete",
            "aexplain",
        ]
    )
)
RELATED = frozenset(["add", "remove", "set", "clear", "aadd", "aremove", "aset", "aclear"])
INSTANCE = frozenset(["save", "delete", "refresh_from_db", "asave", "adelete", "arefresh_from_db"])

# On an attribute that is named as a relation of the project, these are a queryset's: dicts, lists and sets have none.
ON_RELATIONS = frozenset(
    """aggregate aiterator all annotate exclude filter first get_or_create order_by prefetch_related select_for_update select_related
    update_or_create values_list""".split()
)
# Of Django's own managers of content types and permissions: they give one object.
_GIVES_ONE = frozenset({"get_for_model", "get_for_id", "get_by_natural_key", "aget_by_natural_key"})

CURSOR = frozenset(
    [
        "execute",
        "executemany",
        "copy",
        "copy_expert",
        "copy_from",
        "copy_to",
        "callproc",
        "execute_async",
        "stream",
        "fetch",
        "fetchrow",
        "fetchval",
        "copy_from_query",
        "copy_to_table",
        "copy_records_to_table",
    ]
)
# Helpers of psycopg2 that take a cursor first and the text second.
CURSOR_HELPERS = frozenset({"psycopg2.extras.execute_values", "psycopg2.extras.execute_batch"})
SESSION = frozenset(
    [
        "query",
        "execute",
        "scalars",
        "scalar",
        "get",
        "get_one",
        "add",
        "add_all",
        "merge",
        "delete",
        "bulk_save_objects",
        "bulk_insert_mappings",
        "bulk_update_mappings",
        "stream",
        "stream_scalars",
        "refresh",
        "exec",
    ]
)
CONNECTION = frozenset(["execute", "scalar", "scalars", "exec_driver_sql", "stream", "stream_scalars"])
SA_ENDS = frozenset(
    [
        "all",
        "first",
        "one",
        "one_or_none",
        "scalar",
        "scalars",
        "count",
        "get",
        "delete",
        "update",
        "exists",
        "paginate",
        "first_or_404",
        "get_or_404",
    ]
)

_DRIVERS = {"psycopg": None, "psycopg2": None, "asyncpg": None, "pg8000": None, "sqlite3": "sqlite3",
            "aiosqlite": "sqlite3", "MySQLdb": "mysql", "pymysql": "mysql", "pyodbc": "odbc", "cx_Oracle": "oracle",
            "oracledb": "oracle", "dataset": "dataset"}  # fmt: skip
_CONNECTS = frozenset({"connect", "create_pool", "create_connection", "ConnectionPool", "AsyncConnectionPool",
                       "ThreadedConnectionPool", "SimpleConnectionPool", "Connection", "Pool"})  # fmt: skip
_SA = ("sqlalchemy.", "sqlmodel.", "flask_sqlalchemy.")
_SA_CALLS = {
    "create_engine": "sa.engine", "create_async_engine": "sa.engine", "engine_from_config": "sa.engine",
    "async_engine_from_config": "sa.engine", "sessionmaker": "sa.sessionmaker", "async_sessionmaker": "sa.sessionmaker",
    "scoped_session": "sa.session", "async_scoped_session": "sa.session", "Session": "sa.session",
    "AsyncSession": "sa.session", "text": "sa.text", "select": "sa.statement", "insert": "sa.statement",
    "update": "sa.statement", "delete": "sa.statement", "SQLAlchemy": "sa.flask", "Table": "sa.table",
}  # fmt: skip
_SA_CLASSES = {"Session": "sa.session", "AsyncSession": "sa.session", "Engine": "sa.engine", "AsyncEngine": "sa.engine",
               "Connection": "sa.connection", "AsyncConnection": "sa.connection", "scoped_session": "sa.session",
               "sessionmaker": "sa.sessionmaker", "async_sessionmaker": "sa.sessionmaker"}  # fmt: skip
_MODEL = re.compile(r"(^|\.)models(\.\w+)*\.[A-Z]\w*$")
_NOT_MODELS = re.compile(
    r"\.(Manager|QuerySet|Q|F|Count|Sum|Avg|Max|Min|Case|When|Value|Func|Subquery|OuterRef|Exists|Prefetch|Index|"
    r"Constraint|\w*Field|\w*Constraint|ForeignKey|TextChoices|IntegerChoices|Choices|\w*Manager|\w*QuerySet|Expression\w*|"
    r"CASCADE|PROTECT|SET_NULL|SET_DEFAULT|DO_NOTHING|RESTRICT|Lookup|Transform|Aggregate|Window|RowRange|\w+Mixin)$"
)


def is_sqlalchemy(dotted: str) -> bool:
    return f"{dotted}.".startswith(_SA)


def is_django_model(dotted: str) -> bool:
    if dotted.startswith("django.db."):
        return dotted in ("django.db.models.Model", "django.db.models.base.Model")
    return bool(_MODEL.search(dotted)) and not _NOT_MODELS.search(dotted) and not is_sqlalchemy(dotted)


def is_sqlalchemy_base(dotted: str) -> bool:
    last = dotted.split(".")[-1]
    if is_sqlalchemy(dotted):
        return last in (
            "DeclarativeBase",
            "DeclarativeBaseNoMeta",
            "SQLModel",
            "Model",
            "declarative_base()",
            "MappedAsDataclass",
        )
    # db.Model, where db was made by a call: `flask_sqlalchemy.SQLAlchemy().Model`, or in another file `app.db.Model`.
    return dotted.endswith(("declarative_base()", "SQLAlchemy().Model", ".db.Model"))


def is_manager(dotted: str) -> bool:
    parts = dotted.split(".")
    return parts[-1].endswith("Manager") and (parts[0] == "django" or "models" in parts or "managers" in parts)


def is_query(base: str) -> bool:
    """A class of SQLAlchemy's, or Flask-SQLAlchemy's, own queries."""
    return base in ("sqlalchemy.orm.Query", "sqlalchemy.orm.query.Query", "flask_sqlalchemy.BaseQuery", "flask_sqlalchemy.query.Query")


def is_queryset(dotted: str) -> bool:
    return dotted.split(".")[-1].endswith("QuerySet")


def is_view(dotted: str) -> bool:
    return dotted.split(".")[-1].endswith(("View", "ViewSet", "Mixin", "Viewset"))


def external(dotted: str) -> Kind:
    """What a name outside the project stands for."""
    if dotted == "django.db.connection":
        return Kind("dj.connection", database="default")
    if dotted == "django.db.connections":
        return Kind("dj.connections")
    if is_django_model(dotted):
        return Kind("dj.model", dotted)
    return Kind("external", dotted)


def external_call(dotted: str) -> Kind | None:
    """What calling such a name gives."""
    parts = dotted.split(".")
    if is_sqlalchemy(dotted) and parts[-1] in _SA_CALLS:
        return Kind(_SA_CALLS[parts[-1]])
    if parts[0] in _DRIVERS and parts[-1] in _CONNECTS:
        return Kind("db.connection", parts[0], _DRIVERS[parts[0]])
    if dotted == "django.contrib.auth.get_user_model":
        return Kind("dj.model", "auth.User")
    if dotted == "django.db.models.Manager" or (is_manager(dotted) and parts[0] not in sys.stdlib_module_names):
        return Kind("dj.manager", "")
    return None


def instance_of(kind: Kind) -> Kind | None:
    """What an annotation or a constructor of that class means."""
    if kind.name == "dj.model":
        return Kind("dj.instance", kind.of)
    if kind.name == "sa.model":
        return Kind("sa.instance", kind.of)
    if kind.name == "class":
        return Kind("instance", kind.of)
    if kind.name == "external":
        last = kind.of.split(".")[-1]
        first = kind.of.split(".")[0]
        if is_sqlalchemy(kind.of):
            return Kind(_SA_CLASSES[last]) if last in _SA_CLASSES else None
        if first in _DRIVERS and last.lower().endswith("cursor"):
            return Kind("db.cursor", first, _DRIVERS[first])
        if first in _DRIVERS and last.lower().endswith(("connection", "pool")):
            return Kind("db.connection", first, _DRIVERS[first])
        if is_queryset(kind.of):
            return Kind("dj.queryset", "")
        if kind.of == "django.db.backends.utils.CursorWrapper":
            return Kind("dj.cursor")
        return Kind("instance", kind.of)
    return kind if kind.name.startswith(("dj.", "sa.", "db.")) else None


def member(kind: Kind, name: str) -> Kind | None:
    """Attributes that are objects themselves."""
    if kind.name == "sa.flask":
        return {"session": Kind("sa.session"), "engine": Kind("sa.engine"), "text": Kind("external", "sqlalchemy.text"),
                "select": Kind("external", "sqlalchemy.select"), "relationship": Kind("external", "sqlalchemy.orm.relationship"),
                "Model": Kind("external", "flask_sqlalchemy.Model")}.get(name)  # fmt: skip
    if kind.name == "sa.model" and name == "query":
        return Kind("sa.query", kind.of)
    return None


def called(kind: Kind) -> Kind | None:
    """Calling an object: a session factory, a scoped session."""
    if kind.name in ("sa.sessionmaker", "sa.session"):
        return Kind("sa.session")
    return None


def result(receiver: Kind, method: str) -> Kind | None:
    """What a method of a known object gives."""
    name = receiver.name
    if name in ("dj.connection", "db.connection"):
        if method == "cursor":
            return Kind("dj.cursor" if name == "dj.connection" else "db.cursor", receiver.of, receiver.database)
        if method in ("acquire", "connection", "getconn", "connect", "begin") and name == "db.connection":
            return receiver
        if method == "execute" and name == "db.connection":
            return Kind("db.cursor", receiver.of, receiver.database)
        if method == "schema_editor":
            return Kind("dj.schema-editor", database=receiver.database)
        return None
    if name in ("dj.cursor", "db.cursor") and method in ("execute", "__enter__"):
        return receiver
    if name in ("dj.manager", "dj.queryset"):
        return _of_queryset(receiver, method)
    if name == "dj.model" and method in ("from_db",):
        return Kind("dj.instance", receiver.of)
    if name == "sa.engine":
        return Kind("sa.connection") if method in ("connect", "begin", "raw_connection") else None
    if name == "sa.sessionmaker":
        return Kind("sa.session") if method == "begin" else None
    if name == "sa.session":
        if method in ("query",):
            return Kind("sa.query")
        if method in ("begin", "begin_nested"):
            return receiver
        if method == "connection":
            return Kind("sa.connection")
        if method in ("get_bind", "get_engine"):
            return Kind("sa.engine")
    if name in ("sa.query", "sa.statement", "sa.text"):
        return receiver if method not in SA_ENDS else None
    if name == "sa.connection" and method in ("begin", "connect", "execution_options"):
        return receiver
    return None


def _of_queryset(receiver: Kind, method: str) -> Kind | None:
    if method in ROW or method in _GIVES_ONE:
        return Kind("dj.instance", receiver.of)
    if method in PAIR:
        return Kind("dj.pair", receiver.of)
    if method in LAZY or method in ("as_manager", "get_queryset", "get_query_set", "iterator", "aiterator", "raw", "db_manager"):
        manager = method in ("as_manager", "get_queryset", "get_query_set", "db_manager") and receiver.name == "dj.manager"
        return Kind("dj.manager" if manager or method == "as_manager" else "dj.queryset", receiver.of)
    if method in TERMINAL or method in RELATED:
        return None
    # A method of a manager or queryset that is the application's own, or a third party's.
    return Kind("dj.queryset", receiver.of)


def entered(kind: Kind) -> Kind | None:
    """What `with … as name` binds."""
    if kind.name.startswith("entering "):
        return Kind(kind.name.removeprefix("entering "), kind.of, kind.database)
    if kind.name == "sa.sessionmaker":
        return Kind("sa.session")
    return kind


def iterated(kind: Kind) -> Kind | None:
    """What `for name in …` binds."""
    if kind.name in ("dj.queryset", "dj.manager"):
        return Kind("dj.instance", kind.of)
    # `async with` and `async for` over generators that yield a session.
    if kind.name.startswith("entering "):
        return Kind(kind.name.removeprefix("entering "), kind.of, kind.database)
    return None
