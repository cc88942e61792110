"""What clients/python costs: client CPU time per statement with tags off and on, for Django's ORM, raw SQL and SQLAlchemy.

Needs a Postgres by libpq's environment, Django, SQLAlchemy and psycopg 3 or 2:

    PYTHONPATH=clients/python PGHOST=127.0.0.1 PGUSER=postgres python bench/python_client.py

Rounds with and without tags take turns, so that what else the machine does hits both alike; the median round is printed.
Waiting for the server is not in it: only CPU time of this process counts. The tables read are the server's own catalogue.
"""

import os
import statistics
import time
from contextlib import contextmanager

import django
from django.conf import settings

STATEMENTS, ROUNDS = 300, 15
HOST, PORT = os.environ.get("PGHOST", "127.0.0.1"), os.environ.get("PGPORT", "5432")
USER, DATABASE = os.environ.get("PGUSER", "postgres"), os.environ.get("PGDATABASE", "postgres")

settings.configure(
    DATABASES={
        "default": {"ENGINE": "django.db.backends.postgresql", "HOST": HOST, "PORT": PORT, "USER": USER, "NAME": DATABASE}
    },
    INSTALLED_APPS=["pgwitness"],
    PGWITNESS={"ENABLED": True, "TAGS": {"app_version": "1.2"}},
)
django.setup()

from django.db import connection, models
from django.db.models.sql.compiler import SQLCompiler
from sqlalchemy import Column, MetaData, Table, Text, create_engine, select
from sqlalchemy.pool import StaticPool

from pgwitness import scope
from pgwitness.commenter import Options
from pgwitness.sqlalchemy import listen

DRIVER = connection.Database.__name__
URL = f"postgresql+{DRIVER}://{USER}@{HOST}:{PORT}/{DATABASE}"
ENGINES = {on: create_engine(URL, poolclass=StaticPool) for on in (False, True)}
listen(ENGINES[True], Options(tags={"app_version": "1.2"}))
tables = Table("pg_tables", MetaData(), Column("tablename", Text), Column("schemaname", Text))
core = select(tables.c.tablename).where(tables.c.schemaname == "none")


class Relation(models.Model):
    tablename = models.TextField(primary_key=True)
    schemaname = models.TextField()

    class Meta:
        app_label = "bench"
        db_table = "pg_tables"
        managed = False


def orm(on):
    list(Relation.objects.filter(schemaname="none", tablename__in=["a", "b"]).order_by("tablename"))


def raw(on):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", ["none"])


def sqlalchemy_core(on):
    with ENGINES[on].connect() as shared:
        shared.execute(core).all()


@contextmanager
def django_tags(on):
    """Off is as if nothing was installed: neither the execute wrapper nor the marks in Django's compiler."""
    connection.ensure_connection()
    if on:
        yield
        return
    wrappers, connection.execute_wrappers = connection.execute_wrappers, []
    marked = {name: getattr(SQLCompiler, name) for name in ("execute_sql", "as_sql")}
    for name, method in marked.items():
        setattr(SQLCompiler, name, method.__wrapped__)
    try:
        yield
    finally:
        connection.execute_wrappers = wrappers
        for name, method in marked.items():
            setattr(SQLCompiler, name, method)


def round_us(statement, on):
    """CPU microseconds per statement of one round."""
    with django_tags(on):
        started = time.process_time()
        for _ in range(STATEMENTS):
            statement(on)
        return (time.process_time() - started) / STATEMENTS * 1e6


class Page:
    """Stands for a request whose URL is resolved."""

    class resolver_match:
        route = "catalogue/<slug:slug>/"


def main():
    scope.request.set(scope.Request(Page, "4f7c1f5a2f6d4b0e8e0c3f6f1a2b3c4d"))
    print(f"Django {django.__version__}, {DRIVER}; {ROUNDS} rounds of {STATEMENTS} statements, client CPU in µs per statement")
    print(f"{'':18}{'off':>8}{'on':>8}{'tags':>8}")
    for name, statement in [("Django ORM", orm), ("raw SQL", raw), ("SQLAlchemy Core", sqlalchemy_core)]:
        rounds = {True: [], False: []}
        for number in range(2 * ROUNDS + 2):
            on = number % 2 == 0
            taken = round_us(statement, on)
            # The first round of each fills caches.
            if number > 1:
                rounds[on].append(taken)
        off, on = statistics.median(rounds[False]), statistics.median(rounds[True])
        print(f"{name:18}{off:8.1f}{on:8.1f}{on - off:8.1f}")


if __name__ == "__main__":
    main()
