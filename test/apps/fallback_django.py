"""A Django application whose HOST and PORT name two places: pgwitness, then the server itself."""

import os
import pathlib
import sys
import time

import django
from database import django_settings
from django.conf import settings

databases = django_settings()["DATABASES"]
databases["default"]["CONN_MAX_AGE"] = int(os.environ["CONN_MAX_AGE"])
settings.configure(**django_settings(DATABASES=databases))
django.setup()

from django.db import OperationalError, close_old_connections, connection  # noqa: E402

folder = pathlib.Path(sys.argv[1])


def request(number):
    """As Django does around each request."""
    close_old_connections()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s + 40 AS answer", [number])
            return cursor.fetchone()[0]
    finally:
        close_old_connections()


print(request(1))
(folder / "first").touch()
deadline = time.monotonic() + 60
while not (folder / "killed").exists() and time.monotonic() < deadline:
    time.sleep(0.05)
try:
    print(request(2))
except OperationalError:
    print("one error")
print(request(3))
