"""A Flask application with SQLAlchemy: ORM, Core and text() endpoints. Run as a program it asks each of them for a page."""

import sys

from database import url
from flask import Flask, jsonify
from sqlalchemy import ForeignKey, create_engine, func, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload


class Base(DeclarativeBase):
    pass


class Track(Base):
    __tablename__ = "track"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    album_id: Mapped[int] = mapped_column(ForeignKey("album.id"))


class Album(Base):
    __tablename__ = "album"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    tracks: Mapped[list[Track]] = relationship(order_by=Track.id)


def make_app(driver):
    app = Flask(__name__)
    engine = create_engine(url(driver), pool_pre_ping=True)

    @app.post("/albums/<title>")
    def add(title):
        with Session(engine) as session, session.begin():
            session.add(Album(title=title, tracks=[Track(title=f"{title} {n}") for n in range(3)]))
        return jsonify(title=title)

    @app.get("/albums")
    def albums():
        with Session(engine) as session:
            found = session.scalars(select(Album).options(selectinload(Album.tracks)).order_by(Album.title))
            return jsonify({album.title: [track.title for track in album.tracks] for album in found})

    @app.patch("/albums/<int:album>")
    def rename(album):
        with Session(engine) as session, session.begin():
            session.get_one(Album, album).title = "renamed"
        return jsonify(album=album)

    @app.get("/counts")
    def counts():
        track = Track.__table__
        with engine.connect() as connection:
            rows = connection.execute(select(track.c.album_id, func.count()).group_by(track.c.album_id))
            return jsonify([list(row) for row in rows])

    @app.get("/report/<int:least>")
    def report(least):
        with engine.connect() as connection:
            rows = connection.execute(
                text("SELECT a.title, count(*) FROM album a JOIN track t ON t.album_id = a.id "
                     "GROUP BY a.title HAVING count(*) >= :least"),
                {"least": least},
            )
            return jsonify([list(row) for row in rows])

    @app.get("/totals")
    def totals():
        # Three connections at once, of which the later ones send nothing but text().
        with engine.connect() as first, engine.connect() as second, engine.connect() as third:
            counts = [each.scalar(text("SELECT count(id) FROM track")) for each in (first, second, third)]
        return jsonify(counts)

    @app.delete("/tracks")
    def clear():
        with engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM track WHERE title = ''")
        return jsonify(cleared=True)

    Base.metadata.create_all(engine)
    return app


if __name__ == "__main__":
    client = make_app(sys.argv[1]).test_client()
    for method, path in [
        ("POST", "/albums/first"),
        ("POST", "/albums/second"),
        ("GET", "/albums"),
        ("PATCH", "/albums/1"),
        ("GET", "/counts"),
        ("GET", "/report/2"),
        ("DELETE", "/tracks"),
        ("GET", "/totals"),
    ]:
        answer = client.open(path, method=method)
        assert answer.status_code == 200, (path, answer.status)
