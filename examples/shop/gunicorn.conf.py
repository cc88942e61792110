"""gunicorn: several worker processes, each with its own database connections."""

import os

bind = os.environ.get("SHOP_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("SHOP_WORKERS", "3"))
threads = int(os.environ.get("SHOP_THREADS", "1"))
# One gthread worker would keep most of the few kept-alive connections of a test to itself.
worker_class = "gthread" if threads > 1 else "sync"
# A change of the code is served at once.
reload = os.environ.get("SHOP_RELOAD") == "1"
timeout = 60
graceful_timeout = 5
accesslog = None
errorlog = "-"
loglevel = "warning"
