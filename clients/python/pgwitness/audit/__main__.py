"""`python -m pgwitness.audit PATH`: writes audit.json and says in a few lines what is in it.

Invariant: stdout has the JSON alone when it goes there. Not here: the audit itself (walk.py).
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pgwitness.audit.catalogue import DECLARATIONS, Catalogue
from pgwitness.audit.walk import audit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags, for this command and for `manage.py pgwitness audit`."""
    parser.add_argument("path", nargs="?", default=".", help="the folder that holds the application's code (default: here)")
    parser.add_argument("--output", "-o", default="audit.json", help="the file to write (default: audit.json); - is stdout")
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="PATTERN",
        help="leave out files whose path matches, such as 'legacy/*'; may repeat",
    )
    parser.add_argument("--include-tests", action="store_true", help="look at tests too")


def run(options: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code: 0, or 2 where the folder or the file cannot be used."""
    root = Path(options.path)
    try:
        catalogue = audit(root.resolve(), tuple(options.exclude), options.include_tests)
    except NotADirectoryError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    catalogue.root = os.path.relpath(root.resolve())
    text = json.dumps(catalogue.to_json(), indent=1, ensure_ascii=False) + "\n"
    if options.output == "-":
        sys.stdout.write(text)
    else:
        try:
            Path(options.output).write_text(text, encoding="utf-8")
        except OSError as error:
            print(
                f"error: {options.output} cannot be written: {error.strerror}. Give another file with --output", file=sys.stderr
            )
            return 2
    print(summary(catalogue), file=sys.stderr if options.output == "-" else sys.stdout)
    return 0


def summary(catalogue: Catalogue) -> str:
    """A few lines for people."""
    helpers = {place.via for place in catalogue.places if place.via is not None}
    queries = [
        place
        for place in catalogue.places
        if place.api not in DECLARATIONS
        and not place.in_migration
        # A helper without a text of its own is counted at its calls.
        and not (place.id in helpers and all(statement.holes for statement in place.statements))
    ]
    kinds = Counter(place.kind for place in queries)
    open_ones = sum(1 for place in queries if not place.resolved)
    lines = [
        f"{len(queries)} places in {len({place.file for place in queries})} files touch the database: "
        f"{kinds['orm']} Django ORM, {kinds['raw']} raw SQL, {kinds['sqlalchemy']} SQLAlchemy",
    ]
    declared = Counter(place.api for place in catalogue.places if place.api in DECLARATIONS)
    if declared:
        lines.append(
            "SQLAlchemy besides: " + ", ".join(f"{count} {_plural(api, count)}" for api, count in sorted(declared.items()))
        )
    if open_ones:
        lines.append(f"{open_ones} places have a text that the code alone does not tell; each says why")
    for what, found in (("routes", catalogue.routes), ("jobs", catalogue.jobs), ("commands", catalogue.commands)):
        lines.append(f"{what}: {'none found, so coverage cannot be known' if found is None else len(found)}")
    for file, reason in catalogue.unread.items():
        lines.append(f"not read: {file}: {reason}")
    return "\n".join(lines)


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m pgwitness.audit",
        description="Lists every place of the code that touches the database. Nothing is imported or run.",
    )
    add_arguments(parser)
    return run(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
