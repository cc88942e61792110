"""SQL by hand on Django's connections: fragments in querysets, raw(), cursors, COPY, and commands that look about."""

import io

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F, IntegerField
from django.db.models.expressions import RawSQL
from library.models import Author, Book, Tag


def fragments():
    list(Book.objects.extra(select={"big": "pages > 300", "n": "(SELECT count(*) FROM library_tag)"}))
    list(Book.objects.extra(where=["pages > %s", "title LIKE 'b%%'"], params=[1]))
    list(Book.objects.extra(tables=["library_tag"], where=["library_tag.name = library_book.title"], order_by=["pages"]))
    list(Book.objects.extra(select={"upper_title": "upper(title)"}, order_by=["-upper_title"]).values("id", "upper_title"))
    list(Book.objects.annotate(n=RawSQL("SELECT count(*) FROM library_loan WHERE book_id = library_book.id", [])))
    list(Book.objects.filter(pages__in=RawSQL("select pages from library_book where pages > %s", [3])))
    list(Book.objects.order_by(RawSQL("length(title)", []).desc())[:3])
    list(Author.objects.annotate(age=RawSQL("extract(year from age(born))", [], output_field=IntegerField())).filter(age__gt=3))
    Book.objects.update(pages=RawSQL("greatest(pages, %s)", [1]))
    Book.objects.annotate(n=RawSQL("pages * 2", [])).filter(n__gt=F("pages")).count()


def raws():
    list(Book.objects.raw("SELECT * FROM library_book WHERE pages > %s", [1]))
    list(Book.objects.raw("select id, title from library_book"))
    list(Author.objects.raw("""
        SELECT a.*, count(b.id) AS n
        FROM library_author a LEFT JOIN library_book b ON b.author_id = a.id
        GROUP BY a.id
    """))
    list(Tag.objects.raw("SELECT id, name FROM library_tag WHERE name = %(name)s", {"name": "it's"}))


WRITTEN = [
    ("SELECT * FROM library_book WHERE title = %s AND pages >= %s", ["x", 1]),
    ("SELECT b.title, a.name FROM library_book b JOIN library_author a ON a.id = b.author_id ORDER BY b.id LIMIT 3", None),
    ("select count(*) from library_book", None),
    ("SELECT count(*) FROM library_book;", None),
    ("SELECT COUNT(*) FROM library_book WHERE id = ANY(%s)", [[1, 2]]),
    ("SELECT id FROM library_book WHERE title LIKE '%%o' -- by hand\n AND pages > %s", [1]),
    ("\n    SELECT title,\n           pages\n    FROM library_book\n    WHERE pages BETWEEN %s AND %s\n", [1, 5]),
    ("WITH long AS (SELECT * FROM library_book WHERE pages > 300) SELECT count(*) FROM long", None),
    ("WITH RECURSIVE up AS (SELECT id, parent_id FROM library_shelf UNION ALL SELECT s.id, s.parent_id FROM library_shelf s JOIN up ON up.parent_id = s.id) SELECT * FROM up", None),
    ('SELECT "title" FROM "library_book" WHERE "pages" > %s', [1]),
    ("INSERT INTO library_tag (name) VALUES (%s)", ["h 1"]),
    ("INSERT INTO library_tag (name) VALUES ('h 2'), ('h 3') ON CONFLICT (name) DO NOTHING RETURNING id", None),
    ("INSERT INTO library_tag(name) SELECT 'h 4'", None),
    ("UPDATE library_book SET pages = pages + 1 WHERE id = %s", [1]),
    ("UPDATE library_book AS b SET price = 1 FROM library_author a WHERE a.id = b.author_id AND a.name = %s", ["x"]),
    ("DELETE FROM library_tag WHERE name LIKE %s", ["h %"]),
    ("DELETE FROM library_loan USING library_book b WHERE b.id = book_id AND b.pages < 0", None),
    ("SELECT now(), current_user", None),
    ("SELECT nextval('library_tag_id_seq')", None),
    ("SELECT pg_advisory_xact_lock(%s)", [7]),
    ("SELECT row_number() OVER (PARTITION BY author_id ORDER BY pages) FROM library_book", None),
    ("SELECT to_char(added, 'YYYY-MM') AS month, sum(pages) FROM library_book GROUP BY 1 HAVING sum(pages) > 3", None),
    ("SELECT notes->>'k' FROM library_book WHERE notes @> '{\"a\": 1}'::jsonb", None),
    ("SELECT title FROM library_book WHERE id IN (1, 2)", None),
    ("SELECT date_trunc('month', added)::date FROM library_book WHERE added > now() - interval '1 month'", None),
    ("EXPLAIN SELECT * FROM library_book", None),
    ("CREATE TEMPORARY TABLE totals AS SELECT author_id, sum(pages) AS pages FROM library_book GROUP BY author_id", None),
    ("CREATE INDEX totals_by ON totals (author_id)", None),
    ("TRUNCATE totals", None),
    ("DROP TABLE totals", None),
    ("LOCK TABLE library_tag IN SHARE MODE", None),
    ("DO $$ BEGIN PERFORM 1; END $$", None),
    ("REFRESH MATERIALIZED VIEW library_sums", None),
    ("ANALYZE library_tag", None),
    ("CREATE TABLE IF NOT EXISTS totals (id serial PRIMARY KEY, n integer)", None),
    ("DROP TABLE IF EXISTS totals", None),
    ("SELECT EXISTS (SELECT 1 FROM library_book WHERE pages > 3)", None),
    ("SELECT title FROM library_book WHERE pages = 1 UNION SELECT name FROM library_tag ORDER BY 1", None),
    ("SELECT string_agg(DISTINCT title, ', ' ORDER BY title) FILTER (WHERE pages > 1) FROM library_book", None),
    ("VALUES (1), (2)", None),
    ("TABLE library_tag", None),
]


def statements():
    raws()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP MATERIALIZED VIEW IF EXISTS library_sums")
        cursor.execute("CREATE MATERIALIZED VIEW library_sums AS SELECT count(*) FROM library_tag")
        for sql, params in WRITTEN:
            cursor.execute(sql, params)
        cursor.executemany("UPDATE library_tag SET name = name WHERE id = %s", [(1,), (2,)])
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT title FROM library_book ORDER BY id OFFSET 3")


def commands():
    call_command("inspectdb", "library_book", "library_loan", stdout=io.StringIO())
    call_command("sqlflush", stdout=io.StringIO())
    call_command("dumpdata", "library", stdout=io.StringIO())
    call_command("clearsessions", verbosity=0)
    call_command("sqlsequencereset", "library", stdout=io.StringIO())
    call_command("flush", interactive=False, verbosity=0)
