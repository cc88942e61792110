"""What is bound to a name: imports, assignments, parameters, functions and classes, per scope.

Invariant: a name is looked up as Python does it: the function, those around it, the module; a class body is skipped.
Not here: what kind of object a binding is (kinds.py).
"""

import ast
from dataclasses import dataclass, field
from typing import Literal, Union

from pgwitness.audit.project import Module, Project

FunctionNode = Union[ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda]
ScopeNode = Union[ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
How = Literal["value", "import", "parameter", "function", "class", "with", "for", "part"]


@dataclass(frozen=True)
class Binding:
    """One way in which a name gets its value. `node` is the expression, the definition, or the ast.arg."""

    how: How
    node: ast.AST
    line: int
    scope: "Scope"
    # Of an import: the dotted name. Of `part`: the position in a tuple.
    target: str = ""
    # The statement that binds, to tell a branch from what runs always.
    at: ast.AST | None = None


@dataclass(eq=False)
class Scope:
    """One module, function or class body."""

    module: Module
    node: ScopeNode
    outer: "Scope | None"
    names: dict[str, list[Binding]] = field(default_factory=dict)
    # Assignments to self.NAME in the methods of a class.
    attributes: dict[str, list[Binding]] = field(default_factory=dict)

    @property
    def qualified(self) -> str:
        """`Class.method`, `<module>` for the module itself."""
        parts: list[str] = []
        scope: Scope | None = self
        while scope is not None and not isinstance(scope.node, ast.Module):
            parts.append(getattr(scope.node, "name", "<lambda>"))
            scope = scope.outer
        return ".".join(reversed(parts)) or "<module>"

    @property
    def function_lines(self) -> tuple[int, int] | None:
        """First and last line of the nearest function with a name."""
        scope: Scope | None = self
        while scope is not None:
            if isinstance(scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                return scope.node.lineno, scope.node.end_lineno or scope.node.lineno
            scope = scope.outer
        return None

    def owner(self) -> "Scope | None":
        """The class whose method this scope is in."""
        scope: Scope | None = self
        while scope is not None:
            if isinstance(scope.node, ast.ClassDef):
                return scope
            scope = scope.outer
        return None

    def find(self, name: str) -> list[Binding]:
        """Bindings of the nearest scope that has the name."""
        scope: Scope | None = self
        first = True
        while scope is not None:
            if name in scope.names and (first or not isinstance(scope.node, ast.ClassDef)):
                return scope.names[name]
            scope, first = scope.outer, False
        return []


class Scopes:
    """All scopes of a project, and the scope in which a node stands."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._by_node: dict[ast.AST, Scope] = {}
        self._at: ast.AST | None = None
        for module in project.files:
            self._enter(module, module.tree, None)

    def of(self, node: ast.AST) -> Scope:
        """The scope that a module, function or class opens."""
        return self._by_node[node]

    def around(self, module: Module, node: ast.AST) -> Scope:
        """The scope in which a node is evaluated: decorators and defaults of a function belong outside it."""
        inner = node
        for above in module.ancestors(node):
            if above in self._by_node:
                if isinstance(above, _FUNCTIONS) and not _inside(above, inner):
                    inner = above
                    continue
                return self._by_node[above]
            inner = above
        return self._by_node[module.tree]

    def _enter(self, module: Module, node: ScopeNode, outer: Scope | None) -> None:
        scope = Scope(module, node, outer)
        self._by_node[node] = scope
        if isinstance(node, _FUNCTIONS):
            arguments = node.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            every += [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
            for argument in every:
                self._bind(scope, argument.arg, Binding("parameter", argument, argument.lineno, scope))
        body = [node.body] if isinstance(node, ast.Lambda) else node.body
        for statement in body:
            self._visit(scope, statement)

    def _bind(self, scope: Scope, name: str, binding: Binding) -> None:
        scope.names.setdefault(name, []).append(binding)

    def _visit(self, scope: Scope, node: ast.AST) -> None:
        if isinstance(node, ast.stmt):
            self._at = node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            how: How = "class" if isinstance(node, ast.ClassDef) else "function"
            self._bind(scope, node.name, Binding(how, node, node.lineno, scope))
            self._enter(scope.module, node, scope)
            outside = [*node.decorator_list, *(node.bases if isinstance(node, ast.ClassDef) else _defaults(node))]
            for expression in outside:
                self._visit(scope, expression)
            return
        if isinstance(node, ast.Lambda):
            self._enter(scope.module, node, scope)
            return
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self._imports(scope, node)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._assign(scope, target, node.value, "value", node.lineno)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            self._assign(scope, node.target, node.value, "value", node.lineno)
        elif isinstance(node, ast.AugAssign):
            joined = ast.BinOp(left=_loaded(node.target), op=node.op, right=node.value)
            ast.copy_location(joined, node)
            self._assign(scope, node.target, joined, "value", node.lineno)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            line = getattr(node, "lineno", getattr(node.target, "lineno", 0))
            self._assign(scope, node.target, node.iter, "for", line)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if item.optional_vars is not None:
                    self._assign(scope, item.optional_vars, item.context_expr, "with", node.lineno)
        for child in ast.iter_child_nodes(node):
            self._visit(scope, child)

    def _assign(self, scope: Scope, target: ast.AST, value: ast.AST, how: How, line: int) -> None:
        if isinstance(target, ast.Name):
            self._bind(scope, target.id, Binding(how, value, line, scope, at=self._at))
        elif isinstance(target, (ast.Tuple, ast.List)):
            same = isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts) and how == "value"
            for position, part in enumerate(target.elts):
                if same:
                    self._assign(scope, part, value.elts[position], how, line)  # type: ignore[attr-defined]
                elif isinstance(part, ast.Name):
                    self._bind(scope, part.id, Binding("part", value, line, scope, str(position)))
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            owner = scope.owner()
            if owner is not None and target.value.id in ("self", "cls"):
                owner.attributes.setdefault(target.attr, []).append(Binding(how, value, line, scope))

    def _imports(self, scope: Scope, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.split(".")[0]
                target = alias.name if alias.asname else name
                self._bind(scope, name, Binding("import", node, node.lineno, scope, target))
            return
        base = absolute(scope.module, node)
        for alias in node.names:
            if alias.name == "*":
                self._star(scope, node, base)
            else:
                self._bind(scope, alias.asname or alias.name, Binding("import", node, node.lineno, scope, f"{base}.{alias.name}"))

    def _public(self, module: Module, seen: set[str]) -> list[str]:
        """What `from module import *` binds, through modules that it takes names from in the same way."""
        names = _public(module)
        for node in module.tree.body:
            if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
                inner = self.project.module(absolute(module, node))
                if inner is not None and inner.path not in seen:
                    names += self._public(inner, {*seen, inner.path})
        return list(dict.fromkeys(names))

    def _star(self, scope: Scope, node: ast.ImportFrom, base: str) -> None:
        module = self.project.module(base)
        if module is None or module is scope.module:
            return
        for name in self._public(module, {module.path}):
            self._bind(scope, name, Binding("import", node, node.lineno, scope, f"{base}.{name}"))


def absolute(module: Module, node: ast.ImportFrom) -> str:
    """The dotted name that an import of `from … import` starts at."""
    if node.level == 0:
        return node.module or ""
    parts = module.name.split(".") if module.name else []
    drop = node.level - (1 if module.is_package else 0)
    kept = parts[: len(parts) - drop] if drop > 0 else parts
    return ".".join([*kept, *([node.module] if node.module else [])])


def _public(module: Module) -> list[str]:
    names: list[str] = []
    for node in module.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.ImportFrom):
            names += [alias.asname or alias.name for alias in node.names if alias.name != "*"]
    return [name for name in names if not name.startswith("_")]


def _inside(function: FunctionNode, child: ast.AST) -> bool:
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    return child in body


def _defaults(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    return [*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None)]


def _loaded(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(id=target.id, ctx=ast.Load()), target)
    return target
