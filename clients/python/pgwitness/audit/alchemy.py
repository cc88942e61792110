"""Finds what goes through SQLAlchemy, and what has to go with it: imports, models, engines, session factories.

Invariant: a session of another library (requests, aiohttp) is no place.
Not here: drivers used without SQLAlchemy (raw.py).
"""

import ast

from pgwitness.audit import names
from pgwitness.audit.catalogue import Place
from pgwitness.audit.code import Code
from pgwitness.audit.kind import Kind
from pgwitness.audit.scopes import Scope

_DECLARED = {"sa.engine": "engine", "sa.sessionmaker": "sessionmaker", "sa.flask": "engine"}
_TAKES_TEXT = frozenset({"execute", "scalar", "scalars", "stream", "stream_scalars", "exec_driver_sql", "exec"})


def find_sqlalchemy(code: Code) -> None:
    """Adds the places of kind sqlalchemy."""
    built: list[tuple[ast.Call, Scope, Kind]] = []
    for _, node, scope in code.calls():
        if isinstance(node.func, ast.Attribute):
            receiver = code.kinds.of(node.func.value, scope)
            if receiver is not None and _on_known(code, node, receiver, scope):
                continue
        _declaration(code, node, scope)
        kind = code.kinds.of(node, scope)
        if kind is not None and kind.name in ("sa.text", "sa.statement") and isinstance(code.kinds.of(node.func, scope), Kind):
            built.append((node, scope, kind))
    _declared_by_statement(code)
    _sent_elsewhere(code, built)


def _on_known(code: Code, node: ast.Call, receiver: Kind, scope: Scope) -> bool:
    assert isinstance(node.func, ast.Attribute)
    method = node.func.attr
    if receiver.name == "sa.session" and method in names.SESSION:
        api = f"session.{method}"
    elif receiver.name in ("sa.connection", "sa.engine") and method in names.CONNECTION:
        api = f"connection.{method}"
    elif receiver.name == "sa.query" and _begins(node.func.value) and not method.startswith("__"):
        api = f"query.{method}"
    else:
        return False
    top = _chain(code, node, scope)
    place = code.place(top, scope, "sqlalchemy", api)
    place.tables = sorted({*place.tables, *_tables(code, top, scope)})
    if method in _TAKES_TEXT and node.args:
        _statement(code, place, node.args[0], scope)
    return True


def _begins(query: ast.expr) -> bool:
    """`Model.query`, a dynamic relation, or super() in a class of queries: the call on it is the place."""
    return isinstance(query, ast.Attribute) or (isinstance(query, ast.Call) and getattr(query.func, "id", "") == "super")


def _statement(code: Code, place: Place, node: ast.expr, scope: Scope) -> None:
    """The text where there is one; a construct of SQLAlchemy's own has none in the code."""
    kind = code.kinds.of(node, scope)
    if kind is not None and kind.name in ("sa.statement", "sa.query"):
        place.tables = sorted({*place.tables, *_tables(code, _value(code, node, scope), scope)})
        return
    code.sends(place, node, scope)


def _value(code: Code, node: ast.expr, scope: Scope) -> ast.AST:
    if isinstance(node, ast.Name):
        for bound in reversed(scope.find(node.id)):
            if bound.how == "value":
                return bound.node
    return node


def _chain(code: Code, node: ast.Call, scope: Scope) -> ast.Call:
    """The last call of session.query(…).filter(…).all()."""
    module = scope.module
    top = node
    while True:
        attribute = module.parent(top)
        call = module.parent(attribute) if isinstance(attribute, ast.Attribute) else None
        if not isinstance(call, ast.Call) or not isinstance(attribute, ast.Attribute) or call.func is not attribute:
            return top
        top = call


def _tables(code: Code, node: ast.AST, scope: Scope) -> set[str]:
    found: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Name, ast.Attribute)):
            kind = code.kinds.of(inner, scope)
            if kind is not None and kind.name in ("sa.model", "sa.instance"):
                found |= _table_names(code, kind.of)
    return found


def _table_names(code: Code, model: str) -> set[str]:
    nodes = [bound.node for bound in code.kinds.attribute(model, "__tablename__")]
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _declaration(code: Code, node: ast.Call, scope: Scope) -> None:
    callee = code.kinds.of(node.func, scope)
    if callee is None or callee.name != "external":
        return
    made = names.external_call(callee.of)
    if made is not None and made.name in _DECLARED:
        code.place(node, scope, "sqlalchemy", _DECLARED[made.name])


def _declared_by_statement(code: Code) -> None:
    for module in code.project.files:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported = [node.module or ""]
            else:
                continue
            if any(names.is_sqlalchemy(name) for name in imported):
                code.place(node, code.scopes.around(module, node), "sqlalchemy", "import")
    twins = code.models_by_table()
    for qualified, scope in code.kinds.classes.items():
        if code.kinds.class_kind(qualified).name == "sa.model" and isinstance(scope.node, ast.ClassDef):
            place = code.place(scope.node, scope.outer or scope, "sqlalchemy", "model")
            place.end_line = place.line
            place.tables = sorted(_table_names(code, qualified))
            place.twin = next((twins[table] for table in place.tables if table in twins), None)


def _sent_elsewhere(code: Code, built: list[tuple[ast.Call, Scope, Kind]]) -> None:
    """text() and select() that stand in no place and whose name no place of the same function sends."""
    inside: set[ast.AST] = set()
    for node, place in code.places.items():
        if place.kind == "sqlalchemy" and isinstance(node, ast.expr):
            inside.update(ast.walk(node))
    for sent in code.sent:
        value = _value(code, sent.node, sent.scope)
        inside.update(ast.walk(value))
    names_sent = {
        (place.file, one.id)
        for node, place in code.places.items()
        if place.kind == "sqlalchemy" and isinstance(node, ast.expr)
        for one in ast.walk(node)
        if isinstance(one, ast.Name)
    }
    known: set[ast.AST] = set()
    for node, scope, kind in built:
        if node in inside or node in known:
            continue
        target = _assigned(scope, node)
        if target and (scope.module.path, target) in names_sent:
            continue
        top = _chain(code, node, scope)
        known.update(ast.walk(top))
        api = "text" if kind.name == "sa.text" else "select"
        place = code.place(top, scope, "sqlalchemy", api)
        place.tables = sorted(_tables(code, top, scope))
        if kind.name == "sa.text":
            code.sends(place, node, scope, "fragment")
        place.resolved, place.unresolved = False, "it is built here and sent elsewhere"


def _assigned(scope: Scope, node: ast.AST) -> str:
    for above in scope.module.ancestors(node):
        if isinstance(above, ast.Assign) and isinstance(above.targets[0], ast.Name):
            return above.targets[0].id
        if isinstance(above, ast.stmt):
            return ""
    return ""
