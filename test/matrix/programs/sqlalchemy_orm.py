"""The ORM with relations and loaders of every kind; no SQL by hand is in this file but where it says so."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table, delete, func, select, text, update
from sqlalchemy.orm import (
    aliased, column_property, contains_eager, declarative_base, joinedload, load_only, raiseload, relationship, selectinload,
    sessionmaker, subqueryload, undefer, with_loader_criteria,
)

Base = declarative_base()
song_tag = Table(
    "song_tag",
    Base.metadata,
    Column("song_id", ForeignKey("song.id"), primary_key=True),
    Column("tag_id", ForeignKey("song_label.id"), primary_key=True),
)


class Label(Base):
    __tablename__ = "song_label"
    id = Column(Integer, primary_key=True)
    name = Column(String, unique=True)


class Singer(Base):
    __tablename__ = "singer"
    id = Column(Integer, primary_key=True)
    name = Column(String(50))
    kind = Column(String(20))
    songs = relationship("Song", back_populates="singer", cascade="all, delete-orphan", order_by="Song.title")
    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "singer"}


class Tenor(Singer):
    __tablename__ = "tenor"
    id = Column(ForeignKey("singer.id"), primary_key=True)
    highest = Column(String(3))
    __mapper_args__ = {"polymorphic_identity": "tenor"}


class Song(Base):
    __tablename__ = "song"
    id = Column(Integer, primary_key=True)
    title = Column(String(100))
    plays = Column(Integer, default=0)
    version = Column(Integer, nullable=False)
    singer_id = Column(ForeignKey("singer.id"))
    singer = relationship(Singer, back_populates="songs")
    tags = relationship(Label, secondary=song_tag)
    loud_title = column_property(func.upper(title))
    __mapper_args__ = {"version_id_col": version}


def use(session):
    labels = [Label(name=f"label {n}") for n in range(3)]
    singers = [Singer(name=f"singer {n}", songs=[Song(title=f"song {n} {m}", tags=labels[:m]) for m in range(3)]) for n in range(3)]
    session.add_all([*singers, Tenor(name="it's", highest="c")])
    session.flush()
    singers[0].name = "renamed"
    singers[0].songs[0].plays = 7
    singers[0].songs[1].tags.append(labels[2])
    session.commit()
    run = lambda query: session.execute(query).unique().all()
    for option in (selectinload(Singer.songs).selectinload(Song.tags), joinedload(Singer.songs), subqueryload(Singer.songs), raiseload(Singer.songs)):
        run(select(Singer).options(option).order_by(Singer.id).limit(2))
    run(select(Song).join(Song.singer).options(contains_eager(Song.singer)).where(Singer.name == "renamed"))
    run(select(Song).options(load_only(Song.title), with_loader_criteria(Label, Label.name != "x"), selectinload(Song.tags)))
    run(select(Song).where(Song.singer.has(name="renamed"), Song.tags.any(Label.name == "label 1"), Song.plays.in_([1, 7])))
    other = aliased(Song)
    run(select(Song.title, other.title).join(other, other.singer_id == Song.singer_id).where(Song.id < other.id))
    run(select(Singer.name, func.count(Song.id)).outerjoin(Singer.songs).group_by(Singer.name).having(func.count() > 1))
    run(select(Tenor)), run(select(Song).with_for_update(nowait=True).limit(1))
    if hasattr(session, "query"):
        query = session.query(Song)
        query.filter(Song.plays > 1).count(), query.filter_by(title="x").first(), query.order_by(Song.id.desc()).all()[:1]
        query.filter(query.filter(Song.plays > 3).exists()).all(), query.with_entities(Song.title).distinct().all()
        query.filter(Song.title == "none").delete(), session.query(func.max(Song.plays)).scalar()
    song = session.get(Song, 1) or session.execute(select(Song).limit(1)).scalar_one()
    session.refresh(song), session.expire(song), song.title, song.singer, song.tags
    session.execute(update(Song).where(Song.plays > 99).values(plays=Song.plays + 1), execution_options={"synchronize_session": "fetch"})
    session.execute(delete(Song).where(Song.title == "gone"))
    with session.begin_nested():
        session.add(Label(name="nested"))
    session.bulk_insert_mappings(Label, [{"name": f"bulk {n}"} for n in range(3)])
    session.delete(singers[1])
    session.commit()
    # By hand.
    session.execute(text("SELECT plays, count(*) FROM song GROUP BY plays")).all()
    session.execute(select(Song).from_statement(text("SELECT * FROM song WHERE plays > 1"))).scalars().all()
    session.rollback()


def work(engine):
    Base.metadata.create_all(engine)
    with sessionmaker(engine, future=True)() as session:
        use(session)
    Base.metadata.drop_all(engine)


async def work_async(engine):
    from sqlalchemy.ext.asyncio import AsyncSession

    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine) as session:
        await session.run_sync(use)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
