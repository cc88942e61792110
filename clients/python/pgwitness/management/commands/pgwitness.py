"""`manage.py pgwitness audit`: the audit of this project's code.

Invariant: it works while the package is switched off. Not here: the audit itself (pgwitness.audit).
"""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand

from pgwitness.audit.__main__ import add_arguments, run


class Command(BaseCommand):
    help = "Lists every place of the code that touches the database, and writes audit.json."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="what", required=True)
        add_arguments(commands.add_parser("audit", help="list every place of the code that touches the database"))

    def handle(self, *args: Any, **options: Any) -> None:
        code = run(argparse.Namespace(**options))
        if code != 0:
            sys.exit(code)
