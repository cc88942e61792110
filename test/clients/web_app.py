"""Flask and FastAPI on SQLAlchemy with the package's middleware, each asked for its pages: `web_app.py flask|fastapi`."""

import asyncio
import os
import sys

from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from pgwitness.sqlalchemy import listen

ADDRESS = "%s@%s:%s/%s" % tuple(os.environ[key] for key in ("PGUSER", "PGHOST", "PGPORT", "PGDATABASE"))
URL = f"postgresql+psycopg://{ADDRESS}"


def ask(engine, sql):
    with engine.connect() as connection:
        return connection.execute(text(sql)).scalar_one()


def flask_pages():
    from flask import Flask, stream_with_context

    from pgwitness import flask

    app, engine = Flask("web"), create_engine(URL)
    listen(engine)
    flask.install(app)

    @app.get("/books/<int:book>")
    def book(book):
        return str(ask(engine, "SELECT upper('plain')"))

    @app.get("/export")
    def export():
        return app.response_class(stream_with_context(str(ask(engine, "SELECT lower('part')")) for _ in range(2)))

    @app.get("/cached/<int:asks>")
    def cached(asks):
        return str(ask(engine, "SELECT initcap('cached')") if asks else "")

    client = app.test_client()
    for asks in (0, 0, 1):
        # A server closes each answer; the test client does so only when it is told.
        assert client.get(f"/cached/{asks}", buffered=True).status_code == 200
    for path in ("/books/7", "/export"):
        answer = client.get(path, headers={"X-Request-ID": "request 7"})
        assert answer.status_code == 200 and answer.data, answer
    ask(engine, "SELECT length('outside')")


def fastapi_pages():
    from fastapi import FastAPI

    from pgwitness.asgi import PgwitnessMiddleware

    app, engine = FastAPI(), create_async_engine(URL)
    in_threads = create_engine(URL)
    listen(engine), listen(in_threads)
    app.add_middleware(PgwitnessMiddleware)

    @app.get("/books/{book}")
    async def book(book: int):
        async with engine.connect() as connection:
            return (await connection.execute(text("SELECT upper('plain')"))).scalar_one()

    @app.get("/export")
    def export():
        return ask(in_threads, "SELECT lower('part')")

    @app.get("/cached/{asks}")
    def cached(asks: int):
        return ask(in_threads, "SELECT initcap('cached')") if asks else ""

    async def get(path):
        sent = []

        async def send(message):
            sent.append(message)

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        connection = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
        connection |= {"headers": [(b"x-request-id", b"request 7")], "http_version": "1.1", "scheme": "http"}
        await app({**connection, "asgi": {"version": "3.0"}, "server": ("web", 80), "client": None}, receive, send)
        assert sent[0]["status"] == 200, sent

    async def pages():
        for asks in (0, 0, 1):
            await get(f"/cached/{asks}")
        await asyncio.gather(get("/books/7"), get("/export"))
        await engine.dispose()

    asyncio.run(pages())
    ask(in_threads, "SELECT length('outside')")


{"flask": flask_pages, "fastapi": fastapi_pages}[sys.argv[1]]()
