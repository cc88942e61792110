"""Where the applications of this folder find their database: libpq's environment."""

import os

HOST, PORT = os.environ["PGHOST"], os.environ["PGPORT"]
USER, DATABASE = os.environ["PGUSER"], os.environ["PGDATABASE"]


def url(driver):
    """SQLAlchemy's URL for one of its drivers."""
    return f"postgresql+{driver}://{USER}@{HOST}:{PORT}/{DATABASE}"


def django_settings(**more):
    """Settings of a Django project on that database."""
    database = {"ENGINE": "django.db.backends.postgresql", "HOST": HOST, "PORT": PORT, "USER": USER, "NAME": DATABASE}
    return {
        "DATABASES": {"default": database},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "SECRET_KEY": "only-for-a-test",
        "ALLOWED_HOSTS": ["*"],
        "USE_TZ": True,
        **more,
    }
