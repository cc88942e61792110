"""Requests with one fault each, and their clean twins: Django's ORM, raw SQL and SQLAlchemy, in one process.

Arguments: "prepare" (the tables), or which requests ("faults", "twins" or "all") and whether they are tagged ("tagged" or "untagged"). Tagged each is made
twice; untagged three times, and those of two pools NESTED times. Untagged requests close Django's connection, as CONN_MAX_AGE=0 does,
and pause.
"""

import os
import sys
import time
import uuid

import django
from django.conf import settings

WHICH, TAGGED = sys.argv[1], sys.argv[2] == "tagged"
NESTED = 10
NAMES = ("PGUSER", "PGHOST", "PGPORT", "PGDATABASE")

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            **dict(zip(("USER", "HOST", "PORT", "NAME"), (os.environ[name] for name in NAMES))),
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["pgwitness"] if TAGGED else [],
    PGWITNESS={"ENABLED": TAGGED, "SQLALCHEMY": True},
)
django.setup()

from django.db import DatabaseError, connection, models, transaction
from sqlalchemy import ForeignKey, create_engine, func, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload

import pgwitness


class Author(models.Model):
    name = models.TextField()

    class Meta:
        app_label = "faults"


class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    title = models.TextField()

    class Meta:
        app_label = "faults"


class Review(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="reviews")

    class Meta:
        app_label = "faults"


class Node(models.Model):
    parent = models.ForeignKey("self", models.CASCADE, null=True)

    class Meta:
        app_label = "faults"


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "shelf"
    id: Mapped[int] = mapped_column(primary_key=True)
    slots: Mapped[list["Slot"]] = relationship()


class Slot(Base):
    __tablename__ = "slot"
    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelf.id"))
    note: Mapped[str] = mapped_column(default="")


URL = "postgresql+psycopg://%s@%s:%s/%s" % tuple(os.environ[name] for name in NAMES)
engine = create_engine(URL)
reporting = create_engine(URL, connect_args={"application_name": "reporting"})


def raw(sql, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


# N+1, in each library.


def n_plus_one_orm():
    return [book.author.name for book in Book.objects.order_by("id")[:8]]


def n_plus_one_orm_twin():
    return [book.author.name for book in Book.objects.select_related("author").order_by("id")[:8]]


def n_plus_one_reverse():
    return [list(author.books.all()) for author in Author.objects.order_by("name")]


def n_plus_one_reverse_twin():
    return [list(author.books.all()) for author in Author.objects.order_by("name").prefetch_related("books")]


def n_plus_one_raw():
    return [raw("SELECT title FROM faults_book WHERE author_id = %s", [id]) for (id,) in raw("SELECT id FROM faults_author")]


def n_plus_one_raw_twin():
    ids = [id for (id,) in raw("SELECT id FROM faults_author")]
    return raw("SELECT title FROM faults_book WHERE author_id = ANY(%s)", [ids])


def n_plus_one_sqlalchemy():
    with Session(engine) as session:
        return [len(shelf.slots) for shelf in session.scalars(select(Shelf))]


def n_plus_one_sqlalchemy_twin():
    with Session(engine) as session:
        return [len(shelf.slots) for shelf in session.scalars(select(Shelf).options(selectinload(Shelf.slots)))]


# Its kin.


def pattern():
    for book in Book.objects.order_by("title")[:3]:
        book.reviews.count()
        book.author.name


def pattern_twin():
    books = Book.objects.select_related("author").prefetch_related("reviews").order_by("title")[:3]
    return [(book.author.name, len(book.reviews.all())) for book in books]


def levels():
    level = list(Node.objects.filter(parent=None).values_list("id", flat=True))
    while level:
        level = list(Node.objects.filter(parent__in=level).values_list("id", flat=True))


def levels_twin():
    raw(
        "WITH RECURSIVE tree AS (SELECT id FROM faults_node WHERE parent_id IS NULL "
        "UNION ALL SELECT n.id FROM faults_node n JOIN tree ON n.parent_id = tree.id) SELECT id FROM tree"
    )


def duplicate():
    for _ in range(5):
        Author.objects.get(name="author 3")


def duplicate_twin():
    author = Author.objects.get(name="author 3")
    return [author.name for _ in range(5)]


def saves():
    for number in range(6):
        Review.objects.create(book_id=number + 1)


def saves_twin():
    Review.objects.bulk_create([Review(book_id=number + 1) for number in range(6)])


def raw_inserts():
    for number in range(6):
        raw("INSERT INTO faults_review (book_id) VALUES (%s)", [number + 1])


def raw_inserts_twin():
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO faults_review (book_id) VALUES (%s)", [[number + 1] for number in range(6)])


def flushes():
    with Session(engine) as session:
        for number in range(6):
            session.add(Slot(shelf_id=number + 1))
            session.flush()
        session.commit()


def flushes_twin():
    with Session(engine) as session:
        session.add_all([Slot(shelf_id=number + 1) for number in range(6)])
        session.commit()


# A transaction of Django's beside SQLAlchemy's pool. What runs there takes longer than a busy machine waits between statements.


def note(id, text_):
    with engine.begin() as other:
        other.execute(text("UPDATE slot SET note = :note || pg_sleep(0.1) WHERE id = :id"), {"note": text_, "id": id})


def count_slots():
    with engine.connect() as other:
        return other.execute(select(func.count(), func.pg_sleep(0.1)).select_from(Slot.__table__)).all()


def boundary_read():
    with transaction.atomic():
        Author.objects.create(name="new")
        count_slots()
        Book.objects.filter(pk=1).update(title="read")


def boundary_read_twin():
    with transaction.atomic():
        Author.objects.create(name="new")
        Book.objects.filter(pk=1).update(title="read")
    count_slots()


def boundary_write():
    with transaction.atomic():
        Author.objects.create(name="written")
        note(1, "inside")
        Book.objects.filter(pk=2).update(title="written")


def boundary_write_twin():
    with transaction.atomic():
        Author.objects.create(name="written")
        Book.objects.filter(pk=2).update(title="written")
        transaction.on_commit(lambda: note(1, "after"))


def lost_rollback(within=True):
    try:
        with transaction.atomic():
            Author.objects.create(name="lost")
            if within:
                with Session(engine) as session:
                    session.execute(text("INSERT INTO slot (shelf_id, note) VALUES (1, :note || pg_sleep(0.1))"), {"note": "lost"})
                    session.commit()
            Book.objects.filter(pk=3).update(title="lost")
            raise LookupError
    except LookupError:
        pass


def lost_rollback_twin():
    lost_rollback(within=False)


def lock(id=1):
    with transaction.atomic():
        raw("UPDATE slot SET note = 'held' WHERE id = 1")
        try:
            with engine.begin() as other:
                other.execute(text("SET LOCAL lock_timeout = '300ms'"))
                other.execute(text("UPDATE slot SET note = 'waits' WHERE id = :id"), {"id": id})
        except Exception:
            pass


def lock_twin():
    with transaction.atomic():
        raw("UPDATE slot SET note = 'held' WHERE id = 1")
    lock_of_nobody()


def lock_of_nobody():
    with engine.begin() as other:
        other.execute(text("SET LOCAL lock_timeout = '300ms'"))
        other.execute(text("UPDATE slot SET note = 'waits' WHERE id = :id"), {"id": 1})


def idle():
    with transaction.atomic():
        Book.objects.filter(pk=4).update(title="idle")
        time.sleep(1.2)
        Book.objects.filter(pk=5).update(title="idle")


def idle_twin():
    time.sleep(1.2)
    with transaction.atomic():
        Book.objects.filter(pk=4).update(title="idle")
        Book.objects.filter(pk=5).update(title="idle")


# Failures, sizes, and what the configuration forbids.


def drift():
    try:
        raw("SELECT nickname FROM faults_author")
    except DatabaseError:
        pass


def drift_twin():
    raw("SELECT name FROM faults_author LIMIT 3")


def retried():
    for fails in (True, False):
        try:
            with transaction.atomic():
                raw("SELECT fails_if(%s)", [fails])
            return
        except DatabaseError:
            pass


def retried_twin():
    with transaction.atomic():
        raw("SELECT fails_if(%s)", [False])


def unbounded():
    raw("SELECT id FROM faults_many")


def unbounded_twin():
    raw("SELECT id FROM faults_many ORDER BY id LIMIT 10000")


def reports():
    with reporting.begin() as other:
        other.execute(text("DELETE FROM slot WHERE id = -1"))


def reports_twin():
    with reporting.connect() as other:
        other.execute(text("SELECT count(*) FROM slot"))


def migrated():
    raw("SELECT max(id) FROM faults_book")


def migrated_twin():
    Book.objects.aggregate(models.Max("id"))


def fails():
    for number in range(3):
        try:
            raw("INSERT INTO faults_author (id, name) VALUES (1, %s)", [f"again {number}"])
        except DatabaseError:
            pass


def fails_twin():
    for number in range(3):
        raw("INSERT INTO faults_author (id, name) VALUES (1, %s) ON CONFLICT DO NOTHING", [f"again {number}"])


# Habits.


def reads_only():
    with transaction.atomic():
        Author.objects.get(pk=1)


def reads_only_twin():
    Author.objects.get(pk=1)


def returned():
    with Session(engine) as session:
        return session.get(Shelf, 1)


def returned_twin():
    with Session(engine.execution_options(isolation_level="AUTOCOMMIT")) as session:
        return session.get(Shelf, 1)


def star():
    return raw("SELECT * FROM faults_book WHERE id = %s", [1])


def star_twin():
    return raw("SELECT id, title FROM faults_book WHERE id = %s", [1])


def prepare():
    """Without tags and with SQLAlchemy's own pool, so that it is no request of those above."""
    with connection.schema_editor() as editor:
        for model in (Author, Book, Review, Node):
            editor.create_model(model)
    Base.metadata.create_all(engine)
    raw("INSERT INTO faults_author (name) SELECT 'author ' || n FROM generate_series(1, 7) n")
    raw("INSERT INTO faults_book (author_id, title) SELECT 1 + n % 7, 'book ' || n FROM generate_series(1, 20) n")
    raw("INSERT INTO faults_node (parent_id) SELECT nullif(n / 3, 0) FROM generate_series(1, 30) n")
    raw("INSERT INTO shelf SELECT n FROM generate_series(1, 9) n")
    raw("INSERT INTO slot (shelf_id, note) SELECT 1 + n % 9, '' FROM generate_series(1, 30) n")
    raw("CREATE TABLE faults_many AS SELECT n AS id FROM generate_series(1, 12000) n")
    raw(
        "CREATE FUNCTION fails_if(bool) RETURNS int LANGUAGE plpgsql AS "
        "$$ BEGIN IF $1 THEN RAISE 'again' USING ERRCODE = '40001'; END IF; RETURN 1; END $$"
    )
    engine.dispose()
    connection.close()


FAULTS = (
    n_plus_one_orm, n_plus_one_reverse, n_plus_one_raw, n_plus_one_sqlalchemy, pattern, levels, duplicate, saves, raw_inserts,
    flushes, boundary_read, boundary_write, lost_rollback, lock, idle, drift, retried, unbounded, reports, migrated,
    fails, reads_only, returned, star,
)


def main():
    if WHICH == "prepare":
        return prepare()
    twins = [globals()[f"{fault.__name__}_twin"] for fault in FAULTS]
    for number in range(2 if TAGGED else NESTED):
        for request in (*(FAULTS if WHICH != "twins" else ()), *(twins if WHICH != "faults" else ())):
            if number > 2 and not request.__name__.startswith(("boundary", "lost")):
                continue
            if TAGGED:
                with pgwitness.tags(request_id=str(uuid.uuid4()), route=request.__name__):
                    request()
            else:
                request()
                connection.close()
                time.sleep(0.05)


if __name__ == "__main__":
    main()
