"""Marks statements where SQLAlchemy decides what they are: its execution context.

On psycopg 3 the driver's hook writes the line; psycopg2 is C and has no such place, so there the line is written here.
"""

import sys
import time

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.sql.elements import TextClause

from shop.oracle import marks
from shop.oracle.marks import Mark

_STARTED = "shop_oracle_started"


def _construct(context):
    if context.compiled is None or isinstance(context.invoked_statement, TextClause):
        return "text"
    if type(context.compiled.compile_state).__module__.startswith("sqlalchemy.orm."):
        return "orm"
    # A flush compiles plain Core statements; only the caller tells.
    frame = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__") in ("sqlalchemy.orm.persistence", "sqlalchemy.orm.unitofwork"):
            return "orm"
        frame = frame.f_back
    return "core"


def install(log):
    def write(connection, cursor, error):
        started = connection.info.pop(_STARTED, None)
        if connection.dialect.driver == "psycopg2" and started is not None:
            seconds = time.perf_counter() - started
            backend_pid = connection.connection.dbapi_connection.info.backend_pid
            log.write(marks.current.get(), cursor.query, backend_pid=backend_pid, seconds=seconds, error=error)
        marks.current.set(None)

    @event.listens_for(Engine, "before_cursor_execute")
    def before(connection, cursor, statement, parameters, context, executemany):
        marks.current.set(Mark("sqlalchemy", _construct(context)))
        connection.info[_STARTED] = time.perf_counter()

    @event.listens_for(Engine, "after_cursor_execute")
    def after(connection, cursor, statement, parameters, context, executemany):
        write(connection, cursor, None)

    @event.listens_for(Engine, "handle_error")
    def failed(context):
        if context.cursor is not None and context.connection is not None:
            original = context.original_exception
            write(context.connection, context.cursor, getattr(original, "sqlstate", None) or getattr(original, "pgcode", None))
