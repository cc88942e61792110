"""Where the programs of this folder find their database, and how they are set up: libpq's environment."""

import os

HOST, PORT = os.environ["PGHOST"], os.environ["PGPORT"]
USER, DATABASE = os.environ["PGUSER"], os.environ["PGDATABASE"]


def url(driver):
    """SQLAlchemy's URL for one of its drivers."""
    return f"postgresql+{driver}://{USER}@{HOST}:{PORT}/{DATABASE}"


def django_settings(options):
    """Settings of a Django project on that database. `options`: of its connections."""
    engine = "django.db.backends.postgresql"
    database = {"ENGINE": engine, "HOST": HOST, "PORT": PORT, "USER": USER, "NAME": DATABASE, "OPTIONS": options}
    contrib = ["admin", "auth", "contenttypes", "messages", "postgres", "sessions", "sites"]
    return {
        "DATABASES": {"default": database},
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cached"}},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "INSTALLED_APPS": [*(f"django.contrib.{name}" for name in contrib), "library"],
        "SECRET_KEY": "only-for-a-test",
        "USE_TZ": True,
        "TIME_ZONE": "Europe/Vienna",
        "TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    }
