"""A Django application that uses all of the ORM and SQL by hand: `django_program.py psycopg2|psycopg|server-side|pool`."""

import asyncio
import io
import sys

if sys.argv[1] == "psycopg2":
    # Django takes psycopg 3 where it is installed.
    sys.modules["psycopg"] = None

import django
from django.conf import settings
from environment import django_settings

OPTIONS = {"server-side": {"server_side_binding": True}, "pool": {"pool": {"min_size": 1, "max_size": 2}}}
settings.configure(**django_settings(OPTIONS.get(sys.argv[1], {})))
django.setup()

import labels

labels.label_django()

from django.core.management import call_command
from django.db import connection, connections

import django_by_hand
import django_orm
import django_tests


def main():
    for command in (["migrate"], ["createcachetable"], ["showmigrations"]):
        call_command(*command, verbosity=0, stdout=io.StringIO())
    django_orm.fill()
    django_orm.read()
    django_orm.aggregate()
    django_orm.write()
    django_by_hand.fragments()
    django_by_hand.statements()
    connections.close_all()
    # A connection that begins in the middle: nothing of a start is on it.
    django_by_hand.statements()
    connection.close()
    django_orm.read()
    connection.close()
    if django.VERSION >= (4, 2):
        asyncio.run(django_orm.read_async())
    django_tests.run()
    django_by_hand.commands()
    call_command("migrate", "library", "0002", verbosity=0)
    connections.close_all()


main()
