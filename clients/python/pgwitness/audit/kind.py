"""The kind of an object, as a value.

Invariant: equal kinds are equal values. Not here: inferring them (kinds.py), the names that lead to them (names.py).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """`name`: dj.…, sa.…, db.… of names.py, or class, instance, function, module, external. `of`: class, model or driver."""

    name: str
    of: str = ""
    database: str | None = None
