"""Finds what goes through Django's ORM: chains on managers, querysets that are run, models that are saved.

Invariant: one chain is one place; a queryset inside another's arguments is a part of it.
Not here: .raw(), .extra() and RawSQL, which are SQL by hand (raw.py).
"""

import ast
from collections.abc import Iterator

from pgwitness.audit import names
from pgwitness.audit.code import Code
from pgwitness.audit.scopes import Scope

_SHORTCUTS = {"get_object_or_404", "get_list_or_404", "aget_object_or_404", "aget_list_or_404"}
_HAND_WRITTEN = frozenset({"raw", "extra"})


def find_orm(code: Code) -> None:
    """Adds the places of kind orm."""
    for module, node, scope in code.calls():
        api, model = _touches(code, node, scope)
        if not api:
            continue
        top = _top_of_chain(code, node, scope)
        if any(above in code.places and code.places[above].kind == "orm" for above in module.ancestors(top)) and _lazy(top):
            continue
        if _chain_has(top, _HAND_WRITTEN):
            continue
        place = code.place(top, scope, "orm", api)
        if top is not node:
            place.api = _last(top) or api
        if model:
            place.tables = sorted({*place.tables, *code.table_of(model)})
    _drop_inner(code)
    _find_views(code)


def _touches(code: Code, node: ast.Call, scope: Scope) -> tuple[str, str]:
    """The method that starts a place here, and the model; ('', '') where the call is none."""
    if isinstance(node.func, ast.Name) or _last(node) in _SHORTCUTS:
        callee = code.kinds.of(node.func, scope)
        if callee is not None and callee.of.split(".")[-1] in _SHORTCUTS and node.args:
            inner = code.kinds.of(node.args[0], scope)
            return callee.of.split(".")[-1], inner.of if inner else ""
        return "", ""
    if not isinstance(node.func, ast.Attribute):
        return "", ""
    receiver = code.kinds.of(node.func.value, scope)
    method = node.func.attr
    if receiver is None:
        return "", ""
    if receiver.name == "dj.manager":
        return (method, receiver.of) if _queries(method) else ("", "")
    if receiver.name == "dj.queryset":
        return (method, receiver.of) if method in names.TERMINAL else ("", "")
    if receiver.name == "dj.instance" and method in names.INSTANCE:
        return method, receiver.of
    return "", ""


def _queries(method: str) -> bool:
    if method in ("get_queryset", "as_manager", "db_manager", "contribute_to_class", "deconstruct", "check"):
        return False
    # A custom manager's own method is a place where it is defined.
    return not method.startswith("_") and not method[0].isupper()


def _top_of_chain(code: Code, node: ast.Call, scope: Scope) -> ast.Call:
    """The last call of `x.objects.a().b().c()`."""
    module = scope.module
    top = node
    while True:
        attribute = module.parent(top)
        if isinstance(attribute, ast.Subscript) and attribute.value is top and isinstance(attribute.slice, ast.Slice):
            attribute = module.parent(attribute)
        call = module.parent(attribute) if isinstance(attribute, ast.Attribute) else None
        if not isinstance(call, ast.Call) or not isinstance(attribute, ast.Attribute) or call.func is not attribute:
            return top
        kind = code.kinds.of(attribute.value, scope)
        if kind is None or kind.name not in ("dj.queryset", "dj.manager"):
            return top
        top = call


def _lazy(node: ast.Call) -> bool:
    return _last(node) not in names.TERMINAL


def _chain_has(node: ast.expr, methods: frozenset[str]) -> bool:
    while True:
        if isinstance(node, ast.Call):
            if _last(node) in methods:
                return True
            node = node.func
        elif isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        else:
            return False


def _drop_inner(code: Code) -> None:
    """Lazy chains inside the arguments of a chain that was found later."""
    nodes = {node for node, place in code.places.items() if place.kind == "orm"}
    for module in code.project.files:
        for node in ast.walk(module.tree):
            if node in nodes and isinstance(node, ast.Call) and _lazy(node):
                if any(above in nodes and above is not node for above in _expression(module.ancestors(node))):
                    del code.places[node]


def _expression(ancestors: Iterator[ast.AST]) -> Iterator[ast.AST]:
    for above in ancestors:
        if isinstance(above, (ast.stmt, ast.Lambda)):
            return
        yield above


def _find_views(code: Code) -> None:
    """Class-based views that name a model: they query it although no call is written."""
    for qualified, scope in code.kinds.classes.items():
        node = scope.node
        if not isinstance(node, ast.ClassDef) or not code.kinds.is_a(qualified, names.is_view):
            continue
        if "queryset" in scope.names or "get_queryset" in scope.names:
            continue
        for bound in scope.names.get("model", []):
            kind = code.kinds.of(bound.node, scope) if isinstance(bound.node, ast.expr) else None
            if kind is not None and kind.name == "dj.model" and isinstance(bound.at, ast.stmt):
                place = code.place(bound.at, scope, "orm", "generic view")
                place.tables = [code.model_table(kind.of)]


def _last(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
