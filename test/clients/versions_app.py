"""Django and SQLAlchemy of any version with the pgwitness package on: one statement of each kind that the package tells apart.

Lines that send end in a mark, `# at: name`, by which the test knows the caller it has to find. The database comes from libpq's
environment.
"""

import os

import django
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["PGHOST"],
            "PORT": os.environ["PGPORT"],
            "USER": os.environ["PGUSER"],
            "NAME": os.environ["PGDATABASE"],
        }
    },
    SECRET_KEY="only-for-a-test",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "pgwitness"],
    MIDDLEWARE=["pgwitness.middleware.PgwitnessMiddleware"],
    PGWITNESS={"ENABLED": True},
)
django.setup()

from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.http import HttpResponse
from django.test import AsyncClient, Client
from django.urls import path
from sqlalchemy import Column, Integer, String, create_engine, text
from sqlalchemy.orm import Session, declarative_base

Base = declarative_base()


class Customer(Base):
    __tablename__ = "customer"
    id = Column(Integer, primary_key=True)
    name = Column(String(50))


engine = create_engine(
    "postgresql+psycopg2://%(PGUSER)s@%(PGHOST)s:%(PGPORT)s/%(PGDATABASE)s" % os.environ, pool_pre_ping=True
)


def page(request, number):
    list(Group.objects.filter(id__lt=number))  # at: queryset
    list(Group.objects.raw("SELECT id, name FROM auth_group"))  # at: raw queryset
    list(Group.objects.extra(where=["length(name) > %s"], params=[1]))  # at: extra
    with connection.cursor() as cursor:
        cursor.execute("SELECT reverse(name) FROM auth_group WHERE id > %s", [1])  # at: cursor
    with engine.begin() as shared:
        shared.execute(Customer.__table__.select())  # at: core
        shared.execute(text("SELECT lower(name) FROM customer WHERE id > :id"), {"id": 1})  # at: text
    with Session(engine) as session:
        session.query(Customer).order_by(Customer.name).all()  # at: orm
    return HttpResponse("done")


async def asynchronous(request):
    async for _ in Group.objects.filter(name="asynchronous"):
        pass
    return HttpResponse("done")


urlpatterns = [path("page/<int:number>/", page), path("async/", asynchronous)]

call_command("migrate", verbosity=0)
Base.metadata.create_all(engine)
assert Client().get("/page/5/").content == b"done"
# `async for` over a queryset came with Django 4.1.
if django.VERSION >= (4, 1):
    import asyncio

    asyncio.run(AsyncClient().get("/async/"))
