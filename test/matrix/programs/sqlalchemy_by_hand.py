"""SQL by hand inside SQLAlchemy: text(), exec_driver_sql(), text with columns."""

from sqlalchemy import Column, Integer, String, text

WRITTEN = [
    "SELECT * FROM lib_book WHERE pages > :n",
    "select count(*) from lib_book where pages > :n",
    "SELECT b.title, a.name FROM lib_book b JOIN lib_author a ON a.id = b.author_id WHERE b.pages > :n ORDER BY 1",
    """
    SELECT author_id,
           sum(pages) AS pages
    FROM lib_book
    WHERE pages > :n
    GROUP BY author_id
    """,
    "WITH long AS (SELECT * FROM lib_book WHERE pages > :n) SELECT count(*) FROM long",
    "UPDATE lib_author SET rating = rating + 1 WHERE id > :n",
    "DELETE FROM lib_author WHERE name = 'nobody' AND id > :n",
    "INSERT INTO lib_author (name) SELECT 'by hand' WHERE :n > 1000 RETURNING id",
    "SELECT to_char(added, 'YYYY-MM') AS month, count(*) FROM lib_book WHERE pages > :n GROUP BY month",
    "SELECT EXISTS(SELECT 1 FROM lib_book WHERE pages > :n)",
]


def statements(connection):
    for sql in WRITTEN:
        connection.execute(text(sql), {"n": 3})
    connection.execute(text("SELECT id, title FROM lib_book").columns(Column("id", Integer), Column("title", String)))
    connection.execute(text("SELECT set_masklen('192.168.1.0/24'::cidr, 16), upper('it''s')"))
    connection.exec_driver_sql("SELECT max(pages) FROM lib_book")
    connection.exec_driver_sql("CREATE TEMPORARY TABLE lib_sums AS SELECT author_id FROM lib_book")
    connection.exec_driver_sql("DROP TABLE lib_sums")


def outside_transactions(connection):
    connection.execute(text("VACUUM lib_book"))
    connection.execute(text("CREATE INDEX CONCURRENTLY lib_later ON lib_book (pages)"))
    connection.execute(text("SELECT title FROM lib_book WHERE pages = :n"), {"n": 1})
