"""An application on SQLAlchemy alone: `sqlalchemy_program.py psycopg2|psycopg|asyncpg`."""

import asyncio
import sys

import labels
import sqlalchemy_by_hand
import sqlalchemy_core
import sqlalchemy_orm
from environment import url
from sqlalchemy import create_engine


def work(connection):
    """Everything on one connection, inside its transaction."""
    sqlalchemy_core.tables(connection)
    sqlalchemy_core.write(connection)
    sqlalchemy_core.read(connection)
    sqlalchemy_by_hand.statements(connection)
    sqlalchemy_core.look_about(connection)


def synchronous(driver):
    engine = create_engine(url(driver), pool_pre_ping=True, future=True)
    labels.label_sqlalchemy(engine)
    with engine.begin() as connection:
        work(connection)
    sqlalchemy_orm.work(engine)
    # A later connection of the same engine has no opening look-ups, and SQL by hand comes first on it.
    with engine.connect(), engine.connect() as second:
        sqlalchemy_by_hand.statements(second)
        second.rollback()
        sqlalchemy_core.read(second)
    engine.dispose()
    automatic = create_engine(url(driver), isolation_level="AUTOCOMMIT", future=True)
    labels.label_sqlalchemy(automatic)
    with automatic.connect() as connection:
        sqlalchemy_by_hand.outside_transactions(connection)
        sqlalchemy_core.read(connection)
    with automatic.connect() as connection:
        sqlalchemy_core.clean(connection)
    automatic.dispose()


async def asynchronous(driver):
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(url(driver), pool_pre_ping=True)
    labels.label_sqlalchemy(engine)
    async with engine.begin() as connection:
        await connection.run_sync(work)
    await sqlalchemy_orm.work_async(engine)
    async with engine.connect(), engine.connect() as second:
        await second.run_sync(sqlalchemy_by_hand.statements)
        await second.rollback()
        await second.run_sync(sqlalchemy_core.read)
        await second.rollback()
        await second.run_sync(sqlalchemy_core.clean)
        await second.commit()
    await engine.dispose()


if sys.argv[1] == "asyncpg":
    asyncio.run(asynchronous(sys.argv[1]))
else:
    synchronous(sys.argv[1])
