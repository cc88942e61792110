"""One process, one user, no application_name: Django's connections, and a SQLAlchemy Engine that outlives the proxy's restart."""

import pathlib
import sys
import time

# Django takes psycopg 3 where it is installed; both libraries shall have the same driver.
sys.modules["psycopg"] = None

import django
from database import django_settings, url
from django.conf import settings

settings.configure(**django_settings(INSTALLED_APPS=["django.contrib.contenttypes"]))
django.setup()

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from sqlalchemy import create_engine, text


def work(engine):
    list(ContentType.objects.all())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_content_type")
    with engine.begin() as first, engine.begin() as second:
        for session in (first, second):
            session.execute(text("SELECT model FROM django_content_type WHERE id = :id"), {"id": 1})


def wait_for(path):
    while not path.exists():
        time.sleep(0.05)


def main(folder):
    call_command("migrate", verbosity=0)
    engine = create_engine(url("psycopg2"), pool_pre_ping=True)
    work(engine)
    (folder / "first").touch()
    wait_for(folder / "restarted")
    connection.close()
    work(engine)
    engine.dispose()


main(pathlib.Path(sys.argv[1]))
