"""What kind of object an expression is, as far as the code alone makes it certain: a cursor, a session, a queryset, …

Invariant: what is not certain is None; nothing is imported or run.
Not here: what a call on such an object means for the catalogue (walk.py), texts (texts.py).
"""

import ast
from dataclasses import dataclass

from pgwitness.audit import names
from pgwitness.audit.kind import Kind
from pgwitness.audit.project import Module, Project
from pgwitness.audit.scopes import Binding, Scope, Scopes

_DEPTH_MAX = 40


@dataclass(frozen=True)
class Symbol:
    """A function or class of the project."""

    qualified: str
    scope: Scope


class Kinds:
    def __init__(self, project: Project, scopes: Scopes) -> None:
        self.project = project
        self.scopes = scopes
        self.symbols: dict[str, Symbol] = {}
        self._known: dict[int, Kind | None] = {}
        self._open: set[int] = set()
        self._resolved: dict[str, Kind | None] = {}
        # Methods of the project's classes by name, once somebody asks.
        self._methods: dict[str, list[str]] | None = None
        self._lineages: dict[str, list[str]] = {}
        self._depth = 0
        # related_name or model_set -> kind on an instance.
        self._reverse: dict[str, Kind] = {}
        self._imported: dict[str, set[str]] = {}
        for module in project.files:
            self._imported[module.path] = {first for node in ast.walk(module.tree) for first in _packages(node)}
            for node in ast.walk(module.tree):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    scope = scopes.of(node)
                    qualified = f"{module.name}.{scope.qualified}"
                    self.symbols[qualified] = Symbol(qualified, scope)
        self._packages = set().union(*self._imported.values())
        self.classes = {name: one.scope for name, one in self.symbols.items() if isinstance(one.scope.node, ast.ClassDef)}
        self._bases = {name: self._base_kinds(scope) for name, scope in self.classes.items()}
        self._learn_reverse()

    def of(self, node: ast.AST | None, scope: Scope) -> Kind | None:
        """The kind of an expression that is evaluated in `scope`."""
        if node is None or self._depth > _DEPTH_MAX:
            return None
        key = id(node)
        if key in self._known:
            return self._known[key]
        if key in self._open:
            return None
        self._open.add(key)
        self._depth += 1
        try:
            kind = self._infer(node, scope)
        finally:
            self._open.discard(key)
            self._depth -= 1
        if kind is not None or self._depth == 0:
            self._known[key] = kind
        return kind

    def lineage(self, qualified: str) -> list[str]:
        """A class and all its bases, those outside the project too; nearest first."""
        if qualified in self._lineages:
            return self._lineages[qualified]
        found: list[str] = []
        waiting = [qualified]
        while waiting:
            name = waiting.pop(0)
            if name in found:
                continue
            found.append(name)
            waiting += [base.of for base in self._bases.get(name, []) if base.of]
        self._lineages[qualified] = found
        return found

    def subclasses(self, qualified: str) -> list[str]:
        return [name for name in self.classes if qualified in self.lineage(name)]

    def attribute(self, qualified: str, name: str) -> list[Binding]:
        """What a class of the project binds to an attribute, in its body or in a method."""
        for owner in self.lineage(qualified):
            scope = self.classes.get(owner)
            if scope is not None:
                bound = scope.names.get(name) or scope.attributes.get(name)
                if bound:
                    return bound
        return []

    def class_kind(self, qualified: str) -> Kind:
        """A Django model, an SQLAlchemy model, or just a class."""
        alchemy = self.uses("sqlalchemy") or self.uses("flask_sqlalchemy") or self.uses("sqlmodel")
        for base in self.lineage(qualified):
            if base in self.classes:
                if alchemy and self._declares_sqlalchemy(base):
                    return Kind("sa.model", qualified)
                continue
            if alchemy and names.is_sqlalchemy_base(base):
                return Kind("sa.model", qualified)
            if self.uses("django") and names.is_django_model(base):
                return Kind("dj.model", qualified)
        return Kind("class", qualified)

    def is_a(self, qualified: str, test: "names.Test") -> bool:
        """Whether a base outside the project passes the test."""
        return any(test(base) for base in self.lineage(qualified) if base not in self.classes)

    def resolve(self, dotted: str) -> Kind | None:
        """What a dotted name stands for: of the project, or outside it."""
        if dotted not in self._resolved:
            # Modules that import from each other in a circle end here.
            self._resolved[dotted] = None
            self._resolved[dotted] = self._resolve(dotted)
        return self._resolved[dotted]

    def _resolve(self, dotted: str) -> Kind | None:
        parts = dotted.split(".")
        for length in range(len(parts), 0, -1):
            module = self.project.module(".".join(parts[:length]))
            if module is None:
                continue
            rest = parts[length:]
            if not rest:
                return Kind("module", module.name)
            kind = self._in_module(module, rest[0])
            for part in rest[1:]:
                kind = None if kind is None else self._member(kind, part)
            return kind
        return self._external(dotted)

    def _external(self, dotted: str) -> Kind:
        kind = names.external(dotted)
        return Kind("external", dotted) if kind.name.startswith("dj.") and not self.uses("django") else kind

    def _in_module(self, module: Module, name: str) -> Kind | None:
        scope = self.scopes.of(module.tree)
        bound = scope.names.get(name)
        if not bound:
            below = self.project.module(f"{module.name}.{name}") if module.name else None
            return None if below is None else Kind("module", below.name)
        return self._bound(bound[-1], scope, 10**9)

    def _infer(self, node: ast.AST, scope: Scope) -> Kind | None:
        if isinstance(node, ast.Name):
            return self._name(node, scope)
        if isinstance(node, ast.Attribute):
            inner = self.of(node.value, scope)
            member = None if inner is None else self._member(inner, node.attr)
            return member or (self._by_name(node, scope) if inner is None or inner.name.startswith("dj.") else None)
        if isinstance(node, ast.Call):
            return self._call(node, scope)
        if isinstance(node, (ast.Await, ast.NamedExpr, ast.Starred)):
            return self.of(node.value, scope)
        if isinstance(node, ast.BoolOp):
            return next((kind for kind in (self.of(value, scope) for value in node.values) if kind), None)
        if isinstance(node, ast.IfExp):
            return self.of(node.body, scope) or self.of(node.orelse, scope)
        if isinstance(node, ast.Subscript):
            return self._subscript(node, scope)
        return None

    def _name(self, node: ast.Name, scope: Scope) -> Kind | None:
        bound = scope.find(node.id)
        before = [one for one in bound if one.line < node.lineno and one.scope is scope]
        for binding in reversed(before or bound):
            kind = self._bound(binding, scope, node.lineno)
            if kind is not None:
                return kind
        return None

    def _bound(self, binding: Binding, scope: Scope, line: int) -> Kind | None:
        node = binding.node
        if binding.how == "import":
            return self.resolve(binding.target)
        if binding.how == "class":
            return self.class_kind(self._qualified(node))
        if binding.how == "function":
            return Kind("function", self._qualified(node))
        if binding.how == "parameter" and isinstance(node, ast.arg):
            return self._parameter(node, binding.scope)
        kind = self.of(node, binding.scope)
        if kind is None:
            return None
        if binding.how == "with":
            return names.entered(kind)
        if binding.how == "for":
            return names.iterated(kind)
        if binding.how == "part":
            is_first = kind.name == "dj.pair" and binding.target == "0"
            return Kind("dj.instance", kind.of) if is_first else None
        return kind

    def _qualified(self, node: ast.AST) -> str:
        scope = self.scopes.of(node)
        return f"{scope.module.name}.{scope.qualified}"

    def _parameter(self, node: ast.arg, scope: Scope) -> Kind | None:
        function = scope.node
        owner = scope.outer
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) and owner and isinstance(owner.node, ast.ClassDef):
            first = (function.args.posonlyargs + function.args.args)[:1]
            marks = {one.id for one in function.decorator_list if isinstance(one, ast.Name)}
            if first and first[0] is node and "staticmethod" not in marks:
                qualified = self._qualified(owner.node)
                own = self.class_kind(qualified)
                return own if "classmethod" in marks and own.name in ("dj.model", "sa.model") else self._self(qualified)
        if node.annotation is not None:
            return self._annotation(node.annotation, scope.outer or scope)
        if node.arg in ("queryset", "qs"):
            return Kind("dj.queryset") if self.uses("django") else None
        if node.arg in names.SESSIONS:
            return Kind("sa.session") if self.imports(scope.module, "sqlalchemy") else None
        if node.arg == "schema_editor" and self.uses("django"):
            return Kind("dj.schema-editor")
        if node.arg in ("cursor", "cur"):
            return Kind("dj.cursor") if self.uses("django") else Kind("db.cursor")
        return None

    def _by_name(self, node: ast.Attribute, scope: Scope) -> Kind | None:
        """Attributes of objects that are not known, where the name is a convention of the library."""
        if node.attr in ("objects", "_default_manager", "_base_manager") and self.uses("django"):
            return Kind("dj.manager")
        relation = self._reverse.get(node.attr)
        above = scope.module.parent(node)
        if relation is not None and relation.name == "dj.manager" and isinstance(above, ast.Attribute):
            # A relation's own name, with a method that nothing else has.
            return relation if above.attr in names.ON_RELATIONS else None
        if node.attr in names.SESSIONS and node.attr != "session" and self.uses("sqlalchemy"):
            return Kind("sa.session")
        if node.attr == "session" and isinstance(node.value, ast.Attribute) and node.value.attr == "db":
            return Kind("sa.session") if self.uses("sqlalchemy") else None
        return None

    def uses(self, package: str) -> bool:
        """Whether any file imports the package."""
        return package in self._packages

    def imports(self, module: Module, package: str) -> bool:
        return package in self._imported[module.path]

    def _self(self, qualified: str) -> Kind:
        if self.is_a(qualified, names.is_manager):
            return Kind("dj.manager", qualified)
        if self.is_a(qualified, names.is_queryset):
            return Kind("dj.queryset", qualified)
        if self.is_a(qualified, names.is_query):
            return Kind("sa.query", qualified)
        kind = self.class_kind(qualified)
        if kind.name == "dj.model":
            return Kind("dj.instance", qualified)
        return Kind("instance", qualified)

    def _annotation(self, node: ast.expr, scope: Scope) -> Kind | None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.parse(node.value, mode="eval").body
            except SyntaxError:
                return None
        if isinstance(node, ast.BinOp):
            return self._annotation(node.left, scope) or self._annotation(node.right, scope)
        if isinstance(node, ast.Subscript):
            outer = self.of(node.value, scope)
            if outer is not None and outer.of.split(".")[-1] in ("Optional", "Annotated"):
                inner = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
                return self._annotation(inner, scope)
            if outer is not None and outer.name in ("class", "external"):
                return names.instance_of(outer)
            return None
        kind = self.of(node, scope)
        return None if kind is None else names.instance_of(kind)

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Kind | None:
        if isinstance(node.value, ast.Dict):
            # One of several, by a key that is not known: what all of them are.
            kinds = [self.of(value, scope) for value in node.value.values]
            same = kinds[0] if kinds and all(one and kinds[0] and one.name == kinds[0].name for one in kinds) else None
            return same if same is None or len(set(kinds)) == 1 else Kind(same.name)
        inner = self.of(node.value, scope)
        if inner is None:
            return None
        if inner.name == "dj.connections":
            alias = node.slice.value if isinstance(node.slice, ast.Constant) else None
            return Kind("dj.connection", database=alias if isinstance(alias, str) else None)
        if inner.name == "dj.queryset":
            return inner if isinstance(node.slice, ast.Slice) else Kind("dj.instance", inner.of)
        return None

    def _member(self, inner: Kind, name: str) -> Kind | None:
        """The kind of `inner.name`; of a method: what calling it needs to know (`method` kinds)."""
        if inner.name == "module":
            module = self.project.module(inner.of)
            return None if module is None else self._in_module(module, name)
        if inner.name == "external":
            return self._external(f"{inner.of}.{name}")
        known = names.member(inner, name)
        if known is not None:
            return known
        if inner.name in ("class", "instance", "dj.model", "dj.instance", "sa.model", "dj.manager", "dj.queryset"):
            return self._of_class(inner, name)
        return None

    def _of_class(self, inner: Kind, name: str) -> Kind | None:
        for binding in reversed(self.attribute(inner.of, name)):
            if binding.how == "function":
                function = binding.node
                qualified = self._qualified(function)
                decorators = [ast.unparse(one) for one in getattr(function, "decorator_list", [])]
                if any(one.split(".")[-1] in ("property", "cached_property") for one in decorators):
                    return self.returned(qualified)
                return Kind("function", qualified)
            kind = self.of(binding.node, binding.scope)
            if kind is not None and kind.name == "dj.field-one":
                return Kind("dj.instance", kind.of)
            if kind is not None and kind.name == "dj.field-many":
                return Kind("dj.manager", kind.of)
            if kind is not None:
                return Kind("dj.manager", inner.of) if self._makes_manager(kind) else kind
        if inner.name == "instance" and name in names.VIEW_ATTRIBUTES:
            return self._of_view(inner, name)
        if inner.name == "dj.model" and (name == "objects" or name.endswith("_manager")):
            return Kind("dj.manager", inner.of)
        if inner.name == "dj.instance":
            return self._reverse.get(name)
        return None

    def _of_view(self, inner: Kind, name: str) -> Kind | None:
        """A class-based view's own attributes: they follow from `model` and `queryset` of the class."""
        if not self.is_a(inner.of, names.is_view):
            return None
        for attribute in ("queryset", "model"):
            for binding in self.attribute(inner.of, attribute):
                kind = self.of(binding.node, binding.scope)
                if kind is not None:
                    return Kind({"object": "dj.instance"}.get(name, "dj.queryset"), kind.of)
        return None

    def _makes_manager(self, kind: Kind) -> bool:
        return kind.name == "dj.manager" or (kind.name == "instance" and self.is_a(kind.of, names.is_manager))

    def _call(self, node: ast.Call, scope: Scope) -> Kind | None:
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            owner = scope.owner()
            return None if owner is None else self._self(self._qualified(owner.node))
        field = self._field(node, scope)
        if field is not None:
            return field
        callee = self.of(node.func, scope)
        if callee is None:
            return self._unknown_call(node, scope)
        if callee.name == "function":
            return self.returned(callee.of)
        if callee.name in ("class", "dj.model", "sa.model"):
            if callee.name == "class" and self.is_a(callee.of, names.is_manager):
                return Kind("dj.manager", callee.of)
            return names.instance_of(callee)
        if callee.name == "external":
            return self._external_call(node, callee, scope)
        return names.called(callee)

    def _unknown_call(self, node: ast.Call, scope: Scope) -> Kind | None:
        """A method that is not known on a receiver that is: custom methods of managers give querysets."""
        if isinstance(node.func, ast.Attribute):
            receiver = self.of(node.func.value, scope)
            if receiver is not None:
                return names.result(receiver, node.func.attr)
            return self._only_method(node.func.attr)
        return None

    def _only_method(self, name: str) -> Kind | None:
        """Of an object that is not known: a method that one class of the project alone has, where it gives a cursor or connection."""
        if self._methods is None:
            self._methods = {}
            for qualified, scope in self.classes.items():
                for method, bound in scope.names.items():
                    if any(one.how == "function" for one in bound):
                        self._methods.setdefault(method, []).append(f"{qualified}.{method}")
        owners = self._methods.get(name, [])
        kind = self.returned(owners[0]) if len(owners) == 1 else None
        return kind if kind is not None and kind.name in ("dj.cursor", "db.cursor", "dj.connection") else None

    def _external_call(self, node: ast.Call, callee: Kind, scope: Scope) -> Kind | None:
        last = callee.of.split(".")[-1]
        if last == "get_model" and node.args:
            texts = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            return Kind("dj.model", self.model_named(".".join(texts))) if texts else None
        if last in ("get_object_or_404", "aget_object_or_404") and node.args:
            inner = self.of(node.args[0], scope)
            return Kind("dj.instance", inner.of) if inner else None
        if last == "relationship" and callee.of.startswith("sqlalchemy."):
            # What a dynamic relation gives is a query.
            dynamic = any(one.arg == "lazy" and getattr(one.value, "value", None) == "dynamic" for one in node.keywords)
            return Kind("sa.query") if dynamic else None
        return names.external_call(callee.of)

    def returned(self, qualified: str) -> Kind | None:
        """The kind that a function of the project returns, or yields as a context manager."""
        symbol = self.symbols.get(qualified)
        if symbol is None or not isinstance(symbol.scope.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return None
        function = symbol.scope.node
        for inner in ast.walk(function):
            if isinstance(inner, (ast.Return, ast.Yield)) and inner.value is not None:
                if self.scopes.around(symbol.scope.module, inner) is symbol.scope:
                    kind = self.of(inner.value, symbol.scope)
                    if kind is not None:
                        return Kind(f"entering {kind.name}", kind.of, kind.database) if isinstance(inner, ast.Yield) else kind
        if function.returns is not None:
            return self._annotation(function.returns, symbol.scope.outer or symbol.scope)
        return None

    def model_named(self, label: str) -> str:
        """The class that "app.Model" or "Model" names; the label itself where the project has none."""
        last = label.split(".")[-1].lower()
        found = [name for name in self.classes if name.split(".")[-1].lower() == last]
        return found[0] if len(found) == 1 else label

    def _base_kinds(self, scope: Scope) -> list[Kind]:
        node = scope.node
        assert isinstance(node, ast.ClassDef)
        outer = scope.outer or scope
        bases: list[Kind] = []
        for base in node.bases:
            if isinstance(base, ast.Call):
                # Manager.from_queryset(QuerySet), declarative_base(), with_metaclass(…).
                if isinstance(base.func, ast.Attribute) and base.func.attr == "from_queryset":
                    bases.append(Kind("external", "django.db.models.Manager"))
                continue
            dotted = self._dotted(base, outer)
            if dotted:
                bases.append(Kind("class", dotted))
        return bases

    def _dotted(self, node: ast.expr, scope: Scope) -> str:
        """The full name of a base class, without inferring: classes may stand in any order."""
        if isinstance(node, ast.Subscript):
            node = node.value
        text = ast.unparse(node)
        first, _, rest = text.partition(".")
        for binding in reversed(scope.find(first)):
            if binding.how == "import":
                full = f"{binding.target}.{rest}" if rest else binding.target
                return self._through(full)
            if binding.how == "class":
                return self._qualified(binding.node)
            if binding.how == "value" and isinstance(binding.node, ast.Call):
                called = self._dotted(binding.node.func, binding.scope)
                return f"{called}().{rest}" if rest else f"{called}()"
            if binding.how == "value" and isinstance(binding.node, (ast.Name, ast.Attribute)):
                return self._dotted(binding.node, binding.scope)
        return ""

    def _through(self, dotted: str, depth: int = 0) -> str:
        """Follows re-exports inside the project to where a name is defined."""
        module_name, _, name = dotted.rpartition(".")
        module = self.project.module(module_name)
        if module is None or depth > 10:
            return dotted
        for binding in reversed(self.scopes.of(module.tree).names.get(name, [])):
            if binding.how == "import":
                return self._through(binding.target, depth + 1)
            if binding.how == "class":
                return self._qualified(binding.node)
            if binding.how == "value" and isinstance(binding.node, ast.Call):
                return f"{self._dotted(binding.node.func, binding.scope)}()"
        # db.Model of Flask-SQLAlchemy: a value's attribute.
        return dotted

    def _declares_sqlalchemy(self, qualified: str) -> bool:
        scope = self.classes[qualified]
        return "__tablename__" in scope.names or "__table__" in scope.names

    def _field(self, node: ast.Call, scope: Scope) -> Kind | None:
        """A relation between models, declared in a class body."""
        last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if last not in names.RELATIONS or not isinstance(scope.node, ast.ClassDef):
            return None
        to = node.args[0] if node.args else next((one.value for one in node.keywords if one.arg == "to"), None)
        target = ""
        if isinstance(to, ast.Constant) and isinstance(to.value, str):
            target = self._qualified(scope.node) if to.value == "self" else self.model_named(to.value)
        elif to is not None:
            kind = self.of(to, scope)
            target = kind.of if kind else ""
        return Kind(f"dj.field-{names.RELATIONS[last]}", target)

    def _learn_reverse(self) -> None:
        for qualified, scope in self.classes.items():
            for bound in scope.names.values():
                call = bound[-1].node
                if bound[-1].how != "value" or not isinstance(call, ast.Call):
                    continue
                last = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                if last not in names.RELATIONS:
                    continue
                named = next((one.value for one in call.keywords if one.arg == "related_name"), None)
                own = qualified.split(".")[-1].lower()
                if isinstance(named, ast.Constant) and isinstance(named.value, str):
                    reverse = named.value
                else:
                    reverse = own if last == "OneToOneField" else f"{own}_set"
                self._reverse[reverse] = Kind("dj.instance" if last == "OneToOneField" else "dj.manager", qualified)


def _packages(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return [node.module.split(".")[0]]
    return []
