"""The shop's own log of what it sent to Postgres and through which library: what a witness on the wire is checked against.

Off by default; SHOP_ORACLE_LOG=FILE turns it on. One JSON line per statement, appended when its reply has come, with the keys
`at` (seconds since the epoch when it was sent), `worker` (process id), `backend_pid`, `view`, `source`, `construct`,
`sql` (as sent, after client-side binding), `ms` (around the driver's execution, null in pipeline mode), `error` (SQLSTATE or null).

The lines hold real literals: the file is made for its owner only. What is left out is listed in README.md.
"""

from shop.oracle import django_hooks, psycopg_hooks, sqlalchemy_hooks
from shop.oracle.statement_log import StatementLog


def start(path):
    """Installs every hook in this process; called once, before the first connection."""
    log = StatementLog(path)
    psycopg_hooks.install(log)
    django_hooks.install()
    sqlalchemy_hooks.install(log)
