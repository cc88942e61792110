"""Django behind a pooler: the ORM, migrations, and SQL by hand on tables that nothing else uses (…_by_hand)."""

import sys

import django
from database import django_settings
from django.conf import settings

if sys.argv[1] == "psycopg2":
    # Django takes psycopg 3 where it is installed.
    sys.modules["psycopg"] = None

settings.configure(**django_settings(INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"]))
# A transaction pooler takes the connection away between the statements of a cursor.
settings.DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
django.setup()

from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.models import Count


def orm(turn):
    user = User.objects.create(username=f"user {turn}")
    group, _ = Group.objects.get_or_create(name="readers")
    user.groups.add(group)
    list(User.objects.filter(groups__name="readers").order_by("-username")[:5])
    list(Group.objects.annotate(users=Count("user")).filter(users__gt=0).values_list("name", "users"))
    User.objects.filter(username="nobody").exists()
    User.objects.count()
    with transaction.atomic(), transaction.atomic():
        User.objects.filter(pk=user.pk).update(first_name="x")
    User.objects.filter(username="nobody").delete()


def by_hand(turn):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_by_hand (turn) VALUES (%s)", [turn])
        cursor.execute("SELECT count(*) FROM django_by_hand WHERE turn >= %s", [0])
        cursor.execute("UPDATE django_by_hand SET turn = turn + 1 WHERE turn = %s", [-1])
        cursor.execute("SELECT turn,\n       turn + 1\nFROM django_by_hand\nLIMIT 3")
    list(User.objects.raw("SELECT u.* FROM auth_user u WHERE u.id NOT IN (SELECT turn FROM django_by_hand)"))


call_command("migrate", verbosity=0)
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE IF NOT EXISTS django_by_hand (turn int)")
for turn in range(8):
    orm(turn)
    by_hand(turn)
    # A new connection of its own to the pooler each turn, which keeps the one to the server.
    connections.close_all()
