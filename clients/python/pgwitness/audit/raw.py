"""Finds SQL that is written by hand: cursors, .raw(), .extra(), RawSQL, RunSQL, callproc, the drivers' own calls.

Invariant: an object that is not certainly a cursor or connection of a database is no place.
Not here: text() inside SQLAlchemy (alchemy.py), calls of helpers that send SQL (helpers.py).
"""

import ast

from pgwitness.audit import names
from pgwitness.audit.code import Code
from pgwitness.audit.kind import Kind
from pgwitness.audit.scopes import Scope

# Of asyncpg they send; elsewhere they only read what was sent.
_FETCHES = frozenset({"fetch", "fetchrow", "fetchval"})
_FRAGMENTS = frozenset({"select", "where", "tables", "order_by"})


def find_raw(code: Code) -> None:
    """Adds the places of kind raw."""
    cursors: dict[ast.Call, Scope] = {}
    used: set[Scope] = set()
    for _, node, scope in code.calls():
        if isinstance(node.func, ast.Attribute):
            receiver = code.kinds.of(node.func.value, scope)
            if receiver is not None and _on_known(code, node, receiver, scope):
                used.add(scope)
                continue
            if receiver is not None and receiver.name in ("dj.connection", "db.connection") and node.func.attr == "cursor":
                cursors[node] = scope
        _by_name(code, node, scope)
    for node, scope in cursors.items():
        if not any(scope is one or _around(scope, one) for one in used):
            place = code.place(node, scope, "raw", "connection.cursor")
            place.resolved, place.unresolved = False, "what the cursor sends is not to be seen here"


def _around(outer: Scope, inner: Scope) -> bool:
    scope = inner.outer
    while scope is not None:
        if scope is outer:
            return True
        scope = scope.outer
    return False


def _on_known(code: Code, node: ast.Call, receiver: Kind, scope: Scope) -> bool:
    assert isinstance(node.func, ast.Attribute)
    method = node.func.attr
    if receiver.name in ("dj.cursor", "db.cursor") and method in names.CURSOR - _FETCHES:
        _sent(code, node, receiver, (f"cursor.{method}", scope))
        return True
    if receiver.name == "db.connection":
        sends = names.CURSOR if receiver.of == "asyncpg" else names.CURSOR - _FETCHES
        if method in sends or (receiver.of == "dataset" and method == "query"):
            _sent(code, node, receiver, (f"connection.{method}", scope))
            return True
    if receiver.name == "dj.schema-editor" and method == "execute":
        _sent(code, node, receiver, ("schema_editor.execute", scope))
        return True
    if receiver.name in ("dj.manager", "dj.queryset") and method == "raw":
        place = code.place(node, scope, "raw", "raw")
        code.sends(place, _argument(node, 0, "raw_query"), scope)
        if receiver.of:
            place.tables = sorted({*place.tables, *code.table_of(receiver.of)})
        if _is_own_sql(node):
            place.statements = [type(place.statements[0])(None, True)]
            place.resolved, place.unresolved = False, "its text is what the ORM itself writes"
        return True
    if receiver.name in ("dj.manager", "dj.queryset") and method == "extra":
        _extra(code, node, receiver, scope)
        return True
    return False


def _sent(code: Code, node: ast.Call, receiver: Kind, how: tuple[str, Scope]) -> None:
    api, scope = how
    place = code.place(node, scope, "raw", api)
    place.database = receiver.database
    if api.endswith("callproc"):
        name = _argument(node, 0, "procname")
        texts = code.texts.of(name, scope) if name is not None else []
        for text in texts:
            code.add_texts(place, [type(text)(f"SELECT * FROM {text.sql}()", text.holes, text.parameters)])
        return
    code.sends(place, _argument(node, 0, "query", "sql", "operation"), scope)


def _extra(code: Code, node: ast.Call, receiver: Kind, scope: Scope) -> None:
    place = code.place(node, scope, "raw", "extra")
    place.tables = code.table_of(receiver.of) if receiver.of else []
    for keyword in node.keywords:
        if keyword.arg not in _FRAGMENTS:
            continue
        value = keyword.value
        parts = value.values if isinstance(value, ast.Dict) else getattr(value, "elts", [value])
        for part in parts:
            code.sends(place, part, scope, "fragment")


def _by_name(code: Code, node: ast.Call, scope: Scope) -> None:
    callee = code.kinds.of(node.func, scope)
    if callee is None or callee.name not in ("external", "class"):
        return
    last = callee.of.split(".")[-1]
    if last == "RawSQL" and callee.of.startswith("django."):
        code.sends(code.place(node, scope, "raw", "RawSQL"), _argument(node, 0, "sql"), scope, "fragment")
    elif last == "RunSQL" and callee.of.startswith("django."):
        place = code.place(node, scope, "raw", "RunSQL")
        place.in_migration = True
        _run_sql(code, node, scope)
    elif callee.of in names.CURSOR_HELPERS:
        code.sends(code.place(node, scope, "raw", last), _argument(node, 1, "sql"), scope)
    elif callee.of == "alembic.op.execute":
        place = code.place(node, scope, "raw", "op.execute")
        place.in_migration = True
        code.sends(place, _argument(node, 0, "sqltext"), scope)


def _run_sql(code: Code, node: ast.Call, scope: Scope) -> None:
    """RunSQL takes one text, or a list of texts and of (text, parameters), in both directions."""
    place = code.places[node]
    for position, name, reverse in ((0, "sql", False), (1, "reverse_sql", True)):
        given = _argument(node, position, name)
        if given is None or ast.unparse(given).endswith("noop"):
            continue
        for one in given.elts if isinstance(given, (ast.List, ast.Tuple)) else [given]:
            text = one.elts[0] if isinstance(one, (ast.Tuple, ast.List)) and one.elts else one
            code.add_texts(place, code.texts.of(text, scope), "statement", reverse)


def _is_own_sql(node: ast.Call) -> bool:
    return bool(node.args) and ast.unparse(node.args[0]).endswith((".query)", ".query"))


def _argument(node: ast.Call, position: int, *keywords: str) -> ast.expr | None:
    if len(node.args) > position and not isinstance(node.args[position], ast.Starred):
        return node.args[position]
    return next((one.value for one in node.keywords if one.arg in keywords), None)
