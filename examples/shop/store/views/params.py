"""Reads numbers from the query string; a bad one is a 400, not a traceback."""

from django.core.exceptions import SuspiciousOperation


def number(request, name, default):
    text = request.GET.get(name, "")
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise SuspiciousOperation(f"{name} must be a whole number") from None
