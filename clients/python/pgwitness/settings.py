"""The setting PGWITNESS: read once, when Django starts.

Invariant: a key that is not known, or a value of the wrong kind, is an error that names it; nothing is silently ignored.
Not here: what the options do (commenter.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any

from pgwitness.commenter import Options

_SWITCHES = ("ENABLED", "SQLALCHEMY", "CALLER", "ROUTE", "REQUEST_ID", "JOB", "COMMAND", "IDLE_REQUESTS")
_KEYS = (*_SWITCHES, "REQUEST_ID_HEADER", "TAGS", "CALLER_PACKAGES", "CALLER_SKIP")


@dataclass(frozen=True)
class Settings:
    enabled: bool
    sqlalchemy: bool
    request_id_header: str
    options: Options


def read_settings() -> Settings:
    """Raises ImproperlyConfigured."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    given = getattr(settings, "PGWITNESS", {})
    try:
        return _settings_of(given)
    except ValueError as error:
        raise ImproperlyConfigured(f"PGWITNESS: {error}") from None


def _settings_of(given: Any) -> Settings:
    if not isinstance(given, Mapping):
        raise ValueError("a dict is needed here, such as {'ENABLED': True}")
    for key in given:
        if key not in _KEYS:
            near = get_close_matches(str(key), _KEYS, n=1)
            raise ValueError(f"{key!r} is no option{f', did you mean {near[0]!r}?' if near else f'; there are {_KEYS}'}")
    for key in _SWITCHES:
        if not isinstance(given.get(key, False), bool):
            raise ValueError(f"{key} is True or False, not {given[key]!r}")
    packages = _names(given, "CALLER_PACKAGES")
    skip = _names(given, "CALLER_SKIP")
    tags = given.get("TAGS", {})
    if not isinstance(tags, Mapping):
        raise ValueError("TAGS is a dict of values, or of functions that return them")
    header = given.get("REQUEST_ID_HEADER", "X-Request-ID")
    if not isinstance(header, str):
        raise ValueError("REQUEST_ID_HEADER is the name of a header")
    on = {key: bool(given.get(key, True)) for key in _SWITCHES}
    options = Options(
        caller=on["CALLER"],
        route=on["ROUTE"],
        request_id=on["REQUEST_ID"],
        job=on["JOB"],
        command=on["COMMAND"],
        idle_requests=on["IDLE_REQUESTS"],
        tags=tags,
        caller_packages=packages,
        caller_skip=skip,
    )
    return Settings(
        enabled=bool(given.get("ENABLED", False)),
        sqlalchemy=on["SQLALCHEMY"] and ("SQLALCHEMY" in given or find_spec("sqlalchemy") is not None),
        request_id_header=header,
        options=options,
    )


def _names(given: Mapping[str, Any], key: str) -> tuple[str, ...]:
    names = given.get(key, ())
    if isinstance(names, (str, Mapping)) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{key} is a list of names of packages or modules")
    return tuple(names)
