"""The log file. Invariant: one write per line, appended, so that lines of several processes never mix."""

import json
import os
import time

from shop.oracle import marks


class StatementLog:
    def __init__(self, path):
        self._path = path
        self._descriptor = -1
        self._process = 0

    def write(self, mark, sql, *, backend_pid, seconds, error):
        """`seconds` is the duration up to now, None where it cannot be told; `error` a SQLSTATE or None."""
        line = {
            "at": round(time.time() - (seconds or 0), 6),
            "worker": os.getpid(),
            "backend_pid": backend_pid,
            "view": marks.view.get(),
            "source": mark.source,
            "construct": mark.construct,
            "sql": sql.decode("utf-8", "replace") if isinstance(sql, bytes) else sql,
            "ms": None if seconds is None else round(seconds * 1000, 4),
            "error": error,
        }
        os.write(self._open(), (json.dumps(line, ensure_ascii=False) + "\n").encode())

    def _open(self):
        # A worker forked from a process that had it open gets a descriptor of its own.
        if self._process != os.getpid():
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            self._process = os.getpid()
        return self._descriptor
