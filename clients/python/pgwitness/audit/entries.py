"""Finds what can start work: routes of Django and Flask, Celery tasks with their schedule, management commands.

Invariant: a list that cannot be had is None, never a guess. Not here: what these run (walk.py).
"""

import ast
import re

from pgwitness.audit.code import Code
from pgwitness.audit.project import Module
from pgwitness.audit.scopes import Scope

_PATHS = frozenset({"path", "re_path", "url"})
_VERBS = frozenset({"route", "get", "post", "put", "delete", "patch"})
_TASKS = frozenset({"shared_task", "task", "periodic_task"})
_DEPTH_MAX = 20


def find_routes(code: Code) -> list[str] | None:
    """Routes as the traffic's tag `route` has them; None where the code has neither a URLconf nor Flask routes."""
    found = [*_django(code), *_flask(code)]
    return sorted(dict.fromkeys(found)) if found else None


def _django(code: Code) -> list[str]:
    holders = [module for module in code.project.files if "urlpatterns" in code.scopes.of(module.tree).names]
    if not holders:
        return []
    roots = _roots(code, holders)
    routes: list[str] = []
    for module in roots:
        _patterns(code, module, ("", 0), routes)
    return routes


def _roots(code: Code, holders: list[Module]) -> list[Module]:
    for module in code.project.files:
        for bound in code.scopes.of(module.tree).names.get("ROOT_URLCONF", []):
            if isinstance(bound.node, ast.Constant) and isinstance(bound.node.value, str):
                root = code.project.module(bound.node.value)
                if root is not None:
                    return [root]
    calls = [
        one for module in holders for one in ast.walk(module.tree) if isinstance(one, ast.Call) and _called(one) == "include"
    ]
    first = [call.args[0].value for call in calls if call.args and isinstance(call.args[0], ast.Constant)]
    included = {name for name in first if isinstance(name, str)}
    return [module for module in holders if not any(module.name == name or module.name.endswith(f".{name}") for name in included)]


def _patterns(code: Code, module: Module, at: tuple[str, int], routes: list[str]) -> None:
    scope = code.scopes.of(module.tree)
    for bound in scope.names.get("urlpatterns", []):
        _listed(code, bound.node, scope, at, routes)
    for node in ast.walk(module.tree):
        # urlpatterns.append(…), urlpatterns.extend(…)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("urlpatterns.") and node.args:
            _listed(code, node.args[0], scope, at, routes)


def _listed(code: Code, node: ast.AST, scope: Scope, at: tuple[str, int], routes: list[str]) -> None:
    prefix, depth = at
    if depth > _DEPTH_MAX:
        return
    if isinstance(node, (ast.List, ast.Tuple)):
        for one in node.elts:
            _listed(code, one.value if isinstance(one, ast.Starred) else one, scope, at, routes)
    elif isinstance(node, ast.BinOp):
        left_is_itself = isinstance(node.left, ast.Name) and node.left.id == "urlpatterns"
        if not left_is_itself:
            _listed(code, node.left, scope, at, routes)
        _listed(code, node.right, scope, at, routes)
    elif isinstance(node, ast.IfExp):
        _listed(code, node.body, scope, at, routes)
        _listed(code, node.orelse, scope, at, routes)
    elif isinstance(node, ast.Name):
        for bound in scope.find(node.id):
            if bound.how == "value":
                _listed(code, bound.node, bound.scope, (prefix, depth + 1), routes)
            elif bound.how == "import":
                _imported(code, bound.target, (prefix, depth + 1), routes)
    elif isinstance(node, ast.Attribute) and node.attr == "urls":
        routes += [prefix + one for one in _registered(code, node.value, scope)]
    elif isinstance(node, ast.Call):
        _pattern(code, node, scope, at, routes)


def _imported(code: Code, dotted: str, at: tuple[str, int], routes: list[str]) -> None:
    module_name, _, name = dotted.rpartition(".")
    module = code.project.module(module_name)
    for bound in code.scopes.of(module.tree).names.get(name, []) if module else []:
        _listed(code, bound.node, bound.scope, at, routes)


def _pattern(code: Code, node: ast.Call, scope: Scope, at: tuple[str, int], routes: list[str]) -> None:
    prefix, depth = at
    name = _called(node)
    if name in ("i18n_patterns", "format_suffix_patterns", "decorated_includes"):
        for one in node.args:
            _listed(code, one, scope, (prefix, depth + 1), routes)
        return
    if name == "include" and node.args:
        _include(code, node.args[0], scope, at, routes)
        return
    if name not in _PATHS or not node.args:
        return
    known = [text for text in code.texts.of(_inner(node.args[0]), scope) if not text.holes]
    if not known:
        return
    own = prefix + known[0].sql
    view = node.args[1] if len(node.args) > 1 else next((one.value for one in node.keywords if one.arg == "view"), None)
    if isinstance(view, ast.Call) and _called(view) == "include" and view.args:
        _include(code, view.args[0], scope, (own, depth + 1), routes)
    elif isinstance(view, (ast.Tuple, ast.List)) and view.elts:
        _include(code, view.elts[0], scope, (own, depth + 1), routes)
    elif isinstance(view, ast.Attribute) and ast.unparse(view) == "admin.site.urls":
        return
    elif isinstance(view, ast.Attribute) and view.attr == "urls":
        _listed(code, view, scope, (own, depth + 1), routes)
    else:
        routes.append(own)


def _include(code: Code, node: ast.expr, scope: Scope, at: tuple[str, int], routes: list[str]) -> None:
    prefix, depth = at
    if depth > _DEPTH_MAX:
        return
    if isinstance(node, ast.Tuple) and node.elts:
        node = node.elts[0]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        module = code.project.module(node.value)
        if module is not None:
            _patterns(code, module, (prefix, depth + 1), routes)
        return
    kind = code.kinds.of(node, scope)
    if kind is not None and kind.name == "module":
        module = code.project.module(kind.of)
        if module is not None:
            _patterns(code, module, (prefix, depth + 1), routes)
        return
    _listed(code, node, scope, (prefix, depth + 1), routes)


def _registered(code: Code, router: ast.expr, scope: Scope) -> list[str]:
    """Routes of a REST framework router: the list and the single object of each prefix."""
    found: list[str] = []
    shown = ast.unparse(router)
    for node in ast.walk(scope.module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == f"{shown}.register" and node.args:
            for text in code.texts.of(_inner(node.args[0]), scope)[:1]:
                if not text.holes:
                    found += [f"^{text.sql}/$", f"^{text.sql}/(?P<pk>[^/.]+)/$"]
    return found


def _inner(node: ast.expr) -> ast.expr:
    """The text of _("…") and of re.compile(…)."""
    return node.args[0] if isinstance(node, ast.Call) and node.args else node


def _flask(code: Code) -> list[str]:
    if not code.kinds.uses("flask"):
        return []
    prefixes = _blueprints(code)
    routes: list[str] = []
    for symbol in code.kinds.symbols.values():
        node = symbol.scope.node
        for one in getattr(node, "decorator_list", []) if not isinstance(node, ast.ClassDef) else []:
            if not isinstance(one, ast.Call) or not isinstance(one.func, ast.Attribute) or one.func.attr not in _VERBS:
                continue
            if one.args and isinstance(one.args[0], ast.Constant) and isinstance(one.args[0].value, str):
                holder = ast.unparse(one.func.value)
                routes.append(prefixes.get((symbol.scope.module.path, holder), "") + one.args[0].value)
    return routes


def _blueprints(code: Code) -> dict[tuple[str, str], str]:
    """(file, name of the blueprint) -> the prefix of its URLs."""
    prefixes: dict[tuple[str, str], str] = {}
    registered: dict[str, str] = {}
    for module, node, _ in code.calls():
        prefix = next((one.value for one in node.keywords if one.arg == "url_prefix"), None)
        text = prefix.value if isinstance(prefix, ast.Constant) and isinstance(prefix.value, str) else ""
        if _called(node) == "register_blueprint" and node.args:
            registered[ast.unparse(node.args[0]).split(".")[-1]] = text
        if _called(node) == "Blueprint":
            above = module.parent(node)
            if isinstance(above, ast.Assign) and isinstance(above.targets[0], ast.Name):
                prefixes[(module.path, above.targets[0].id)] = text
    return {key: registered.get(key[1], "") + text for key, text in prefixes.items()}


def find_jobs(code: Code) -> list[dict[str, str | None]] | None:
    """Celery tasks with their schedule as written; None where the code has no Celery."""
    if not code.kinds.uses("celery"):
        return None
    schedules = _schedules(code)
    names: list[str] = []
    for qualified, symbol in code.kinds.symbols.items():
        for one in getattr(symbol.scope.node, "decorator_list", []):
            call = one.func if isinstance(one, ast.Call) else one
            if ast.unparse(call).split(".")[-1] not in _TASKS:
                continue
            named = next((key.value for key in one.keywords if key.arg == "name"), None) if isinstance(one, ast.Call) else None
            names.append(named.value if isinstance(named, ast.Constant) and isinstance(named.value, str) else qualified)
    return [{"name": name, "schedule": schedules.get(name)} for name in sorted(set(names) | set(schedules))]


def _schedules(code: Code) -> dict[str, str]:
    found: dict[str, str] = {}
    for module in code.project.files:
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Dict):
                continue
            entry = {key.value: value for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant)}
            task = entry.get("task")
            if isinstance(task, ast.Constant) and isinstance(task.value, str) and "schedule" in entry:
                found[task.value] = ast.unparse(entry["schedule"])
    return found


def find_commands(code: Code) -> list[str] | None:
    """Django's management commands; None where the code has no Django."""
    if not code.kinds.uses("django"):
        return None
    pattern = re.compile(r"(^|/)management/commands/([a-zA-Z]\w*)\.py$")
    return sorted(found.group(2) for module in code.project.files if (found := pattern.search(module.path)))


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
