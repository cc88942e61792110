"""The Django app: with PGWITNESS = {"ENABLED": True} it puts the hooks in when Django starts; without, it does nothing."""

from typing import Any

from django.apps import AppConfig


class PgwitnessConfig(AppConfig):
    name = "pgwitness"
    verbose_name = "pgwitness"

    def ready(self) -> None:
        """Raises ImproperlyConfigured for a PGWITNESS that cannot be read."""
        from pgwitness.settings import read_settings

        settings = read_settings()
        if not settings.enabled:
            return

        from django.core.exceptions import ImproperlyConfigured
        from django.db import connections
        from django.db.backends.signals import connection_created

        from pgwitness import django_marks
        from pgwitness.command import install as install_command
        from pgwitness.commenter import Commenter
        from pgwitness.django_wrapper import ExecuteWrapper

        try:
            commenter = Commenter(settings.options)
        except ValueError as error:
            raise ImproperlyConfigured(f"PGWITNESS: {error}") from None
        wrapper = ExecuteWrapper(commenter)
        django_marks.install()
        install_command()

        def put_on(connection: Any, **_: Any) -> None:
            wrapper.install(connection)

        connection_created.connect(put_on, weak=False, dispatch_uid="pgwitness")
        for connection in connections.all():
            wrapper.install(connection)
        # On unless it is turned off: a process has it beside Django while a port is under way.
        if settings.sqlalchemy:
            from sqlalchemy.engine import Engine

            from pgwitness.sqlalchemy import listen_with

            listen_with(Engine, commenter)
