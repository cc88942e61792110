"""Django with SQLAlchemy on Django's own connection (creator=): both libraries speak on one session, in turns."""

import sys

if sys.argv[1] == "psycopg2":
    # Django takes psycopg 3 where it is installed.
    sys.modules["psycopg"] = None

import django
from database import django_settings
from django.conf import settings

settings.configure(**django_settings(INSTALLED_APPS=["django.contrib.contenttypes"]))
django.setup()

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, transaction
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, select, text
from sqlalchemy.pool import StaticPool

content_type = Table(
    "django_content_type", MetaData(), Column("id", Integer), Column("app_label", String), Column("model", String)
)


def djangos_connection():
    connection.ensure_connection()
    return connection.connection


def main(driver):
    call_command("migrate", verbosity=0)
    engine = create_engine(f"postgresql+{driver}://", creator=djangos_connection, poolclass=StaticPool)
    for turn in range(4):
        ContentType.objects.filter(app_label="contenttypes").exists()
        with engine.connect() as shared:
            shared.execute(select(content_type.c.model).where(content_type.c.id == turn)).all()
        with connection.cursor() as cursor:
            cursor.execute("SELECT upper(model) FROM django_content_type WHERE id = %s", [turn])
        with engine.connect() as shared:
            shared.execute(text("SELECT lower(model) FROM django_content_type WHERE id = :turn"), {"turn": turn})
        with transaction.atomic(), transaction.atomic():
            ContentType.objects.filter(id=-turn).update(model="none")


main(sys.argv[1])
