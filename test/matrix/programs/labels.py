"""Labels every statement in the process that sends it, with a comment at its end: /*sent_by='django-orm:queryset'*/.

Who sent it is read from the Python frames around the call and from SQLAlchemy's own context, never from the text.
Invariant: the comment is the only change, so the text without it is what the application sends by itself.
"""

import re
import sys

COMMENT = re.compile(r" /\*sent_by='[a-z:-]+'\*/")
# Django's own fragments: the 1 of exists(), positions in the ORDER BY of a union, the column of prefetch_related().
_OWN_FRAGMENT = re.compile(r'"[^"]+"\."[^"]+"|\(?\d+\)?')
_fragments = []
_UNLABELLED = re.compile(
    r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|SHOW|FETCH|CLOSE|COPY|DISCARD|DEALLOCATE)\b", re.I
)


def labelled(sql, label):
    """The text with its label; as it was where it cannot carry one."""
    if not isinstance(sql, str) or _UNLABELLED.match(sql) or COMMENT.search(sql) or not sql.strip(" \n;"):
        return sql
    body = sql.rstrip()
    if "--" in body.rpartition("\n")[2]:
        return sql
    end = sql[len(body) :]
    if body.endswith(";"):
        body, end = body[:-1], ";" + end
    return f"{body} /*sent_by='{label}'*/{end}"


def label_django():
    """For all connections of this process, those of its threads too."""
    from django.db import connections
    from django.db.backends.signals import connection_created
    from django.db.models.expressions import RawSQL
    from django.db.models.sql.where import ExtraWhere

    def wrapper(execute, sql, params, many, context):
        text = sql.as_string(context["cursor"].cursor) if hasattr(sql, "as_string") else sql
        label = _django_label(sys._getframe(1), text)
        _fragments.clear()
        return execute(labelled(text, label), params, many, context)

    def put_on(connection, **_):
        if wrapper not in connection.execute_wrappers:
            connection.execute_wrappers.append(wrapper)

    for owner, kind in ((RawSQL, "rawsql"), (ExtraWhere, "extra")):
        _note(owner, kind)
    connection_created.connect(put_on, weak=False)
    for connection in connections.all():
        put_on(connection)


def _note(owner, kind):
    original = owner.as_sql

    def as_sql(self, *args, **kwargs):
        compiled = original(self, *args, **kwargs)
        if not _OWN_FRAGMENT.fullmatch(compiled[0]) and not (kind == "rawsql" and _OWN_FRAGMENT.fullmatch(self.sql)):
            _fragments.append((kind, compiled[0]))
        return compiled

    owner.as_sql = as_sql


def _django_label(frame, text):
    in_schema_execute = False
    while frame is not None:
        module, function = frame.f_globals.get("__name__", ""), frame.f_code.co_name
        owner = frame.f_locals.get("self")
        inside = module.partition(".")[0] == "django"
        if module in ("django.db.backends.utils", "contextlib", __name__) or module.partition(".")[0] == "debug_toolbar":
            frame = frame.f_back
            continue
        kind = _kind_of(owner)
        if in_schema_execute and not (kind == "migration" and function == "execute"):
            if module == "django.db.migrations.operations.special" or not inside:
                return "raw:cursor"
            return "django-orm:migration"
        if function == "execute_sql" and hasattr(owner, "as_sql"):
            return "django-orm:" + next((kind for kind, fragment in _fragments if fragment in text), "queryset")
        if function == "_execute_query" and type(owner).__name__ == "RawQuery":
            return "raw:raw-queryset"
        if kind == "migration" and function == "execute":
            in_schema_execute = True
        elif kind:
            return "django-orm:" + kind
        elif inside:
            return "django-orm:internal"
        else:
            return "raw:cursor"
        frame = frame.f_back
    return "raw:cursor"


def _kind_of(owner):
    names = {each.__name__ for each in type(owner).__mro__}
    if "BaseDatabaseSchemaEditor" in names:
        return "migration"
    if "BaseDatabaseIntrospection" in names:
        return "introspection"
    if names & {"BaseCache", "BaseDatabaseCreation", "BaseDatabaseOperations", "BaseDatabaseWrapper"}:
        return "internal"
    return ""


def label_sqlalchemy(engine):
    """For an Engine, the Engine of an AsyncEngine, or the class Engine."""
    from sqlalchemy import event

    def before_cursor_execute(connection, cursor, statement, parameters, context, executemany):
        return labelled(statement, "sqlalchemy:" + _sqlalchemy_label(context, sys._getframe(1))), parameters

    event.listen(getattr(engine, "sync_engine", engine), "before_cursor_execute", before_cursor_execute, retval=True)


def _sqlalchemy_label(context, frame):
    if context is not None and context.isddl:
        return "ddl"
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("sqlalchemy.dialects.") or module == "sqlalchemy.engine.reflection":
            return "reflection"
        frame = frame.f_back
    if context is None or context.compiled is None:
        return "text"
    invoked = getattr(context, "invoked_statement", None)
    if getattr(invoked, "__visit_name__", "") == "orm_from_statement":
        invoked = invoked.element
    if getattr(invoked, "__visit_name__", "") in ("textclause", "textual_select"):
        return "text"
    state = getattr(context.compiled, "compile_state", None)
    return "orm" if type(state).__module__.startswith("sqlalchemy.orm.") else "core"
