"""A Celery worker on the memory broker whose tasks use Django's ORM, raw SQL on Django's connection, and SQLAlchemy.

Run as a program it starts a worker, sends the tasks and waits for their results. With TAGGED=1 the pgwitness package is on.
"""

import os

import django
from celery import Celery
from celery.contrib.testing.worker import start_worker
from database import django_settings, url
from django.conf import settings

TAGGED = os.environ.get("TAGGED") == "1"
settings.configure(
    **django_settings(
        INSTALLED_APPS=["django.contrib.contenttypes", *(["pgwitness"] if TAGGED else [])],
        PGWITNESS={"ENABLED": TAGGED, "SQLALCHEMY": True},
    )
)
django.setup()

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, select, text

app = Celery("worker", broker="memory://", backend="cache+memory://")
engine = create_engine(url("psycopg2"))
content_type = Table("django_content_type", MetaData(), Column("id", Integer), Column("model", Integer))


@app.task(name="apps.count")
def count(model):
    return ContentType.objects.filter(model=model).count()


@app.task(name="apps.refresh")
def refresh():
    with connection.cursor() as cursor:
        cursor.execute("SELECT model, length(model) FROM django_content_type ORDER BY 2 DESC LIMIT %s", [3])
        return len(cursor.fetchall())


@app.task(name="apps.report")
def report():
    with engine.connect() as sqlalchemy_connection:
        sqlalchemy_connection.execute(select(content_type.c.id).where(content_type.c.id > 0)).all()
        return sqlalchemy_connection.execute(text("SELECT max(id) FROM django_content_type")).scalar()


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    with start_worker(app, pool="threads", concurrency=2, perform_ping_check=False, loglevel="error"):
        for sent in [count.delay("contenttype"), refresh.delay(), report.delay(), count.delay("nothing")]:
            sent.get(timeout=30)
