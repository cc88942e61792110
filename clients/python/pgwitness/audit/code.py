"""What all finders share: the files, their scopes, the kinds of objects, the texts, and making a place.

Invariant: a place is made once per syntax node. Not here: which nodes are places (orm.py, raw.py, alchemy.py).
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pgwitness.audit.catalogue import Form, Kind, Place, Statement
from pgwitness.audit.kinds import Kinds
from pgwitness.audit.project import Module, Project
from pgwitness.audit.scopes import FunctionNode, Scope, Scopes
from pgwitness.audit.texts import Text, Texts

_TABLE = re.compile(
    r"\b(?:from|join|into|update|table(?:\s+if\s+(?:not\s+)?exists)?|truncate)\s+(?:only\s+)?"
    r'((?:"[^"]+"|[a-z_][\w$]*)(?:\.(?:"[^"]+"|[a-z_][\w$]*))?)(?!\s*\()',
    re.IGNORECASE,
)
_NO_TABLE = frozenset(["select", "set", "only", "lateral", "unnest", "values", "where", "as", "on", "the", "if", "not", "exists"])
_SQL_BYTES_MAX = 1_000_000


@dataclass(frozen=True)
class Sent:
    """A text that a place sends, and where its expression stands: what a helper's callers are worked out from."""

    place: Place
    node: ast.expr
    scope: Scope
    form: Form


class Code:
    def __init__(self, project: Project) -> None:
        self.project = project
        self.scopes = Scopes(project)
        self.kinds = Kinds(project, self.scopes)
        self.texts = Texts(self.kinds, _sql_files(project.root))
        self.places: dict[ast.AST, Place] = {}
        self.sent: list[Sent] = []
        self._managed: dict[str, set[str]] | None = None
        self.owners: dict[ast.arg, tuple[str, FunctionNode]] = {}
        for qualified, symbol in self.kinds.symbols.items():
            node = symbol.scope.node
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                arguments = node.args
                for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                    self.owners[one] = (qualified, node)

    def calls(self) -> Iterator[tuple[Module, ast.Call, Scope]]:
        for module in self.project.files:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call):
                    yield module, node, self.scopes.around(module, node)

    def place(self, node: ast.expr | ast.stmt, scope: Scope, kind: Kind, api: str) -> Place:
        """Makes the place of a node, or gives the one that it has."""
        known = self.places.get(node)
        if known is not None:
            return known
        path = scope.module.path
        made = Place(path, node.lineno, node.end_lineno or node.lineno, scope.qualified, kind, api, scope.function_lines)
        made.in_migration = "migrations" in path.split("/")[:-1] or "alembic" in path or "/versions/" in path
        self.places[node] = made
        return made

    def sends(self, place: Place, node: ast.expr | None, scope: Scope, form: Form = "statement") -> None:
        """Gives a place the texts of an expression."""
        if node is None:
            place.resolved, place.unresolved = False, "the call has no text"
            return
        texts = self.texts.of(node, scope)
        self.sent.append(Sent(place, node, scope, form))
        self.add_texts(place, texts, form)

    def add_texts(self, place: Place, texts: Sequence[Text], form: Form = "statement", reverse: bool = False) -> None:
        for text in texts:
            nothing = text.holes and not _has_words(text.sql)
            statement = Statement(None if nothing else text.sql, text.holes, form, reverse)
            if statement not in place.statements:
                place.statements.append(statement)
            if not nothing:
                place.tables = sorted({*place.tables, *tables_of(text.sql)})
        if place.statements and all(one.sql is None for one in place.statements):
            place.resolved = False
            place.unresolved = f"its text is {texts[0].sql.strip('{}')}, which the code alone does not tell"

    def table_of(self, qualified: str) -> list[str]:
        """The table of a model; of a manager's or queryset's class that of the model that has it, where one alone has."""
        if qualified not in self.kinds.classes or self.kinds.class_kind(qualified).name == "dj.model":
            return [self.model_table(qualified)]
        if self._managed is None:
            self._managed = {}
            for model, scope in self.kinds.classes.items():
                if self.kinds.class_kind(model).name == "dj.model":
                    for name in self._managers_in(scope):
                        self._managed.setdefault(name, set()).add(model)
        models = self._managed.get(qualified, set())
        return [self.model_table(next(iter(models)))] if len(models) == 1 else []

    def _managers_in(self, scope: Scope) -> Iterator[str]:
        for bound in (one for every in scope.names.values() for one in every if isinstance(one.node, ast.Call)):
            for inner in ast.walk(bound.node):
                kind = self.kinds.of(inner, scope) if isinstance(inner, (ast.Name, ast.Attribute)) else None
                if kind is not None and kind.name == "class":
                    yield from (name for name in self.kinds.lineage(kind.of) if name in self.kinds.classes)

    def models_by_table(self) -> dict[str, str]:
        """`file:line` of the Django model of each table."""
        found: dict[str, str] = {}
        for qualified, scope in self.kinds.classes.items():
            if self.kinds.class_kind(qualified).name == "dj.model" and isinstance(scope.node, ast.ClassDef):
                found.setdefault(self.model_table(qualified), f"{scope.module.path}:{scope.node.lineno}")
        return found

    def model_table(self, qualified: str) -> str:
        """The table of a Django model: db_table, else app_model."""
        scope = self.kinds.classes.get(qualified)
        if scope is not None:
            for owner in self.kinds.lineage(qualified):
                meta = self.kinds.classes.get(f"{owner}.Meta")
                for bound in meta.names.get("db_table", []) if meta else []:
                    if isinstance(bound.node, ast.Constant) and isinstance(bound.node.value, str):
                        return bound.node.value
                if owner in self.kinds.classes and self._proxied(owner):
                    continue
                if owner in self.kinds.classes:
                    qualified = owner
                    break
        parts = qualified.split(".")
        if len(parts) < 2:
            return parts[-1].lower()
        before = parts[: parts.index("models")] if "models" in parts else parts[:-1]
        return f"{before[-1]}_{parts[-1]}".lower() if before else parts[-1].lower()

    def _proxied(self, qualified: str) -> bool:
        meta = self.kinds.classes.get(f"{qualified}.Meta")
        bound = meta.names.get("proxy", []) if meta else []
        return any(isinstance(one.node, ast.Constant) and one.node.value is True for one in bound)


def tables_of(sql: str) -> set[str]:
    """Tables that a text names after FROM, JOIN, INTO, UPDATE, TABLE; quotes and the schema public taken off."""
    found: set[str] = set()
    for match in _TABLE.finditer(re.sub(r"'(?:[^']|'')*'", "''", sql)):
        name = match.group(1).replace('"', "")
        if name.lower() not in _NO_TABLE and "{" not in name:
            found.add(name.removeprefix("public."))
    return found - _common_tables(sql)


def _common_tables(sql: str) -> set[str]:
    """Names that WITH gives to queries: no tables."""
    if "with" not in sql.lower():
        return set()
    return set(re.findall(r"([A-Za-z_]\w*)\s*(?:\([^()]*\)\s*)?\bas\s+(?:not\s+)?(?:materialized\s+)?\(", sql, re.IGNORECASE))


def _has_words(sql: str) -> bool:
    return bool(re.search(r"[A-Za-z]{2}", re.sub(r"\{[^{}]*\}", "", sql)))


def _sql_files(root: Path) -> dict[str, str]:
    files: dict[str, str] = {}
    for path in sorted(root.rglob("*.sql")):
        if any(part.startswith(".") or part in ("node_modules", "site-packages") for part in path.relative_to(root).parts):
            continue
        if path.stat().st_size <= _SQL_BYTES_MAX:
            files[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8", errors="replace")
    return files
