"""SQLAlchemy listener: every statement of an engine leaves with its tags, those of a surrounding Django request among them.

Invariant: the statement is sent whatever happens here; parameters are never looked at, only whether there are some.
Not here: BEGIN, COMMIT, ROLLBACK, pings and the dialect's own look-ups, which SQLAlchemy sends without this event.
"""

import logging
import sys
from types import FrameType
from typing import Any

from pgwitness.caller import Callers, frames_from
from pgwitness.comment import takes_comment
from pgwitness.commenter import Commenter, Options

logger = logging.getLogger("pgwitness")

SOURCE = "sqlalchemy"

# Frames of a flush, which compiles plain Core statements.
_FLUSH = frozenset(f"sqlalchemy.orm.{module}" for module in ("persistence", "unitofwork", "bulk_persistence"))
_WRITTEN_BY_HAND = ("textclause", "textual_select")


def listen(engine: Any, options: Options | None = None) -> None:
    """Tags what the engine sends: an Engine, an AsyncEngine, or the class Engine for all of them. Call it once per engine."""
    listen_with(engine, Commenter(options or Options()))


def listen_with(engine: Any, commenter: Commenter) -> None:
    """As listen(), with a commenter that others use too."""
    from sqlalchemy import event

    target = getattr(engine, "sync_engine", engine)
    event.listen(target, "before_cursor_execute", _Listener(commenter).before_cursor_execute, retval=True)


class _Listener:
    def __init__(self, commenter: Commenter) -> None:
        self._commenter = commenter
        self._complained = False

    def before_cursor_execute(
        self, connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> tuple[str, Any]:
        try:
            if connection.dialect.name == "postgresql" and takes_comment(statement):
                statement = self._tagged(connection.dialect, statement, parameters, context)
        except Exception:
            # An application must not fail for its tags, nor fill its log with them.
            if not self._complained:
                self._complained = True
                logger.exception("a statement is sent without tags; further failures like this are not logged")
        return statement, parameters

    def _tagged(self, dialect: Any, statement: str, parameters: Any, context: Any) -> str:
        commenter = self._commenter
        frame = sys._getframe(2)
        construct = _construct_of(context)
        if construct == "core" and _is_flush(statement, frame, commenter.callers):
            construct = "orm"
        caller = commenter.callers.innermost(frame) if commenter.options.caller else None
        comment = commenter.comment(SOURCE, construct, caller)
        # The driver formats whenever it is given parameters, also none; SQLAlchemy leaves them out on request only.
        is_bare = not parameters and getattr(context, "no_parameters", False)
        return commenter.tagged(
            statement, comment, formatted=dialect.paramstyle in ("format", "pyformat") and not is_bare
        )


def _is_flush(statement: str, frame: FrameType, callers: Callers) -> bool:
    """Whether the session writes its objects, which it does with statements of Core."""
    if not statement.startswith(("INSERT", "UPDATE", "DELETE")):
        return False
    for outer in frames_from(frame):
        if outer.f_globals.get("__name__") in _FLUSH:
            return True
        if callers.is_application(outer):
            return False
    return False


def _construct_of(context: Any) -> str:
    """'orm', 'core', or 'text' for what was written by hand; '' where SQLAlchemy does not say."""
    if context is None:
        return ""
    if context.compiled is None:
        return "text"
    invoked: Any = getattr(context, "invoked_statement", None)
    if getattr(invoked, "__visit_name__", "") == "orm_from_statement":
        invoked = invoked.element
    if getattr(invoked, "__visit_name__", "") in _WRITTEN_BY_HAND:
        return "text"
    state = getattr(context.compiled, "compile_state", None)
    return "orm" if type(state).__module__.startswith("sqlalchemy.orm.") else "core"
