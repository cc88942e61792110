"""SQLAlchemy without Django, its engine listened to: Core, ORM, text, executemany, cursors, asyncio.

Argument: the driver (psycopg2, psycopg or asyncpg). Lines that send end in a mark, `# at: name`.
"""

import asyncio
import os
import sys

from sqlalchemy import create_engine, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import pgwitness
from pgwitness.commenter import Options
from pgwitness.sqlalchemy import listen

DRIVER = sys.argv[1]
URL = "postgresql+%s://%s@%s:%s/%s" % (DRIVER, *(os.environ[key] for key in ("PGUSER", "PGHOST", "PGPORT", "PGDATABASE")))
OPTIONS = Options(tags={"app_version": "7"})


class Base(DeclarativeBase):
    pass


class Song(Base):
    __tablename__ = "song"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    plays: Mapped[int] = mapped_column(default=0)


def work(session):
    """The same for a session of either kind: asyncio runs it inside a greenlet."""
    session.add_all([Song(title="it's 100%"), Song(title="b")])
    session.flush()  # at: flush
    session.execute(insert(Song), [{"title": "c"}, {"title": "d"}])  # at: bulk insert
    session.scalars(select(Song).where(Song.title.like("%b")).order_by(Song.id)).all()  # at: orm
    session.execute(select(Song.__table__.c.plays, func.count()).group_by(Song.__table__.c.plays))  # at: core
    connection = session.connection()
    connection.execute(update(Song.__table__).where(Song.__table__.c.plays < 1).values(plays=1))  # at: core update
    session.execute(text("SELECT max(plays) FROM song WHERE title LIKE '%c' AND id > :id"), {"id": 0})  # at: text
    connection.execute(text("UPDATE song SET plays = :plays WHERE title = :title"), [
        {"plays": 2, "title": "c"}, {"plays": 3, "title": "d"},
    ])  # at: many
    with pgwitness.tags(flag="on"), session.begin_nested():
        session.execute(delete(Song).where(Song.plays > 2))  # at: nested
    # Without parameters the driver does not format: a single percent sign is written as it is.
    bare = connection.execution_options(no_parameters=True)
    bare.exec_driver_sql("SELECT min(plays) FROM song WHERE title LIKE '%d'")  # at: bare


async def asynchronous():
    engine = create_async_engine(URL)
    listen(engine, OPTIONS)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine) as session:
        await session.run_sync(work)
        await session.scalar(text("SELECT count(plays) FROM song"))  # at: awaited
        await session.commit()
    await engine.dispose()


def synchronous():
    engine = create_engine(URL)
    listen(engine, OPTIONS)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        work(session)
        session.commit()
    with engine.connect().execution_options(stream_results=True, yield_per=2) as connection:
        connection.execute(select(Song.__table__.c.title)).all()  # at: streamed
    engine.dispose()


if __name__ == "__main__":
    asyncio.run(asynchronous()) if DRIVER == "asyncpg" else synchronous()
