"""What was Flask-SQLAlchemy's `db`: one engine with its own pool per process, and a session per request."""

from django.conf import settings
from sqlalchemy import URL, create_engine
from sqlalchemy.orm import DeclarativeBase, sessionmaker
from sqlalchemy.pool import QueuePool

_database = settings.DATABASES["default"]

engine = create_engine(
    URL.create(
        f"postgresql+{settings.SQLALCHEMY_DRIVER}",
        username=_database["USER"],
        password=_database["PASSWORD"] or None,
        host=_database["HOST"],
        port=int(_database["PORT"]),
        database=_database["NAME"],
    ),
    poolclass=QueuePool,
    pool_size=settings.SQLALCHEMY_POOL_SIZE,
    max_overflow=2,
    pool_pre_ping=True,
)
Session = sessionmaker(engine)


class Base(DeclarativeBase):
    """Maps tables that Django's migrations made."""
