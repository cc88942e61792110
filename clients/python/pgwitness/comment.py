"""Comments in sqlcommenter's form: how tags are written, and where in a statement they go.

Invariant: a statement means the same with the comment as without; one that cannot carry it safely is returned as it was.
Not here: which tags there are (commenter.py), who formats percent signs (the hooks know their driver).
Source: https://google.github.io/sqlcommenter/spec/
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

SOURCE_KEY = "pgwitness_source"
CONSTRUCT_KEY = "pgwitness_construct"

# What the reader on the wire takes of one comment.
COMMENT_CHARACTERS_MAX = 4000
PAIRS_MAX = 32
VALUE_CHARACTERS_MAX = 200

# Transaction control and session state carry no tags, and COPY has rows behind it.
_UNTOUCHED = frozenset(
    "ABORT BEGIN CHECKPOINT CLOSE COMMIT COPY DEALLOCATE DISCARD END FETCH LISTEN MOVE NOTIFY"
    " RELEASE RESET ROLLBACK SAVEPOINT SET SHOW START UNLISTEN".split()
)
# One character or one whole comment at a time: nested quantifiers would backtrack for ever on long indentation.
_FIRST_WORD = re.compile(r"(?:\s|\(|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*([A-Za-z]+)", re.DOTALL)
_COMMENTS_TO_THE_END = re.compile(r"(?:/\*.*?\*/[\s;]*)+", re.DOTALL)
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,62}")
_MARK = SOURCE_KEY + "='"


def checked_key(key: str) -> str:
    """`key` as it is. Raises ValueError where it is no name, or one that the package writes by itself."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"tag {key!r}: a key is a letter or _, then letters, digits, _ . - (63 characters at most)")
    if key in (SOURCE_KEY, CONSTRUCT_KEY):
        raise ValueError(f"tag {key!r}: this key is written by pgwitness itself, choose another")
    return key


def encoded(value: object) -> str:
    """The value as it stands between quotes: URL-encoded, at most 200 characters of it; true and false for booleans.

    Neither a quote nor an asterisk is left, so no value can end the string or the comment.
    """
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return quote(text[:VALUE_CHARACTERS_MAX], safe="/:", errors="replace")


def comment_of(own: Mapping[str, str], others: Mapping[str, str]) -> str:
    """The comment for encoded values; '' where there are none. `own` wins over `others`, and empty values are left out.

    What is beyond the reader's limits is left out as well, of `others` first.
    """
    both = {**others, **own} if others else own
    items = [f"{key}='{value}'" for key, value in sorted(both.items()) if value]
    comment = f"/*{','.join(items)}*/"
    if len(comment) > COMMENT_CHARACTERS_MAX or len(items) > PAIRS_MAX:
        return comment_of(*_within_limits(own, others))
    return comment if items else ""


def _within_limits(own: Mapping[str, str], others: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    kept: tuple[dict[str, str], dict[str, str]] = ({}, {})
    length = count = 0
    for into, pairs in zip(kept, (own, others)):
        for key, value in pairs.items():
            length += len(key) + len(value) + len("='',")
            count += 1
            if length > COMMENT_CHARACTERS_MAX - 4 or count > PAIRS_MAX:
                return kept
            into[key] = value
    return kept


def takes_comment(sql: str) -> bool:
    """Whether the statement is of a kind that carries tags and does not hold ours already."""
    first = _FIRST_WORD.match(sql)
    if first is None or first[1].upper() in _UNTOUCHED:
        return False
    return _MARK not in sql or not _holds_mark(sql)


def _holds_mark(sql: str) -> bool:
    """The key may also stand in a string of the statement: only comments behind everything count."""
    start = sql.rfind("/*", 0, sql.rfind(_MARK))
    return start >= 0 and _COMMENTS_TO_THE_END.fullmatch(sql, start) is not None


def with_comment(sql: str, comment: str, *, formatted: bool) -> str:
    """The statement with the comment at its end, before a trailing semicolon.

    `formatted`: the driver will put parameters in place of %s, which turns %% into %; the wire sees single percent signs.
    """
    if formatted:
        comment = comment.replace("%", "%%")
    body = sql.rstrip()
    # A semicolon behind -- is part of that comment.
    if _ends_in_line_comment(body):
        return f"{body}\n{comment}"
    if not body.endswith(";"):
        return f"{body} {comment}"
    body = body[:-1].rstrip()
    gap = "\n" if _ends_in_line_comment(body) else " "
    return f"{body}{gap}{comment};"


def _ends_in_line_comment(sql: str) -> bool:
    """Or in a line that holds -- otherwise: a new line does no harm there."""
    return sql.rfind("--") > sql.rfind("\n")
