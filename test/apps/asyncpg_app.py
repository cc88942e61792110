"""An application on asyncpg alone: a pool, statements with and without arguments, transactions, a cursor, COPY."""

import asyncio

import asyncpg
from database import DATABASE, HOST, PORT, USER


async def main():
    async with asyncpg.create_pool(
        host=HOST, port=int(PORT), user=USER, database=DATABASE, min_size=1, max_size=2
    ) as pool:
        async with pool.acquire() as connection:
            await connection.execute("CREATE TABLE reading (id serial PRIMARY KEY, sensor text, value int)")
            await connection.executemany(
                "INSERT INTO reading (sensor, value) VALUES ($1, $2)", [("a", 1), ("a", 2), ("b", 3)]
            )
            await connection.copy_records_to_table("reading", columns=["sensor", "value"], records=[("c", 4)])
        for least in range(10):
            await pool.fetch("SELECT sensor, max(value) FROM reading WHERE value >= $1 GROUP BY sensor", least)
        async with pool.acquire() as connection, connection.transaction():
            async with connection.transaction():
                await connection.execute("UPDATE reading SET value=$1 WHERE sensor=$2", 5, "b")
            async for _ in connection.cursor("SELECT id FROM reading ORDER BY id", prefetch=2):
                pass
            await connection.execute("DELETE FROM reading")


asyncio.run(main())
