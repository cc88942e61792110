"""Logs at psycopg 3's lowest Python level, which every statement passes: also BEGIN, COMMIT, FETCH and what psycopg sends by itself.

The names wrapped here are private to psycopg, which is why requirements.txt pins it. Not here: who is sending (marks.py).
"""

import time
from contextvars import ContextVar

from psycopg._connection_base import BaseConnection
from psycopg._cursor_base import BaseCursor
from psycopg._server_cursor_base import ServerCursorMixin

from shop.oracle import marks
from shop.oracle.marks import HOUSEKEEPING, Mark

DJANGO_OWNED = "_shop_oracle_django_owned"

_fetching: ContextVar[Mark | None] = ContextVar("fetching", default=None)


def _mark_of(connection, construct="cursor"):
    """What sends on this connection now: a library that said so, else a hand-written statement or the dialect itself."""
    mark = marks.current.get()
    if mark is not None:
        return mark
    # SQLAlchemy announces every statement of the application; what it does not announce is its dialect's own.
    return Mark("raw", construct) if getattr(connection, DJANGO_OWNED, False) else HOUSEKEEPING


def install(log):
    def write(connection, mark, sql, started, failure):
        pipelined = connection._pipeline is not None
        log.write(
            mark,
            sql,
            backend_pid=connection.pgconn.backend_pid,
            seconds=None if pipelined else time.perf_counter() - started,
            error=getattr(failure, "sqlstate", None),
        )

    execute = BaseCursor._maybe_prepare_gen
    start_copy = BaseCursor._start_copy_gen
    declare = ServerCursorMixin._declare_gen
    fetch = ServerCursorMixin._fetch_gen
    exec_command = BaseConnection._exec_command

    def _maybe_prepare_gen(self, pgq, **kwargs):
        mark, started, failure = _mark_of(self._conn), time.perf_counter(), None
        try:
            return (yield from execute(self, pgq, **kwargs))
        except Exception as error:
            failure = error
            raise
        finally:
            write(self._conn, mark, pgq.query, started, failure)

    def _start_copy_gen(self, *args, **kwargs):
        mark, started, failure = _mark_of(self._conn, "copy"), time.perf_counter(), None
        try:
            return (yield from start_copy(self, *args, **kwargs))
        except Exception as error:
            failure = error
            raise
        finally:
            # The time is that of the first answer: the rows are read later, by the application.
            write(self._conn, mark, self._query.query, started, failure)

    def _declare_gen(self, *args, **kwargs):
        self._shop_oracle_mark = _mark_of(self._conn)._replace(construct="server-side-cursor")
        started, failure = time.perf_counter(), None
        try:
            return (yield from declare(self, *args, **kwargs))
        except Exception as error:
            failure = error
            raise
        finally:
            write(self._conn, self._shop_oracle_mark, self._query.query, started, failure)

    def _fetch_gen(self, num):
        token = _fetching.set(getattr(self, "_shop_oracle_mark", None))
        try:
            return (yield from fetch(self, num))
        finally:
            _fetching.reset(token)

    def _exec_command(self, command, **kwargs):
        sql = command if isinstance(command, bytes | str) else command.as_bytes(self)
        mark, started, failure = _fetching.get() or HOUSEKEEPING, time.perf_counter(), None
        try:
            return (yield from exec_command(self, command, **kwargs))
        except Exception as error:
            failure = error
            raise
        finally:
            write(self, mark, sql, started, failure)

    BaseCursor._maybe_prepare_gen = _maybe_prepare_gen
    BaseCursor._start_copy_gen = _start_copy_gen
    ServerCursorMixin._declare_gen = _declare_gen
    ServerCursorMixin._fetch_gen = _fetch_gen
    BaseConnection._exec_command = _exec_command
