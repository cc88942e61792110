"""Django's execute wrapper: every statement of every Postgres connection passes it and leaves with its tags.

Invariant: the statement is sent whatever happens here; what cannot be tagged goes as it is. Parameters are never looked at.
Not here: statements below Django's cursor (COPY of the driver, callproc, FETCH, time zone), which have no tags.
"""

import logging
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from pgwitness import django_marks
from pgwitness.comment import takes_comment
from pgwitness.commenter import Commenter
from pgwitness.django_source import Sender, sender_of

logger = logging.getLogger("pgwitness")


class ExecuteWrapper:
    def __init__(self, commenter: Commenter) -> None:
        self._commenter = commenter
        self._complained = False

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        try:
            sql = self._tagged(sql, params, context["cursor"], sys._getframe(1))
        except Exception:
            # An application must not fail for its tags, nor fill its log with them.
            if not self._complained:
                self._complained = True
                logger.exception("a statement is sent without tags; further failures like this are not logged")
        return execute(sql, params, many, context)

    def install(self, connection: Any) -> None:
        """Puts the wrapper on a connection, once."""
        wrappers = connection.execute_wrappers
        if connection.vendor == "postgresql" and not any(isinstance(each, ExecuteWrapper) for each in wrappers):
            wrappers.append(self)

    def _tagged(self, sql: Any, params: Any, cursor: Any, frame: FrameType) -> Any:
        # psycopg's composed SQL becomes text here instead of in the driver.
        text = sql.as_string(cursor.cursor) if hasattr(sql, "as_string") else sql
        if not isinstance(text, str) or not takes_comment(text):
            return sql
        sender = self._sender(text, cursor, frame)
        comment = self._commenter.comment(sender.source, sender.construct, sender.caller)
        return self._commenter.tagged(text, comment, formatted=params is not None)

    def _sender(self, sql: str, cursor: Any, frame: FrameType) -> Sender:
        commenter = self._commenter
        mark = django_marks.current.get()
        if mark is None or mark.depth > 0:
            sender = sender_of(frame, commenter.callers)
            return sender if commenter.options.caller else sender._replace(caller=None)
        caller = commenter.callers.innermost(frame) if commenter.options.caller else None
        if not mark.covers(sql):
            # Sent while a query is on its way, but not that query: nobody said what it is.
            return Sender("", "", caller)
        named = getattr(cursor.cursor, "name", None)
        return Sender(mark.source, "server-side-cursor" if named else mark.construct, caller)
