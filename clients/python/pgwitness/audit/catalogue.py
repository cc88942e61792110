"""The catalogue: places in the code, routes, jobs and commands, and their JSON form.

Invariant: a place's id depends on its file, function, kind, text and ordinal among equal ones, never on its line.
Not here: finding places (walk.py).
"""

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

VERSION = 1
Kind = Literal["orm", "raw", "sqlalchemy"]
Form = Literal["statement", "fragment"]
# What stands in the code beside queries and has to go with the library: no statement comes from it by itself.
DECLARATIONS = frozenset({"import", "model", "engine", "sessionmaker"})


@dataclass(frozen=True)
class Statement:
    """One text that a place may send. `sql` is as written in the code; a hole reads `{expression}`."""

    sql: str | None
    holes: bool = False
    form: Form = "statement"
    reverse: bool = False


@dataclass
class Place:
    """One place that touches the database. Lines count from 1; `via` is the id of the helper's place that sends it.

    `function_lines`: first and last line of the function that it is in, None where it is in none.
    """

    file: str
    line: int
    end_line: int
    function: str
    kind: Kind
    api: str
    function_lines: tuple[int, int] | None = None
    statements: list[Statement] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    in_migration: bool = False
    database: str | None = None
    via: str | None = None
    resolved: bool = True
    unresolved: str | None = None
    # Of a model of SQLAlchemy: `file:line` of the Django model of the same table.
    twin: str | None = None
    id: str = ""


@dataclass
class Catalogue:
    """All that the code says. A list that could not be made is None: then coverage cannot be known."""

    root: str
    places: list[Place]
    routes: list[str] | None = None
    jobs: list[dict[str, str | None]] | None = None
    commands: list[str] | None = None
    # Files that could not be read, with the reason.
    unread: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The form of audit.json."""
        return {
            "version": VERSION,
            "root": self.root,
            "routes": self.routes,
            "jobs": self.jobs,
            "commands": self.commands,
            "places": [_place(place) for place in self.places],
            "unread": self.unread,
        }


def name_places(places: list[Place]) -> None:
    """Sorts places by file and line, and gives each its id."""
    places.sort(key=lambda place: (place.file, place.line, place.end_line, place.api))
    seen: Counter[str] = Counter()
    for place in places:
        texts = "\n".join(statement.sql or "" for statement in place.statements)
        base = "\0".join((place.file, place.function, place.kind, place.api, texts, ",".join(place.tables)))
        seen[base] += 1
        place.id = hashlib.sha256(f"{base}\0{seen[base]}".encode()).hexdigest()[:12]


def _place(place: Place) -> dict[str, Any]:
    fields = asdict(place)
    order = ("id", "file", "line", "end_line", "function", "kind", "in_migration", "api", "statements", "tables")
    rest = ("database", "via", "resolved", "unresolved", "function_lines", "twin")
    return {name: fields[name] for name in (*order, *rest)}
