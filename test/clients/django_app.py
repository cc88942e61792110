"""A Django project in one file that sends every kind of statement with the pgwitness package on, as requests and commands do.

Arguments: the driver ("psycopg2", "psycopg" or "server-side" for psycopg with server-side binding). Lines that send end in a
mark, `# at: name`, by which the test knows the caller it has to find. The database comes from libpq's environment.
"""

import asyncio
import os
import sys

DRIVER = sys.argv[1]
if DRIVER == "psycopg2":
    # Django takes psycopg 3 where it is installed.
    sys.modules["psycopg"] = None

import django
from django.conf import settings

database = {
    "ENGINE": "django.db.backends.postgresql",
    "HOST": os.environ["PGHOST"],
    "PORT": os.environ["PGPORT"],
    "USER": os.environ["PGUSER"],
    "NAME": os.environ["PGDATABASE"],
    "OPTIONS": {"server_side_binding": True} if DRIVER == "server-side" else {},
}
settings.configure(
    DATABASES={"default": database},
    SECRET_KEY="only-for-a-test",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "pgwitness"],
    MIDDLEWARE=["pgwitness.middleware.PgwitnessMiddleware"],
    CACHES={"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache_table"}},
    PGWITNESS={"ENABLED": True, "SQLALCHEMY": True, "TAGS": {"app_version": "1.2 beta"}},
)
django.setup()

from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.models.expressions import RawSQL
from django.db.migrations.operations import RunSQL
from django.http import HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import pgwitness

if DRIVER == "psycopg2":
    from psycopg2 import sql
else:
    from psycopg import sql


class Numbered(models.CharField):
    """Asks the database for its value while the INSERT is being compiled, as numbering fields do."""

    def pre_save(self, instance, add):
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('number_of_invoice')")  # at: while compiling
            return str(cursor.fetchone()[0])


class Invoice(models.Model):
    number = Numbered(max_length=20)
    paid = models.BooleanField(default=False)

    class Meta:
        app_label = "invoices"


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


groups = Table("auth_group", MetaData(), Column("id", Integer), Column("name", String))
engine = create_engine(
    "postgresql+%s://%s@%s:%s/%s"
    % ("psycopg2" if DRIVER == "psycopg2" else "psycopg", database["USER"], database["HOST"], database["PORT"], database["NAME"])
)


def with_the_orm(request, number):
    Group.objects.update_or_create(name="it's 100% /* new */", defaults={})
    list(Group.objects.filter(id__lt=number).prefetch_related("permissions"))  # at: queryset
    Invoice.objects.create()  # at: create
    Invoice.objects.bulk_create([Invoice(), Invoice()])
    Invoice.objects.filter(paid=False).update(paid=RawSQL("NOT paid", []))  # at: rawsql
    list(Group.objects.extra(select={"shout": "upper(name)"}, where=["length(name) > %s"], params=[1]))  # at: extra
    list(Group.objects.annotate(twice=RawSQL("id * 2", [])).values("twice"))
    list(Permission.objects.iterator())  # at: server-side cursor
    return HttpResponse("done")


def with_raw_sql(request):
    list(Group.objects.raw("SELECT id, name FROM auth_group WHERE name LIKE '%%x'", []))  # at: raw queryset
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM auth_group WHERE name LIKE '%new%' ORDER BY 1;")  # at: no parameters
        cursor.execute("SELECT reverse(name) FROM auth_group WHERE name LIKE '%%z' AND id > %s -- last", [1])  # at: parameters
        cursor.executemany("INSERT INTO auth_group (name) VALUES (%s)", [("one",), ("two",)])  # at: many
        cursor.execute("COPY (SELECT 1) TO PROGRAM 'cat > /dev/null'")
        # The ORM's own text, by hand: nothing on the wire but the tag tells.
        cursor.execute(str(Group.objects.order_by("name").values("name").query))  # at: the ORM's text
        cursor.execute(sql.SQL("SELECT max(id) FROM {}").format(sql.Identifier("auth_permission")))  # at: composed
    with pgwitness.tags(flag="it's on", cache=False), transaction.atomic(), transaction.atomic():
        Group.objects.filter(name="one").delete()  # at: tagged
    return HttpResponse("done")


def with_sqlalchemy(request):
    with engine.begin() as shared:
        shared.execute(select(groups.c.name).where(groups.c.name.like("%ne%")))  # at: core
        shared.execute(text("SELECT lower(name) FROM auth_group WHERE name LIKE '%y' AND id > :id"), {"id": 1})  # at: text
        shared.exec_driver_sql("SELECT 'driver' AS level")  # at: driver level
    with Session(engine) as session:
        session.add_all([Customer(name="first"), Customer(name="second")])
        session.commit()  # at: flush
        session.scalars(select(Customer).order_by(Customer.name)).all()  # at: session
        session.scalars(select(Customer).from_statement(text("SELECT * FROM customer WHERE id = 1"))).all()
    return HttpResponse("done")


def streamed(request):
    def rows():
        for group in Group.objects.filter(name="streamed"):  # at: streamed
            yield group.name

    return StreamingHttpResponse(rows())


async def asynchronous(request):
    await Group.objects.filter(name="asynchronous").aexists()
    return HttpResponse("done")


def cached(request):
    if "ask" in request.GET:
        Group.objects.filter(name="cached").exists()
    return HttpResponse("done")


def cached_parts(request):
    def parts():
        yield "no statement"
        if "ask" in request.GET:
            yield str(Group.objects.filter(name="parts").exists())

    return StreamingHttpResponse(parts())


async def cached_async(request):
    if "ask" in request.GET:
        await Group.objects.filter(name="later").aexists()
    return HttpResponse("done")


urlpatterns = [
    path("cached/", cached),
    path("cached-parts/", cached_parts),
    path("cached-async/", cached_async),
    path("orm/<int:number>/", with_the_orm),
    path("raw/", with_raw_sql),
    path("", with_sqlalchemy),
    path("streamed/", streamed),
    path("async/", asynchronous),
]


def main():
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    cache.set("key", "value")
    with connection.schema_editor() as editor:
        editor.create_model(Invoice)
        RunSQL("CREATE SEQUENCE number_of_invoice").database_forwards("invoices", editor, None, None)
        editor.execute("CREATE INDEX by_hand ON auth_group (lower(name))")  # at: editor
    Base.metadata.create_all(engine)
    client = Client(headers={"X-Request-ID": "request 7"}) if django.VERSION >= (4, 2) else Client(HTTP_X_REQUEST_ID="request 7")
    for page in ["/orm/5/", "/raw/", "/"]:
        assert client.get(page).content == b"done", page
    b"".join(client.get("/streamed/").streaming_content)
    anybody = Client()
    for page in ["/cached/"] * 3 + ["/cached/?ask=1", "/cached/", "/cached/?ask=1", "/nowhere/"]:
        anybody.get(page)
    for page in ["/cached-parts/"] * 2 + ["/cached-parts/?ask=1"]:
        b"".join(anybody.get(page).streaming_content)
    for page in ["/cached-async/"] * 2 + ["/cached-async/?ask=1"]:
        asyncio.run(AsyncClient().get(page))
    assert asyncio.run(AsyncClient().get("/async/")).content == b"done"


if __name__ == "__main__":
    main()
