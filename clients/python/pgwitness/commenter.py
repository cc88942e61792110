"""Puts the tags of one statement together: the statement's own, those of the request or task around it, the application's.

Invariant: the package's own tags win over the application's; a tag without a value is not written.
Not here: the form of the comment (comment.py), who sent the statement (the hooks say).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from pgwitness import scope
from pgwitness.caller import Callers
from pgwitness.comment import CONSTRUCT_KEY, SOURCE_KEY, checked_key, comment_of, encoded, with_comment


@dataclass(frozen=True)
class Options:
    """Which tags are written. README.md describes each."""

    caller: bool = True
    route: bool = True
    request_id: bool = True
    job: bool = True
    command: bool = True
    #: How many requests of the route sent no statement.
    idle_requests: bool = True
    #: Values, or functions without arguments that are asked at each statement.
    tags: Mapping[str, object | Callable[[], object]] = field(default_factory=dict)
    #: Packages that count as the application's although they are installed.
    caller_packages: Sequence[str] = ()
    #: Modules and packages that are not the caller: it is whoever called them, and they are the tag `via`.
    caller_skip: Sequence[str] = ()


class Commenter:
    def __init__(self, options: Options) -> None:
        """Raises ValueError for a tag whose key cannot be one."""
        self.options = options
        self.callers = Callers(options.caller_packages, options.caller_skip)
        # A server keeps its version and flags: most values are encoded once.
        self._fixed: dict[str, str] = {}
        self._asked: dict[str, Callable[[], object]] = {}
        for key, value in options.tags.items():
            checked_key(key)
            if callable(value):
                self._asked[key] = value
            elif value is not None:
                self._fixed[key] = encoded(value)

    def comment(self, source: str, construct: str, caller: FrameType | None) -> str:
        """The comment for a statement; '' for a source or construct that is not known, None for no caller."""
        own = self._surroundings()
        if source:
            own[SOURCE_KEY] = source
            own[CONSTRUCT_KEY] = construct
        if caller is not None:
            outer = self.callers.beyond_skipped(caller)
            own["caller"] = self.callers.shown(outer)
            if outer is not caller:
                own["via"] = self.callers.shown(caller)
        return comment_of(own, self._application_tags())

    def tagged(self, sql: str, comment: str, *, formatted: bool) -> str:
        return with_comment(sql, comment, formatted=formatted) if comment else sql

    def _surroundings(self) -> dict[str, str]:
        options = self.options
        pairs: dict[str, str] = {}
        request = scope.request.get()
        task = scope.task() if options.job else None
        if task is not None:
            # A task that runs at once inside a request is still the nearer answer; the request's id joins both.
            pairs["job"] = task[0]
        if request is not None:
            if options.route:
                pairs["route"] = request.route
            if options.request_id:
                pairs["request_id"] = request.request_id
            idle = request.sends()
            if idle and options.idle_requests:
                pairs["idle_requests"] = str(idle)
            return pairs
        if task is not None and options.request_id:
            pairs["request_id"] = task[1]
        if options.command:
            pairs["command"] = scope.command.get()
        return pairs

    def _application_tags(self) -> Mapping[str, str]:
        inner = scope.application_tags.get()
        if not self._asked:
            if not inner:
                return self._fixed
            return {**self._fixed, **inner} if self._fixed else inner
        asked = {key: "" if (value := ask()) is None else encoded(value) for key, ask in self._asked.items()}
        return {**self._fixed, **asked, **inner}
