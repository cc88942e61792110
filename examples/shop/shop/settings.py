"""Settings of the shop; whatever differs between machines comes from SHOP_* in the environment."""

import os

SECRET_KEY = os.environ.get("SHOP_SECRET_KEY", "only-for-the-example-shop")
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "shop.apps.ShopConfig",
    "store",
]
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
]


def database_password() -> str:
    """The content of SHOP_DB_PASSWORD_FILE, or SHOP_DB_PASSWORD."""
    path = os.environ.get("SHOP_DB_PASSWORD_FILE", "")
    if not path:
        return os.environ.get("SHOP_DB_PASSWORD", "")
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ.get("SHOP_DB_HOST", "127.0.0.1"),
        "PORT": os.environ.get("SHOP_DB_PORT", "5432"),
        "NAME": os.environ.get("SHOP_DB_NAME", "shop"),
        "USER": os.environ.get("SHOP_DB_USER", "postgres"),
        "PASSWORD": database_password(),
        # Connections outlive requests, one per worker, as in most deployments.
        "CONN_MAX_AGE": int(os.environ.get("SHOP_CONN_MAX_AGE", "600")),
        "CONN_HEALTH_CHECKS": True,
    }
}

# The part that came over from Flask keeps its own driver name and pool size.
SQLALCHEMY_DRIVER = os.environ.get("SHOP_SQLALCHEMY_DRIVER", "psycopg")
SQLALCHEMY_POOL_SIZE = int(os.environ.get("SHOP_SQLALCHEMY_POOL_SIZE", "3"))

# With the package of clients/python on the path, statements say which route and which line sent them.
if os.environ.get("SHOP_TAGS") == "1":
    INSTALLED_APPS.append("pgwitness")
    MIDDLEWARE.insert(0, "pgwitness.middleware.PgwitnessMiddleware")
    PGWITNESS = {"ENABLED": True, "SQLALCHEMY": True}

USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# One JSON line per statement is appended to this file; see shop/oracle. Empty = off.
ORACLE_LOG = os.environ.get("SHOP_ORACLE_LOG", "")
if ORACLE_LOG:
    MIDDLEWARE = ["shop.oracle.middleware.name_the_view", *MIDDLEWARE]
