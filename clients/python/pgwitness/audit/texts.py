"""The SQL that an expression may be: constants, joined strings, f-strings, sql.SQL, functions that return SQL, .sql files.

Invariant: a text without a hole is what the code sends; what is not known is a hole, `{expression}`.
Not here: which expressions are SQL (walk.py).
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pgwitness.audit.kinds import Kinds
from pgwitness.audit.scopes import Binding, Scope

_ALTERNATIVES_MAX = 60
_DEPTH_MAX = 25
_HOLE_MAX = 60
# Functions whose text is that of their argument, and methods whose text is that of their receiver.
_WRAPS = frozenset({"dedent", "cleandoc", "str", "text", "SQL", "mark_safe", "literal_column", "TextClause"})
_KEEPS = frozenset({"strip", "lstrip", "rstrip", "encode", "decode", "as_string", "bindparams", "columns", "execution_options"})
_READS = frozenset({"read", "read_text", "read_bytes", "get_data", "open_text", "getvalue"})


@dataclass(frozen=True)
class Text:
    """One text. `parameters`: names of the functions' parameters that its holes stand for."""

    sql: str
    holes: bool = False
    parameters: frozenset[ast.arg] = frozenset()


# What callers pass for a parameter, while a helper's text is worked out for one call.
Given = dict[ast.arg, tuple[ast.expr, Scope, "Given"]]


class Texts:
    def __init__(self, kinds: Kinds, sql_files: dict[str, str]) -> None:
        """`sql_files`: relative path -> content of every .sql file of the project."""
        self._kinds = kinds
        self._files = sql_files
        self._depth = 0
        self._open: set[int] = set()

    def of(self, node: ast.expr, scope: Scope, given: Given | None = None) -> list[Text]:
        """All texts that the expression may have; one hole where nothing is known."""
        if self._depth > _DEPTH_MAX or id(node) in self._open:
            return [_hole(node)]
        self._depth += 1
        self._open.add(id(node))
        try:
            found = self._read(node, scope, given or {})
        finally:
            self._depth -= 1
            self._open.discard(id(node))
        return list(dict.fromkeys(found))[:_ALTERNATIVES_MAX] or [_hole(node)]

    def _read(self, node: ast.expr, scope: Scope, given: Given) -> list[Text]:
        if isinstance(node, ast.Constant):
            value = node.value.decode("utf-8", "replace") if isinstance(node.value, bytes) else node.value
            return [Text(value)] if isinstance(value, str) else [Text(str(value))]
        if isinstance(node, ast.JoinedStr):
            return self._joined([self._part(part, scope, given) for part in node.values])
        if isinstance(node, ast.BinOp):
            return self._binary(node, scope, given)
        if isinstance(node, ast.IfExp):
            return [*self.of(node.body, scope, given), *self.of(node.orelse, scope, given)]
        if isinstance(node, ast.BoolOp):
            return [text for value in node.values for text in self.of(value, scope, given)]
        if isinstance(node, ast.Name):
            return self._name(node, scope, given)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, scope, given)
        if isinstance(node, ast.Subscript):
            return self._subscript(node, scope, given)
        if isinstance(node, ast.Call):
            return self._call(node, scope, given)
        if isinstance(node, (ast.Await, ast.NamedExpr)):
            return self.of(node.value, scope, given)
        return [_hole(node)]

    def _part(self, node: ast.expr, scope: Scope, given: Given) -> list[Text]:
        return self.of(node.value if isinstance(node, ast.FormattedValue) else node, scope, given)

    def _joined(self, parts: Iterable[list[Text]], between: str = "") -> list[Text]:
        whole: list[Text] | None = None
        for part in parts:
            if whole is None:
                whole = part
                continue
            whole = [
                Text(left.sql + between + right.sql, left.holes or right.holes, left.parameters | right.parameters)
                for left in whole
                for right in part
            ][:_ALTERNATIVES_MAX]
        return whole or [Text("")]

    def _binary(self, node: ast.BinOp, scope: Scope, given: Given) -> list[Text]:
        if isinstance(node.op, ast.Add):
            return self._joined([self.of(node.left, scope, given), self.of(node.right, scope, given)])
        if isinstance(node.op, ast.Div):
            return self._joined([self.of(node.left, scope, given), self.of(node.right, scope, given)], "/")
        if isinstance(node.op, ast.Mod):
            values = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
            named = _dictionary(node.right)
            return [
                filled
                for text in self.of(node.left, scope, given)
                for filled in self._percent(text, values, named, (scope, given))
            ]
        return [_hole(node)]

    def _percent(self, text: Text, values: list[ast.expr], named: dict[str, ast.expr], where: tuple[Scope, Given]) -> list[Text]:
        """`text % values`: each %s becomes the text of its value."""
        parts: list[list[Text]] = []
        rest, position = text.sql, 0
        plain = ""
        while rest:
            before, mark, after = rest.partition("%")
            plain += before
            if not mark:
                break
            if after.startswith("%"):
                plain, rest = plain + "%", after[1:]
                continue
            if after.startswith("(") and ")" in after:
                name, _, after = after[1:].partition(")")
                value = named.get(name)
            else:
                value = values[position] if position < len(values) and not named else None
                position += 1
            parts += [[replace(text, sql=plain)], self.of(value, *where) if value is not None else [Text("{}", True)]]
            plain, rest = "", after.lstrip("0123456789.-+ ")[1:]
        parts.append([replace(text, sql=plain)])
        return self._joined(parts)

    def _name(self, node: ast.Name, scope: Scope, given: Given) -> list[Text]:
        bound = scope.find(node.id)
        if not bound:
            return [_hole(node)]
        local = bound[0].scope is scope or bound[0].scope.node is not scope.module.tree
        before = [one for one in bound if one.line < node.lineno] if local else bound
        found: list[Text] = []
        for binding in reversed(before or bound):
            found += self._bound(node, binding, given)
            if self._always(binding, node):
                break
        return found

    def _bound(self, node: ast.expr, binding: Binding, given: Given) -> list[Text]:
        if binding.how == "parameter" and isinstance(binding.node, ast.arg):
            passed = given.get(binding.node)
            if passed is not None:
                return self.of(passed[0], passed[1], passed[2])
            return [Text(_hole(node).sql, True, frozenset({binding.node}))]
        if binding.how == "import":
            return self._dotted(node, binding.target)
        if binding.how == "value" and isinstance(binding.node, ast.expr):
            return self.of(binding.node, binding.scope, given)
        if binding.how == "for" and isinstance(binding.node, (ast.Tuple, ast.List, ast.Set)):
            return [text for one in binding.node.elts for text in self.of(one, binding.scope, given)]
        if binding.how in ("for", "with") and isinstance(binding.node, ast.expr):
            return (
                self._values(binding.node, binding.scope, given)
                if binding.how == "for"
                else self.of(binding.node, binding.scope, given)
            )
        return [_hole(node)]

    def _values(self, node: ast.expr, scope: Scope, given: Given) -> list[Text]:
        """What iterating over a named list, or over the values of a dictionary, gives."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "values":
            node = node.func.value
        listed = self._definition(node, scope)
        if isinstance(listed[0], (ast.Tuple, ast.List, ast.Set)):
            return [text for one in listed[0].elts for text in self.of(one, listed[1], given)]
        if isinstance(listed[0], ast.Dict):
            return [text for one in listed[0].values for text in self.of(one, listed[1], given)]
        return [_hole(node)]

    def _always(self, binding: Binding, use: ast.AST) -> bool:
        """Whether the binding runs whenever the use does: it stands in a block around the use."""
        module = binding.scope.module
        at = binding.at
        if binding.how == "parameter":
            return True
        if at is None:
            return False
        block = module.parent(at)
        return block is binding.scope.node or block in set(module.ancestors(use))

    def _attribute(self, node: ast.Attribute, scope: Scope, given: Given) -> list[Text]:
        inner = self._kinds.of(node.value, scope)
        if inner is not None and inner.name == "module":
            return self._dotted(node, f"{inner.of}.{node.attr}")
        if inner is not None and inner.of and inner.name in ("class", "instance", "dj.model", "dj.instance", "dj.manager"):
            owners = [inner.of, *self._kinds.subclasses(inner.of)]
            found: list[Text] = []
            for owner in dict.fromkeys(owners):
                for binding in self._kinds.attribute(owner, node.attr):
                    if binding.how == "value" and isinstance(binding.node, ast.expr) and not _is_none(binding.node):
                        found += self.of(binding.node, binding.scope, given)
            if found:
                return found
        return [_hole(node)]

    def _dotted(self, node: ast.expr, dotted: str) -> list[Text]:
        module_name, _, name = dotted.rpartition(".")
        module = self._kinds.project.module(module_name)
        if module is None:
            return [_hole(node)]
        bound = self._kinds.scopes.of(module.tree).names.get(name, [])
        return [text for binding in bound for text in self._bound(node, binding, {})] or [_hole(node)]

    def _definition(self, node: ast.expr, scope: Scope) -> tuple[ast.AST, Scope]:
        """The expression that a name of the module or of another one stands for."""
        binding: Binding | None = None
        if isinstance(node, ast.Name):
            bound = scope.find(node.id)
            binding = bound[-1] if bound else None
        elif isinstance(node, ast.Attribute):
            inner = self._kinds.of(node.value, scope)
            if inner is not None and inner.name == "module":
                module = self._kinds.project.module(inner.of)
                bound = self._kinds.scopes.of(module.tree).names.get(node.attr, []) if module else []
                binding = bound[-1] if bound else None
            elif inner is not None and inner.of:
                bound = self._kinds.attribute(inner.of, node.attr)
                binding = bound[-1] if bound else None
        if binding is None:
            return node, scope
        if binding.how == "import":
            module_name, _, name = binding.target.rpartition(".")
            module = self._kinds.project.module(module_name)
            if module is None:
                return node, scope
            return self._definition(ast.Name(id=name, ctx=ast.Load(), lineno=10**9), self._kinds.scopes.of(module.tree))
        return (binding.node, binding.scope) if binding.how == "value" else (node, scope)

    def _subscript(self, node: ast.Subscript, scope: Scope, given: Given) -> list[Text]:
        listed, where = self._definition(node.value, scope)
        return self._picked(node, listed, node.slice, (where, scope, given))

    def _picked(self, node: ast.expr, listed: ast.AST, key: ast.expr, place: tuple[Scope, Scope, Given]) -> list[Text]:
        where, scope, given = place
        if isinstance(listed, ast.Dict):
            wanted = self.of(key, scope, given)
            names = {text.sql for text in wanted if not text.holes}
            every = any(text.holes for text in wanted)
            return [
                text
                for one, value in zip(listed.keys, listed.values, strict=True)
                if every or (isinstance(one, ast.Constant) and str(one.value) in names)
                for text in self.of(value, where, given)
            ] or [_hole(node)]
        if isinstance(listed, (ast.List, ast.Tuple)):
            if isinstance(key, ast.Constant) and isinstance(key.value, int) and -len(listed.elts) <= key.value < len(listed.elts):
                return self.of(listed.elts[key.value], where, given)
            return [text for one in listed.elts for text in self.of(one, where, given)]
        return [_hole(node)]

    def _call(self, node: ast.Call, scope: Scope, given: Given) -> list[Text]:
        function = node.func
        last = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        receiver = function.value if isinstance(function, ast.Attribute) else None
        if last in _READS or last == "open":
            return self._file(node, scope, given)
        if last in ("joinpath", "Path", "PurePath") or (last == "join" and ast.unparse(function).endswith("path.join")):
            parts = [*([receiver] if last == "joinpath" and receiver is not None else []), *node.args]
            return self._joined([self.of(part, scope, given) for part in parts], "/")
        if last == "format" and receiver is not None:
            return self._format(node, receiver, (scope, given))
        if last == "replace" and receiver is not None and len(node.args) == 2:
            old, new = (self.of(one, scope, given) for one in node.args)
            return [
                Text(text.sql.replace(old[0].sql, one.sql), text.holes or one.holes, text.parameters | one.parameters)
                for text in self.of(receiver, scope, given)
                for one in new
            ]
        if last == "join" and receiver is not None and node.args:
            return self._join(node, receiver, (scope, given))
        if last == "Identifier":
            return [replace(text, sql=f'"{text.sql}"') for text in self._joined_list(node.args, (scope, given), '"."')]
        if last in ("Placeholder", "Literal"):
            return [Text("%s")]
        if last == "get" and receiver is not None and node.args:
            listed, where = self._definition(receiver, scope)
            return self._picked(node, listed, node.args[0], (where, scope, given))
        callee = self._kinds.of(function, scope)
        if callee is not None and callee.name == "function" and callee.of in self._kinds.symbols:
            return self._returned(node, callee.of, (scope, given))
        if last in _WRAPS and node.args:
            return self.of(node.args[0], scope, given)
        if last in _KEEPS and receiver is not None:
            return self.of(receiver, scope, given)
        return [_hole(node)]

    def _joined_list(self, nodes: list[ast.expr], where: tuple[Scope, Given], between: str) -> list[Text]:
        return self._joined([self.of(one, *where) for one in nodes], between)

    def _join(self, node: ast.Call, receiver: ast.expr, where: tuple[Scope, Given]) -> list[Text]:
        listed, scope = self._definition(node.args[0], where[0])
        between = self.of(receiver, *where)[0].sql
        if isinstance(listed, (ast.List, ast.Tuple)) and not any(isinstance(one, ast.Starred) for one in listed.elts):
            return self._joined_list(listed.elts, (scope, where[1]), between)
        return [_hole(node)]

    def _format(self, node: ast.Call, receiver: ast.expr, where: tuple[Scope, Given]) -> list[Text]:
        named = {one.arg: one.value for one in node.keywords if one.arg}
        found: list[Text] = []
        for text in self.of(receiver, *where):
            parts: list[list[Text]] = []
            rest, position = text.sql, 0
            while "{" in rest:
                before, _, after = rest.partition("{")
                if after.startswith("{"):
                    parts.append([replace(text, sql=before + "{")])
                    rest = after[1:]
                    continue
                name, _, rest = after.partition("}")
                key = name.split(":")[0].split("!")[0]
                value = named.get(key)
                if value is None and (key == "" or key.isdigit()):
                    index = int(key) if key else position
                    position += 1
                    value = node.args[index] if index < len(node.args) else None
                parts += [
                    [replace(text, sql=before)],
                    self.of(value, *where) if value is not None else [Text(f"{{{name}}}", True)],
                ]
            parts.append([replace(text, sql=rest.replace("}}", "}"))])
            found += self._joined(parts)
        return found

    def _returned(self, node: ast.Call, qualified: str, where: tuple[Scope, Given]) -> list[Text]:
        """The texts that a function of the project returns, with what this call passes to it."""
        symbol = self._kinds.symbols.get(qualified)
        if symbol is None or not isinstance(symbol.scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return [_hole(node)]
        inner = passed(node, symbol.scope.node, where)
        returns = [
            one.value
            for one in ast.walk(symbol.scope.node)
            if isinstance(one, ast.Return)
            and one.value is not None
            and self._kinds.scopes.around(symbol.scope.module, one) is symbol.scope
        ]
        return [text for value in returns for text in self.of(value, symbol.scope, inner)] or [_hole(node)]

    def _file(self, node: ast.Call, scope: Scope, given: Given) -> list[Text]:
        """A file that is read: the .sql file of the project whose path ends as the path in the code does."""
        function = node.func
        named: list[ast.expr] = [*node.args]
        if isinstance(function, ast.Attribute):
            named.insert(0, function.value)
        for expression in named:
            for text in self.of(expression, scope, given):
                if not text.sql.endswith(".sql"):
                    if text.parameters:
                        return [Text(_hole(node).sql, True, text.parameters)]
                    continue
                tail = text.sql.split("}")[-1].lstrip("/.")
                found = [path for path in self._files if f"/{path}".endswith(f"/{tail}")]
                if len(found) == 1:
                    return [Text(self._files[found[0]])]
            if isinstance(function, ast.Attribute) and function.attr in _READS:
                opened = self.of(expression, scope, given)
                if any(not text.holes and len(text.sql) > len("x.sql") and " " in text.sql for text in opened):
                    return opened
        return [_hole(node)]


def passed(node: ast.Call, function: ast.FunctionDef | ast.AsyncFunctionDef, where: tuple[Scope, Given]) -> Given:
    """Which expressions a call gives for the parameters of a function; defaults for what it leaves out."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    scope, given = where
    known: Given = {}
    method = isinstance(node.func, ast.Attribute) or function.name == "__init__"
    bound = method and bool(positional) and positional[0].arg in ("self", "cls")
    shown = positional[1:] if bound else positional
    for argument, value in zip(shown, node.args, strict=False):
        if isinstance(value, ast.Starred):
            break
        known[argument] = (value, scope, given)
    names = {argument.arg: argument for argument in [*positional, *arguments.kwonlyargs]}
    for keyword in node.keywords:
        if keyword.arg in names:
            known[names[keyword.arg]] = (keyword.value, scope, given)
    for argument, default in zip(reversed(positional), reversed(arguments.defaults), strict=False):
        known.setdefault(argument, (default, scope, given))
    for argument, other in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if other is not None:
            known.setdefault(argument, (other, scope, given))
    return known


def _hole(node: ast.AST) -> Text:
    try:
        shown = " ".join(ast.unparse(node).split())
    except (AttributeError, ValueError, RecursionError):
        shown = ""
    return Text("{" + (shown if len(shown) <= _HOLE_MAX else shown[: _HOLE_MAX - 1] + "…") + "}", True)


def _dictionary(node: ast.expr) -> dict[str, ast.expr]:
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {one.value: value for one, value in pairs if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        return {one.arg: one.value for one in node.keywords if one.arg}
    return {}


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
