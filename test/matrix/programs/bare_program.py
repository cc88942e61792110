"""SQL by hand on a bare driver: `bare_program.py psycopg2|psycopg|asyncpg`. Every statement but transactions is labelled raw."""

import asyncio
import sys

from environment import DATABASE, HOST, PORT, USER
from labels import labelled

TABLE = "CREATE TABLE bare (id serial PRIMARY KEY, name text, n integer)"
WRITTEN = [
    "SELECT id, name FROM bare WHERE n > 3 ORDER BY name",
    "select count(*) from bare",
    "INSERT INTO bare (name, n) VALUES ('a', 1), ('b', 2)",
    "INSERT INTO bare (name) VALUES ('c') RETURNING id",
    "UPDATE bare SET n = n + 1 WHERE name = 'a'",
    "DELETE FROM bare WHERE n > 100",
    "SELECT b.name,\n       sum(b.n)\nFROM bare b\nGROUP BY b.name\n",
    "WITH few AS (SELECT * FROM bare LIMIT 3) SELECT * FROM few",
    "SELECT EXISTS (SELECT 1 FROM bare)",
    "SELECT relname FROM pg_class WHERE relkind = 'r'",
]


def synchronous(connect):
    for _ in range(2):
        connection = connect(host=HOST, port=PORT, user=USER, dbname=DATABASE)
        cursor = connection.cursor()
        cursor.execute(labelled("DROP TABLE IF EXISTS bare", "raw:cursor"))
        for sql in [TABLE, *WRITTEN]:
            cursor.execute(labelled(sql, "raw:cursor"))
        for n in range(7):
            cursor.execute(labelled("SELECT name FROM bare WHERE n = %s AND name <> %s", "raw:cursor"), (n, "it's"))
        cursor.executemany(labelled("INSERT INTO bare (name, n) VALUES (%s, %s)", "raw:cursor"), [("x", 1), ("y", 2)])
        connection.commit()
        connection.autocommit = True
        cursor.execute(labelled("SELECT max(n) FROM bare", "raw:cursor"))
        connection.close()


async def asynchronous():
    import asyncpg

    pool = await asyncpg.create_pool(host=HOST, port=PORT, user=USER, database=DATABASE, min_size=1, max_size=2)
    async with pool.acquire() as connection:
        for sql in [TABLE, *WRITTEN]:
            await connection.execute(labelled(sql, "raw:cursor"))
        async with connection.transaction():
            await connection.fetch(labelled("SELECT name FROM bare WHERE n = $1 AND name <> $2", "raw:cursor"), 1, "x")
            await connection.executemany(labelled("INSERT INTO bare (name, n) VALUES ($1, $2)", "raw:cursor"), [("x", 1)])
    async with pool.acquire() as connection:
        await connection.fetchval(labelled("SELECT max(n) FROM bare", "raw:cursor"))
    await pool.close()


if sys.argv[1] == "asyncpg":
    asyncio.run(asynchronous())
else:
    synchronous(__import__(sys.argv[1]).connect)
