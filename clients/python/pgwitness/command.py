"""Gives statements the name of the management command that runs. Not here: Celery tasks, which Celery itself names (scope.py)."""

from functools import wraps
from typing import Any

from pgwitness import scope
from pgwitness.comment import encoded


def install() -> None:
    """Wraps BaseCommand.execute, once per process."""
    from django.core.management.base import BaseCommand

    original = BaseCommand.execute
    if hasattr(original, "_pgwitness"):
        return

    @wraps(original)
    def execute(self: Any, *args: Any, **options: Any) -> Any:
        # A command is a module: store.management.commands.seed is `seed`.
        token = scope.command.set(encoded(type(self).__module__.rpartition(".")[2]))
        try:
            return original(self, *args, **options)
        finally:
            scope.command.reset(token)

    execute._pgwitness = True  # type: ignore[attr-defined]
    BaseCommand.execute = execute
