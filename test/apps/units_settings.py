"""Settings of units_app.py, from its environment: TAGGED, POOLED, PINGS and MAX_AGE."""

import json
import os

from database import django_settings

TAGGED = os.environ.get("TAGGED") == "1"

globals().update(
    django_settings(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", *(["pgwitness"] if TAGGED else [])],
        MIDDLEWARE=["pgwitness.middleware.PgwitnessMiddleware"] if TAGGED else [],
        PGWITNESS={"ENABLED": TAGGED, "SQLALCHEMY": True},
        ROOT_URLCONF="units_app",
    )
)
DATABASES["default"]["CONN_MAX_AGE"] = json.loads(os.environ.get("MAX_AGE", "0"))
DATABASES["default"]["CONN_HEALTH_CHECKS"] = os.environ.get("PINGS") == "1"
if os.environ.get("POOLED") == "1":
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 2, "max_size": 4}}
