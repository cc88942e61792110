"""SQLAlchemy behind a pooler: the ORM, Core, reflection, and text() on tables that nothing else uses (…_by_hand)."""

import sys

from database import url
from sqlalchemy import Column, Integer, MetaData, String, create_engine, func, insert, inspect, select, text, update
from sqlalchemy.orm import Session, declarative_base

Base = declarative_base()


class Node(Base):
    __tablename__ = "alchemy_node"
    id = Column(Integer, primary_key=True)
    name = Column(String(30))


def compiled(session):
    session.add_all([Node(name="a"), Node(name="b")])
    node = Node(name="c")
    session.add(node)
    session.flush()
    node.name = "d"
    session.commit()
    session.scalars(select(Node).where(Node.name == "d").order_by(Node.id).limit(2)).all()
    session.execute(select(func.count(Node.id).label("n"), Node.name).group_by(Node.name)).all()
    session.execute(update(Node).where(Node.name == "z").values(name="y"))
    session.execute(insert(Node.__table__).values(name="core"))
    session.delete(node)
    session.commit()


def by_hand(session, turn):
    session.execute(text("INSERT INTO alchemy_by_hand (turn) VALUES (:turn)"), {"turn": turn})
    session.execute(text("SELECT count(*) FROM alchemy_by_hand WHERE turn >= :turn"), {"turn": turn}).all()
    session.execute(text("UPDATE alchemy_by_hand SET turn = turn + 1 WHERE turn = :turn"), {"turn": -1})
    session.execute(text("SELECT turn,\n       turn + 1\nFROM alchemy_by_hand\nLIMIT 3")).all()
    session.commit()


# psycopg 3 prepares statements by name, which a transaction pooler of this version does not follow.
options = {"connect_args": {"prepare_threshold": None}} if sys.argv[1] == "psycopg" else {}
engine = create_engine(url(sys.argv[1]), **options)
Base.metadata.create_all(engine)
with engine.begin() as connection:
    connection.execute(text("CREATE TABLE IF NOT EXISTS alchemy_by_hand (turn int)"))
for turn in range(8):
    with Session(engine) as session:
        compiled(session)
        by_hand(session, turn)
    inspect(engine).get_table_names()
MetaData().reflect(engine)
