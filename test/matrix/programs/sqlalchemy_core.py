"""Tables and Core statements of a lending library; no SQL by hand is in this file."""

import datetime
from decimal import Decimal

from sqlalchemy import (
    JSON, Boolean, CheckConstraint, Column, Date, DateTime, Enum, Float, ForeignKey, Index, Integer, LargeBinary,
    MetaData, Numeric, Sequence, String, Table, Text, UniqueConstraint, and_, any_, bindparam, case, cast, delete, desc,
    distinct, exists, extract, false, func, insert, inspect, literal, not_, null, or_, select, true, tuple_, union,
    union_all, update,
)
from sqlalchemy.dialects import postgresql

metadata = MetaData()
author = Table(
    "lib_author",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("born", Date),
    Column("rating", Float, server_default="0"),
    Column("Mixed Case", String(10), key="mixed"),
)
book = Table(
    "lib_book",
    metadata,
    Column("id", Integer, Sequence("lib_book_ids"), primary_key=True),
    Column("title", String(200), index=True),
    Column("author_id", ForeignKey("lib_author.id", ondelete="CASCADE"), nullable=False),
    Column("price", Numeric(8, 2)),
    Column("pages", Integer, default=0),
    Column("added", DateTime(timezone=True), server_default=func.now()),
    Column("kind", Enum("novel", "essay", name="lib_kind")),
    Column("notes", JSON),
    Column("more", postgresql.JSONB),
    Column("words", postgresql.ARRAY(Text)),
    Column("isbn", postgresql.UUID(as_uuid=False)),
    Column("cover", LargeBinary),
    Column("order", Integer),
    Column("is_lent", Boolean, server_default=false()),
    UniqueConstraint("title", "author_id", name="lib_once"),
    CheckConstraint("pages >= 0", name="lib_has_pages"),
    comment="what we lend",
)
Index("lib_by_pages", book.c.author_id, book.c.pages.desc())
Index("lib_lent", book.c.pages, postgresql_where=book.c.is_lent)
Index("lib_words", book.c.words, postgresql_using="gin")
node = Table("lib_node", metadata, Column("id", Integer, primary_key=True), Column("parent_id", ForeignKey("lib_node.id")))


def tables(connection):
    metadata.create_all(connection)
    metadata.create_all(connection, checkfirst=True)
    table = Table("lib_passing", MetaData(), Column("n", Integer), prefixes=["TEMPORARY"])
    table.create(connection), table.drop(connection)


def clean(connection):
    metadata.drop_all(connection)


def write(connection):
    run = connection.execute
    run(insert(author), [{"name": f"author {n}", "born": datetime.date(1900 + n, 1, 1)} for n in range(4)])
    run(insert(author).values(name="O'Brien \\ 100%", mixed="a"))
    run(insert(author).values([{"name": "x"}, {"name": "y"}]))
    run(author.insert().returning(author.c.id, author.c.name), {"name": "returned"})
    first = run(select(func.min(author.c.id))).scalar_one()
    values = {"price": Decimal("3.50"), "notes": {"a": ["it's", 'q"']}, "more": {"k": 1}, "words": ["a", "b'c"], "kind": "novel"}
    run(insert(book), [{"title": f"book {n}", "author_id": first + n % 2, "pages": n * 100, **values} for n in range(6)])
    run(insert(book).values(title="one", author_id=first, isbn="00000000-0000-0000-0000-000000000001", cover=b"\0'"))
    run(insert(book).from_select(["title", "author_id"], select(author.c.name, author.c.id)))
    run(insert(book).values(title=func.lower("ABC"), author_id=select(func.max(author.c.id)).scalar_subquery()))
    upsert = postgresql.insert(book).values(title="one", author_id=first)
    run(upsert.on_conflict_do_nothing(constraint="lib_once"))
    run(upsert.on_conflict_do_update(index_elements=["title", "author_id"], set_={"pages": upsert.excluded.pages + 1}))
    run(update(book).values(pages=book.c.pages + 1))
    run(update(book).where(book.c.title == "one").values(price=Decimal("2.10"), order=3))
    run(update(book).where(book.c.author_id == author.c.id, author.c.name == "x").values(pages=3))
    run(update(book).where(book.c.id == bindparam("which")).values(pages=bindparam("n")), [{"which": 1, "n": 2}, {"which": 2, "n": 3}])
    run(update(book).values(more=book.c.more.concat({"z": 1})).returning(book.c.id, book.c.more))
    run(delete(book).where(book.c.title.in_(["a", "b"])))
    run(delete(author).where(~exists().where(book.c.author_id == author.c.id), author.c.name == "none"))
    run(delete(book).where(book.c.pages > 5000).returning(book.c.id))
    with connection.begin_nested():
        run(insert(node).values(id=1)), run(insert(node).values(id=2, parent_id=1))


def read(connection):
    run = connection.execute
    joined = author.join(book)
    for query in [
        select(author), select(author.c.name), select(author.c.mixed, book.c.order).select_from(joined),
        select(book).where(book.c.title == "one", book.c.pages >= 0), select(book.c.id).where(book.c.price == None),
        select(book.c.title).where(or_(book.c.title.like("b%"), and_(book.c.pages > 1, not_(book.c.is_lent)))),
        select(book.c.title).where(book.c.title.ilike("%O%"), book.c.title.startswith("b"), book.c.pages.between(1, 300)),
        select(book.c.title).where(book.c.id.in_([1, 2, 3])).order_by(desc(book.c.pages), book.c.title.nulls_last()).limit(3).offset(1),
        select(book.c.title).where(book.c.id.in_([])), select(func.count()).select_from(book), select(func.count(distinct(book.c.author_id))),
        select(author.c.name, func.count(book.c.id).label("n")).select_from(author.outerjoin(book)).group_by(author.c.name).having(func.count(book.c.id) > 1),
        select(book.c.title, func.row_number().over(partition_by=book.c.author_id, order_by=book.c.pages.desc()).label("r")),
        select(func.sum(book.c.pages).filter(book.c.is_lent == false()), func.array_agg(book.c.title)),
        select(case((book.c.pages > 200, "long"), else_="short").label("kind"), literal("x").label("y"), null().label("z")),
        select(cast(book.c.pages, Text), extract("year", book.c.added), func.date_trunc("month", book.c.added)),
        select(book.c.more["k"].as_integer(), book.c.notes["a"], book.c.words[1], book.c.more.has_key("k")),
        select(book.c.title).where(book.c.words.contains(["a"]), literal("a") == any_(book.c.words), book.c.more.contains({"k": 1})),
        select(book.c.id).where(tuple_(book.c.id, book.c.pages).in_([(1, 2), (3, 4)])), select(book.c.title).distinct(),
        select(book.c.id).with_for_update(of=book), select(exists().where(book.c.pages > 1)), select(literal(1)), select(func.now()),
        union(select(author.c.name), select(book.c.title)).order_by("name"), union_all(select(author.c.id), select(book.c.id)).limit(2),
        select(book.c.title).where(book.c.pages > select(func.avg(book.c.pages)).scalar_subquery()), select(true().label("t")),
        select(func.coalesce(book.c.pages, 0) + 1, book.c.title + "!", -book.c.pages, book.c.pages % 3, book.c.title.regexp_match("^b")),
    ]:
        run(query).all()
    inner = select(book.c.author_id, func.max(book.c.pages).label("most")).group_by(book.c.author_id).subquery()
    run(select(author.c.name, inner.c.most).join(inner, inner.c.author_id == author.c.id)).all()
    alias, long = book.alias("other"), select(book).where(book.c.pages > 100).cte("long_books")
    run(select(book.c.id, alias.c.id).where(book.c.author_id == alias.c.author_id)).all()
    run(select(long.c.title).join(author, author.c.id == long.c.author_id)).all()
    up = select(node.c.id, node.c.parent_id).where(node.c.id == 2).cte("up", recursive=True)
    run(select(up.union_all(select(node.c.id, node.c.parent_id).join(up, up.c.parent_id == node.c.id)))).all()
    last = select(book.c.title).where(book.c.author_id == author.c.id).limit(1).lateral("last_one")
    run(select(author.c.name, last.c.title).join(last, true())).all()


def look_about(connection):
    inspector = inspect(connection)
    for name in inspector.get_table_names():
        inspector.get_columns(name), inspector.get_pk_constraint(name), inspector.get_foreign_keys(name)
        inspector.get_indexes(name), inspector.get_unique_constraints(name), inspector.get_check_constraints(name)
        inspector.get_table_comment(name)
    inspector.get_schema_names(), inspector.get_view_names(), inspector.has_table("lib_book"), inspector.get_enums()
    MetaData().reflect(connection)
    Table("lib_book", MetaData(), autoload_with=connection)
