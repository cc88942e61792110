"""Finds the line of the application that led to a statement: the first frame outside Django, SQLAlchemy and installed packages.

Invariant: paths are shown relative to where Python imports from, never as absolute paths of a machine.
Not here: what else frames tell (django_source.py, sqlalchemy.py).
"""

import os
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from types import CodeType, FrameType

from pgwitness.comment import encoded

_OWN = os.path.dirname(os.path.abspath(__file__)) + os.sep
_LIBRARIES = ("django", "sqlalchemy")
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_STANDARD = tuple({sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib")})
# Both fit into a value with the line between them.
_PATH_MAX = 120
_FUNCTION_MAX = 70
# A recursion of the application must not make every statement dear.
_FRAMES_MAX = 200


def frames_from(frame: FrameType | None) -> Iterator[FrameType]:
    """The frame and those that called it, also beyond the greenlet in which SQLAlchemy's asyncio layer runs."""
    left = _FRAMES_MAX
    outer = None
    while left > 0:
        while frame is not None and left > 0:
            yield frame
            frame = frame.f_back
            left -= 1
        greenlet = sys.modules.get("greenlet")
        if greenlet is None:
            return
        outer = (greenlet.getcurrent() if outer is None else outer).parent
        frame = None if outer is None else outer.gr_frame
        if frame is None:
            return


class Callers:
    """Which files are the application's; remembers the answer per file."""

    def __init__(self, packages: Sequence[str] = (), skip: Sequence[str] = ()) -> None:
        """`packages`: names of packages that are the application's although they are installed; `skip`: modules and
        packages of the application that only pass statements on, such as repositories."""
        self._packages = tuple(packages)
        self._skip = tuple(skip)
        self._skipped: dict[str, bool] = {}
        self._paths: dict[str, str] = {}
        self._shown: dict[tuple[str, int], str] = {}

    def innermost(self, frame: FrameType) -> FrameType | None:
        """The first frame of the application from `frame` outwards, None where there is none."""
        # Runs at every statement: within one stack the files are looked up without a generator between.
        paths = self._paths
        left = _FRAMES_MAX
        inner: FrameType | None = frame
        while inner is not None and left > 0:
            path = paths.get(inner.f_code.co_filename)
            if path is None:
                path = self._path(inner)
            if path:
                return inner
            inner = inner.f_back
            left -= 1
        return next((outer for outer in frames_from(frame) if self.is_application(outer)), None)

    def is_application(self, frame: FrameType) -> bool:
        return self._path(frame) != ""

    def beyond_skipped(self, frame: FrameType) -> FrameType:
        """The first frame of the application, from this one outwards, that is not to be skipped; this one where all are."""
        if not self._skip or not self._is_skipped(frame):
            return frame
        for outer in frames_from(frame):
            if self.is_application(outer) and not self._is_skipped(outer):
                return outer
        return frame

    def _is_skipped(self, frame: FrameType) -> bool:
        file = frame.f_code.co_filename
        skipped = self._skipped.get(file)
        if skipped is None:
            skipped = _is_in(str(frame.f_globals.get("__name__", "")), self._skip)
            if len(self._skipped) < 10_000:
                self._skipped[file] = skipped
        return skipped

    def shown(self, frame: FrameType) -> str:
        """`file:line function` of an application's frame, encoded for a comment; no function for a module's own lines."""
        place = (frame.f_code.co_filename, frame.f_lineno)
        shown = self._shown.get(place)
        if shown is None:
            function = _function(frame.f_code)
            shown = encoded(f"{self._path(frame)[-_PATH_MAX:]}:{frame.f_lineno}{function and ' '}{function}")
            if len(self._shown) < 10_000:
                self._shown[place] = shown
        return shown

    def _path(self, frame: FrameType) -> str:
        """Relative path of the file, '' where it is not the application's."""
        file = frame.f_code.co_filename
        path = self._paths.get(file)
        if path is None:
            path = self._read_path(file, str(frame.f_globals.get("__name__", "")))
            if len(self._paths) < 10_000:
                self._paths[file] = path
        return path

    def _read_path(self, file: str, module: str) -> str:
        if file.startswith("<"):
            return ""
        if not _is_in(module, self._packages):
            file = os.path.abspath(file)
            if file.startswith(_OWN) or module.partition(".")[0] in _LIBRARIES:
                return ""
            if file.startswith(_STANDARD) or any(part in file for part in _INSTALLED):
                return ""
        return _relative(os.path.abspath(file))


def _function(code: CodeType) -> str:
    """`Class.method` or `outer.inner` as the audit names it, '' for a module. Python 3.10 knows the last part alone."""
    parts = getattr(code, "co_qualname", code.co_name).split(".")
    return ".".join(part for part in parts if not part.startswith("<"))[-_FUNCTION_MAX:]


def _is_in(module: str, packages: Sequence[str]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def _relative(file: str) -> str:
    roots = (os.path.abspath(entry or os.curdir).rstrip(os.sep) + os.sep for entry in sys.path)
    root = max((root for root in roots if file.startswith(root)), key=len, default="")
    return (file[len(root) :] if root else os.path.basename(file)).replace(os.sep, "/")
