"""Requests and tasks that log what each of them sends: `units_app.py wsgi|asgi|celery NUMBER`.

Three at a time, of Celery two.

A line of $TRUTH_LOG is a statement: the request and the pid of the backend, in the order in which each was sent them.
With BESIDE=1 some use SQLAlchemy's pool, alone or beside Django's connection.
"""

import asyncio
import json
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from wsgiref.util import setup_testing_defaults

os.environ["DJANGO_SETTINGS_MODULE"] = "units_settings"
# The settings name this module, which runs as a program, as that of the URLs.
sys.modules["units_app"] = sys.modules[__name__]

import django

django.setup()

from database import url
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import close_old_connections, connection, connections, transaction
from django.db.backends.signals import connection_created
from django.http import HttpResponse
from django.urls import path
from sqlalchemy import create_engine, event, text

TRUTH = os.open(os.environ["TRUTH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
BESIDE = os.environ.get("BESIDE") == "1"
PAUSE_S = 0.01
number = ContextVar("number", default=None)
engine = create_engine(url("psycopg"), pool_size=4, pool_pre_ping=os.environ.get("PINGS") == "1")


def log(connection):
    """Of psycopg."""
    if number.get() is not None:
        line = {"request": number.get(), "pid": connection.info.backend_pid}
        os.write(TRUTH, (json.dumps(line) + "\n").encode())


def logged(execute, sql, params, many, context):
    log(context["connection"].connection)
    return execute(sql, params, many, context)


def log_connection(connection, **_):
    if logged not in connection.execute_wrappers:
        connection.execute_wrappers.append(logged)


connection_created.connect(log_connection)


@event.listens_for(engine, "before_cursor_execute")
def before(connection, cursor, statement, parameters, context, executemany):
    log(connection.connection.driver_connection)


def think():
    """What an application does between two statements."""
    time.sleep(random.uniform(0, 0.002))


def read_groups():
    for group in Group.objects.order_by("-id")[: random.randint(1, 6)]:
        think()
        group.permissions.count()


def write_group():
    with transaction.atomic():
        group = Group.objects.create(name=f"group {number.get()} {time.time_ns()}")
        think()
        Group.objects.filter(pk=group.pk).update(name=f"changed {time.time_ns()}")
    think()
    Group.objects.count()


def by_hand():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM auth_group WHERE id > %s", [0])
        think()
        cursor.execute("SELECT max(name) FROM auth_group")


def alchemy():
    with engine.connect() as session:
        session.execute(text("SELECT lower(name) FROM auth_group LIMIT 3")).all()
        think()
        session.execute(text("SELECT max(id) FROM auth_group")).scalar()


def both():
    Group.objects.count()
    think()
    alchemy()
    Group.objects.filter(name="x").exists()


WORK = {"read": read_groups, "write": write_group, "hand": by_hand, **({"alchemy": alchemy, "both": both} if BESIDE else {})}


def view(request, name):
    WORK[name]()
    return HttpResponse("done")


async def read_async(request):
    async for group in Group.objects.order_by("-id")[: random.randint(1, 6)]:
        await asyncio.sleep(random.uniform(0, 0.002))
        await group.permissions.acount()
    return HttpResponse("done")


async def write_async(request):
    await Group.objects.acreate(name=f"group {number.get()} {time.time_ns()}")
    await asyncio.sleep(random.uniform(0, 0.002))
    await Group.objects.acount()
    return HttpResponse("done")


ASYNC = ["read-async", "write-async"]
urlpatterns = [
    path("read-async", read_async),
    path("write-async", write_async),
    *(path(name, view, {"name": name}) for name in WORK),
]


def wsgi(count):
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()

    def ask(request):
        number.set(request)
        environ = {"PATH_INFO": f"/{random.choice(list(WORK))}"}
        setup_testing_defaults(environ)
        response = application(environ, lambda *_: None)
        assert response.status_code == 200, response
        response.close()
        time.sleep(random.uniform(0, 2 * PAUSE_S))

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(ask, range(count)))


def asgi(count):
    from django.core.asgi import get_asgi_application

    application = get_asgi_application()
    requests = iter(range(count))

    async def ask(request):
        number.set(request)
        parts = [{"type": "http.request", "body": b"", "more_body": False}]
        sent = []

        async def receive():
            # The client stays until it has its answer.
            return parts.pop() if parts else await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        name = random.choice([*ASYNC, *WORK])
        scope = {"type": "http", "method": "GET", "path": f"/{name}", "raw_path": name.encode(), "query_string": b""}
        await application({**scope, "headers": [], "http_version": "1.1", "scheme": "http"}, receive, send)
        assert sent[0]["status"] == 200, sent

    async def worker():
        for request in requests:
            await asyncio.create_task(ask(request))
            await asyncio.sleep(random.uniform(0, 2 * PAUSE_S))

    async def workers():
        await asyncio.gather(*(worker() for _ in range(3)))

    asyncio.run(workers())


def celery(count):
    from celery import Celery, signals
    from celery.contrib.testing.worker import start_worker

    app = Celery("units", broker="memory://", backend="cache+memory://")

    @app.task(name="units.work")
    def work(request, name):
        number.set(request)
        try:
            WORK[name]()
        finally:
            number.set(None)

    # A worker of its own process says so; then Celery sees to Django's connections around tasks.
    signals.worker_init.send(sender=None)
    with start_worker(app, pool="threads", concurrency=2, perform_ping_check=False, loglevel="error"):
        sent = []
        for request in range(count):
            sent.append(work.delay(request, random.choice(list(WORK))))
            time.sleep(random.uniform(0, 2 * PAUSE_S))
        for one in sent:
            one.get(timeout=60)


if __name__ == "__main__":
    random.seed(5)
    call_command("migrate", verbosity=0)
    Group.objects.bulk_create(Group(name=f"first {n}") for n in range(6))
    close_old_connections()
    connections.close_all()
    {"wsgi": wsgi, "asgi": asgi, "celery": celery}[sys.argv[1]](int(sys.argv[2]))
    engine.dispose()
    connections.close_all()
    for name in connections:
        if getattr(connections[name], "pool", None) is not None:
            connections[name].close_pool()
