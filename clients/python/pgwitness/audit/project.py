"""The files of a code base as syntax trees, and the names by which they import each other.

Invariant: a file that cannot be parsed is told, and the others are read all the same.
Not here: what a name means inside a file (scopes.py).
"""

import ast
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

# Never the application's own code.
_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__", "build", "dist"})
_TESTS = ("test.py", "tests.py", "test_*.py", "*_test.py", "conftest.py")
_TEST_FOLDERS = frozenset({"test", "tests", "testing"})
_BYTES_MAX = 4_000_000


@dataclass
class Module:
    """One file. `path` is relative to the root, with slashes; `name` is what other files import."""

    path: str
    name: str
    tree: ast.Module
    is_package: bool
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)

    def parent(self, node: ast.AST) -> ast.AST | None:
        return self.parents.get(node)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        above = self.parents.get(node)
        while above is not None:
            yield above
            above = self.parents.get(above)


@dataclass
class Project:
    """All files below `root`. `modules` is by every name under which a file can be imported."""

    root: Path
    files: list[Module]
    modules: dict[str, Module]
    unread: dict[str, str]

    def module(self, name: str) -> Module | None:
        return self.modules.get(name)


def read_project(root: Path, exclude: tuple[str, ...] = (), tests: bool = False) -> Project:
    """Reads every .py file below `root`; `exclude` has patterns of relative paths. Raises NotADirectoryError."""
    if not root.is_dir():
        raise NotADirectoryError(f"{root} is not a folder: give the folder that holds the application's code")
    files: list[Module] = []
    unread: dict[str, str] = {}
    for path in _paths(root, exclude, tests):
        relative = path.relative_to(root).as_posix()
        try:
            if path.stat().st_size > _BYTES_MAX:
                raise ValueError(f"it is larger than {_BYTES_MAX} bytes")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(path.read_bytes(), filename=relative)
        except (OSError, SyntaxError, ValueError, RecursionError) as error:
            unread[relative] = f"{type(error).__name__}: {error}"
            if isinstance(error, SyntaxError):
                unread[relative] += f"; this is Python {sys.version_info.major}.{sys.version_info.minor}, the code may be of a newer one"
            continue
        files.append(_module(relative, tree))
    modules: dict[str, Module] = {}
    packages = {module.path.rpartition("/")[0] for module in files if module.is_package}
    for module in files:
        # A source folder such as src/ or backend/ may be what Python imports from: a folder that is no package itself.
        parts = module.name.split(".")
        for start in range(1, len(parts)):
            if "/".join(parts[:start]) not in packages:
                modules.setdefault(".".join(parts[start:]), module)
    for module in files:
        modules[module.name] = module
    return Project(root, files, modules, unread)


def _paths(root: Path, exclude: tuple[str, ...], tests: bool) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED
            and not (here / name / "pyvenv.cfg").exists()
            and (tests or name not in _TEST_FOLDERS)
        )
        for name in sorted(names):
            relative = (here / name).relative_to(root).as_posix()
            if not name.endswith(".py") or any(fnmatch(relative, pattern) for pattern in exclude):
                continue
            if tests or not any(fnmatch(name, pattern) for pattern in _TESTS):
                yield here / name


def _module(relative: str, tree: ast.Module) -> Module:
    parts = relative[: -len(".py")].split("/")
    is_package = parts[-1] == "__init__"
    module = Module(relative, ".".join(parts[:-1] if is_package else parts), tree, is_package)
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            module.parents[child] = node
    return module
