"""Starts the statement log, when it is on, before the first statement of the process."""

from django.apps import AppConfig
from django.conf import settings


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self):
        if settings.ORACLE_LOG:
            from shop import oracle

            oracle.start(settings.ORACLE_LOG)
