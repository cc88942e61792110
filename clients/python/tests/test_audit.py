"""The audit, held to code of every form that a team writes SQL in; each case is a small application in a folder."""

import json
import tempfile
import textwrap
import unittest
from pathlib import Path

from pgwitness.audit import audit
from pgwitness.audit.__main__ import main, summary

MODELS = """
    from django.db import models

    class Author(models.Model):
        name = models.TextField()

    class Book(models.Model):
        author = models.ForeignKey(Author, models.CASCADE, related_name="books")
        tags = models.ManyToManyField("Tag")

        class Meta:
            db_table = "library_book"

    class Tag(models.Model):
        name = models.TextField()
"""


class Case(unittest.TestCase):
    maxDiff = None

    def audited(self, files, **options):
        """Writes the files into a folder and audits it; `files`: relative path -> code."""
        with tempfile.TemporaryDirectory() as folder:
            for path, code in files.items():
                whole = Path(folder, path)
                whole.parent.mkdir(parents=True, exist_ok=True)
                whole.write_text(textwrap.dedent(code))
            return audit(Path(folder), **options)

    def places(self, files, kind=None):
        return [place for place in self.audited(files).places if kind in (None, place.kind)]

    def sent(self, code, **more):
        """The texts of all raw places of one file."""
        files = {"app.py": code, **{path.replace("__", "/"): text for path, text in more.items()}}
        return [statement.sql for place in self.places(files, "raw") for statement in place.statements]


class RawText(Case):
    def test_a_constant(self):
        code = """
            from django.db import connection
            def f():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1 FROM book WHERE id = %s", [1])
        """
        [place] = self.places({"app.py": code})
        self.assertEqual((place.line, place.function, place.kind, place.api), (5, "f", "raw", "cursor.execute"))
        self.assertEqual(place.statements[0].sql, "SELECT 1 FROM book WHERE id = %s")
        self.assertEqual((place.statements[0].holes, place.tables, place.database), (False, ["book"], "default"))

    def test_joined_and_formatted_texts(self):
        code = """
            from django.db import connections
            from other import COLUMNS
            TABLE = "book"
            def f(cond):
                cursor = connections["reports"].cursor()
                sql = "SELECT " + COLUMNS
                sql += f" FROM {TABLE}"
                if cond:
                    sql += " WHERE a = %s" % "%s"
                cursor.execute(sql)
                cursor.execute("SELECT {} FROM {t}".format("a", t=TABLE))
                cursor.execute("SELECT %(c)s FROM x" % {"c": "b"})
        """
        files = {"app.py": code, "other.py": 'COLUMNS = ", ".join(["a", "b"])'}
        first, second, third = self.places(files, "raw")
        self.assertEqual({one.sql for one in first.statements}, {"SELECT a, b FROM book", "SELECT a, b FROM book WHERE a = %s"})
        self.assertEqual(first.database, "reports")
        self.assertEqual([one.sql for one in second.statements + third.statements], ["SELECT a FROM book", "SELECT b FROM x"])

    def test_a_hole_is_marked(self):
        code = """
            from django.db import connection
            def f(column):
                connection.cursor().execute(f"SELECT {column} FROM book")
        """
        [place] = self.places({"app.py": code})
        self.assertEqual([(one.sql, one.holes) for one in place.statements], [("SELECT {column} FROM book", True)])

    def test_branches_by_vendor_are_alternatives(self):
        code = """
            from django.db import connection
            def f():
                if connection.vendor == "postgresql":
                    sql = "SELECT a FROM pg"
                else:
                    sql = "SELECT a FROM lite"
                connection.cursor().execute(sql)
        """
        self.assertEqual(sorted(self.sent(code)), ["SELECT a FROM lite", "SELECT a FROM pg"])

    def test_a_later_assignment_hides_an_earlier_one(self):
        code = """
            from django.db import connection
            def f():
                sql = "SELECT 1 FROM old"
                sql = "SELECT 1 FROM new"
                connection.cursor().execute(sql)
        """
        self.assertEqual(self.sent(code), ["SELECT 1 FROM new"])

    def test_a_dictionary_of_queries(self):
        code = """
            from django.db import connection
            from queries import ALL
            def one():
                connection.cursor().execute(ALL["a"])
            def any_of(name):
                connection.cursor().execute(ALL[name])
        """
        files = {"app.py": code, "queries.py": 'ALL = {"a": "SELECT 1 FROM a", "b": "SELECT 1 FROM b"}'}
        one, any_of = self.places(files, "raw")
        self.assertEqual([text.sql for text in one.statements], ["SELECT 1 FROM a"])
        self.assertEqual([text.sql for text in any_of.statements], ["SELECT 1 FROM a", "SELECT 1 FROM b"])

    def test_sql_files(self):
        code = """
            from pathlib import Path
            from django.db import connection
            HERE = Path(__file__).parent / "sql"
            def load(name):
                return (HERE / name).read_text()
            def f():
                cursor = connection.cursor()
                cursor.execute(load("top.sql"))
                cursor.execute(open("sql/low.sql").read())
        """
        self.assertEqual(self.sent(code, **{"sql__top.sql": "SELECT 1 FROM top", "sql__low.sql": "SELECT 1 FROM low"}),
                         ["SELECT 1 FROM top", "SELECT 1 FROM low"])  # fmt: skip

    def test_composed_with_psycopg(self):
        code = """
            import psycopg
            from psycopg import sql
            def f():
                with psycopg.connect() as conn:
                    conn.execute(sql.SQL("SELECT {} FROM {}").format(sql.Identifier("a"), sql.Identifier("s", "t")))
        """
        self.assertEqual(self.sent(code), ['SELECT "a" FROM "s"."t"'])

    def test_asyncpg_fetches_send_and_those_of_cursors_do_not(self):
        code = """
            import asyncpg, psycopg2
            async def f():
                connection = await asyncpg.connect()
                await connection.fetch("SELECT 1 FROM a")
            def g():
                cursor = psycopg2.connect().cursor()
                cursor.execute("SELECT 1 FROM b")
                cursor.fetchall()
        """
        self.assertEqual(self.sent(code), ["SELECT 1 FROM a", "SELECT 1 FROM b"])

    def test_functions_and_methods_that_return_sql(self):
        code = """
            from django.db import connection
            def columns(table):
                return f"SELECT id FROM {table}"
            class Report:
                sql = None
                def rows(self):
                    connection.cursor().execute(self.sql)
            class Sales(Report):
                sql = "SELECT 1 FROM sales"
            class Stock(Report):
                sql = "SELECT 1 FROM stock"
            connection.cursor().execute(columns("book"))
        """
        self.assertEqual(self.sent(code), ["SELECT 1 FROM sales", "SELECT 1 FROM stock", "SELECT id FROM book"])

    def test_many_rows_streams_and_drivers_that_copy(self):
        code = """
            import psycopg
            from psycopg2.extras import execute_values
            from django.db import connection as c, connections
            def f(rows):
                with c.cursor() as cursor:
                    cursor.executemany("INSERT INTO book (a) VALUES (%s)", rows)
                    execute_values(cursor, "INSERT INTO book (a, b) VALUES %s", rows)
                with psycopg.connect() as own, own.cursor() as other:
                    with other.copy("COPY book (a) FROM STDIN") as copy:
                        copy.write_row(rows)
        """
        found = [(place.api, place.statements[0].sql) for place in self.places({"app.py": code}, "raw")]
        self.assertEqual(found, [("cursor.executemany", "INSERT INTO book (a) VALUES (%s)"),
                                 ("execute_values", "INSERT INTO book (a, b) VALUES %s"),
                                 ("cursor.copy", "COPY book (a) FROM STDIN")])  # fmt: skip

    def test_a_cursor_that_is_handed_over_says_that_its_text_is_not_known(self):
        code = """
            from django.db import connection
            from reports import fill
            def f():
                fill(connection.cursor())
        """
        [place] = self.places({"app.py": code}, "raw")
        self.assertEqual((place.api, place.resolved, place.statements), ("connection.cursor", False, []))
        self.assertEqual(place.unresolved, "what the cursor sends is not to be seen here")

    def test_procedures_and_copy(self):
        code = """
            from django.db import connection
            def f(file):
                with connection.cursor() as c:
                    c.callproc("refresh_totals", [1])
                    c.copy_expert("COPY book TO STDOUT", file)
        """
        self.assertEqual(self.sent(code), ["SELECT * FROM refresh_totals()", "COPY book TO STDOUT"])


class Helpers(Case):
    def test_a_cursor_from_a_method_of_the_codes_own_base_class(self):
        places = self.places(
            {
                "tree.py": """
                    from django.db import connections, models, router
                    class Node(models.Model):
                        @classmethod
                        def _connection(cls, action):
                            return {
                                "read": connections[router.db_for_read(cls)],
                                "write": connections[router.db_for_write(cls)],
                            }[action]
                        @classmethod
                        def _cursor_for(cls, action):
                            return cls._connection(action).cursor()
                        def move(self, sql):
                            cursor = self._cursor_for("write")
                            cursor.execute("UPDATE node SET depth = 1")
                    class Handler:
                        def run(self):
                            cursor = self.node_class._cursor_for("write")
                            cursor.execute("UPDATE node SET depth = 2")
                            self.client.execute("run")
                """
            },
            "raw",
        )
        texts = [statement.sql for place in places for statement in place.statements]
        self.assertEqual(texts, ["UPDATE node SET depth = 1", "UPDATE node SET depth = 2"])

    def test_a_method_that_two_classes_have_is_not_taken_for_either(self):
        places = self.places(
            {
                "a.py": """
                    from django.db import connection
                    class One:
                        def _cursor_for(self):
                            return connection.cursor()
                    class Two:
                        def _cursor_for(self):
                            return self.mailbox
                    def f(thing):
                        thing._cursor_for().execute("x")
                """
            },
            "raw",
        )
        self.assertNotIn("execute", [place.api.split(".")[-1] for place in places])

    def test_fifty_callers_of_one_helper(self):
        calls = "\n".join(f"def v{n}():\n    return call('fn_{n}')" for n in range(50))
        code = "from db import call\n" + calls
        helper = """
            from django.db import connection
            def call(name, *args):
                with connection.cursor() as cursor:
                    cursor.execute(f"SELECT * FROM {name}()", args)
        """
        places = self.places({"db.py": helper, "app.py": code}, "raw")
        [own] = [place for place in places if place.file == "db.py"]
        callers = [place for place in places if place.file == "app.py"]
        self.assertEqual(len(callers), 50)
        self.assertEqual({place.via for place in callers}, {own.id})
        self.assertIn("SELECT * FROM fn_7()", [place.statements[0].sql for place in callers])
        self.assertTrue(own.resolved)

    def test_a_helper_behind_a_helper_and_a_default(self):
        code = """
            from django.db import connection
            def run(sql):
                connection.cursor().execute(sql)
            def count(table="book"):
                return run("SELECT count(*) FROM " + table)
            count()
            count("tag")
        """
        self.assertIn("SELECT count(*) FROM book", self.sent(code))
        self.assertIn("SELECT count(*) FROM tag", self.sent(code))

    def test_decorators_and_closures(self):
        code = """
            from django.db import connection
            def query(sql):
                def decorate(function):
                    def inner(*args):
                        connection.cursor().execute(sql, args)
                    return inner
                return decorate
            @query("SELECT 1 FROM decorated")
            def f():
                pass
        """
        self.assertIn("SELECT 1 FROM decorated", self.sent(code))

    def test_a_class_that_keeps_its_sql(self):
        code = """
            from django.db import connection
            class Query:
                def __init__(self, sql):
                    self.sql = sql
                def run(self):
                    connection.cursor().execute(self.sql)
            Query("SELECT 1 FROM kept").run()
        """
        self.assertIn("SELECT 1 FROM kept", self.sent(code))

    def test_a_helper_that_nobody_calls_says_so(self):
        code = """
            from django.db import connection
            def run(sql):
                connection.cursor().execute(sql)
        """
        [place] = self.places({"app.py": code})
        self.assertFalse(place.resolved)
        self.assertIn("parameter of run, and no call of it was found", place.unresolved)


class Django(Case):
    def test_chains_are_one_place(self):
        code = """
            from lib.models import Author, Book
            def f(pk):
                for book in Book.objects.filter(author__in=Author.objects.filter(name="a")).order_by("id")[:5]:
                    book.save()
                    book.author.books.count()
                queryset = Book.objects.all()
                queryset = queryset.filter(pk=pk)
                return queryset.first()
        """
        places = self.places({"lib/models.py": MODELS, "lib/__init__.py": "", "app.py": code}, "orm")
        self.assertEqual([(place.line, place.api, place.tables) for place in places],
                         [(4, "order_by", ["library_book"]), (5, "save", ["library_book"]), (6, "count", ["library_book"]),
                          (7, "all", ["library_book"]), (9, "first", ["library_book"])])  # fmt: skip

    def test_models_and_relations_of_objects_that_are_not_known(self):
        code = """
            from multiprocessing.managers import SyncManager
            from django.contrib.contenttypes.models import ContentType
            from django.db import models
            from taggit.managers import TaggableManager
            class Tagged(models.Model):
                tags = TaggableManager()
                def keys(self):
                    return [tag.pk for tag in self.tags.all()]
            def f(thing, pk):
                type = ContentType.objects.get_for_id(pk)
                model = type.model_class()
                model.objects.filter(pk=pk).update(path=1)
                thing.books.prefetch_related("tags")
                thing.books.get(pk)
                thing.shelves.filter(pk)
                SyncManager().start()
        """
        places = self.places({"lib/models.py": MODELS, "lib/__init__.py": "", "app.py": code}, "orm")
        found = [(place.line, place.api) for place in places if place.file == "app.py"]
        self.assertEqual(found, [(9, "all"), (11, "get_for_id"), (13, "update"), (14, "prefetch_related")])

    def test_what_is_written_by_hand_inside_the_orm(self):
        code = """
            from django.db.models.expressions import RawSQL
            from lib.models import Book
            Book.objects.extra(where=["price > %s"], params=[1], select={"n": "1 + 1"})
            Book.objects.annotate(x=RawSQL("select 1", ()))
            Book.objects.raw("SELECT * FROM library_book")
            Book.objects.raw(str(Book.objects.all().query))
        """
        places = self.places({"lib/models.py": MODELS, "lib/__init__.py": "", "app.py": code}, "raw")
        found = [(place.api, [(one.sql, one.form) for one in place.statements]) for place in places]
        self.assertEqual(found[0], ("extra", [("price > %s", "fragment"), ("1 + 1", "fragment")]))
        self.assertEqual(found[1], ("RawSQL", [("select 1", "fragment")]))
        self.assertEqual(found[2], ("raw", [("SELECT * FROM library_book", "statement")]))
        self.assertEqual((found[3], places[3].resolved), (("raw", [(None, "statement")]), False))
        self.assertIn("the ORM itself writes", places[3].unresolved)

    def test_migrations(self):
        code = """
            from django.db import migrations
            class Migration(migrations.Migration):
                operations = [
                    migrations.RunSQL("CREATE INDEX a ON t (b)", "DROP INDEX a"),
                    migrations.RunSQL([("UPDATE t SET a = %s", [1]), "ANALYZE t"], migrations.RunSQL.noop),
                ]
        """
        places = self.places({"lib/migrations/0001_initial.py": code})
        self.assertTrue(all(place.in_migration for place in places))
        self.assertEqual([[(one.sql, one.reverse) for one in place.statements] for place in places],
                         [[("CREATE INDEX a ON t (b)", False), ("DROP INDEX a", True)],
                          [("UPDATE t SET a = %s", False), ("ANALYZE t", False)]])  # fmt: skip

    def test_lists_are_reversed_by_lists(self):
        code = """
            from django.db import migrations
            class Migration(migrations.Migration):
                operations = [migrations.RunSQL(sql=["CREATE VIEW v AS SELECT 1"], reverse_sql=[("DROP VIEW v", None)])]
        """
        [place] = self.places({"app/migrations/0003_l.py": code}, "raw")
        self.assertEqual([(one.sql, one.reverse) for one in place.statements],
                         [("CREATE VIEW v AS SELECT 1", False), ("DROP VIEW v", True)])  # fmt: skip

    def test_models_that_a_package_gives_through_stars(self):
        files = {
            "lib/__init__.py": "",
            "lib/models/__init__.py": "from .books import *\n",
            "lib/models/books.py": "from django.db import models\nclass Book(models.Model):\n    pass\n",
            "lib/views.py": "from .models import *\nqueryset = Book.objects.all()\n",
        }
        [place] = self.places(files, "orm")
        self.assertEqual((place.file, place.tables), ("lib/views.py", ["lib_book"]))

    def test_a_managers_own_queries_are_of_the_model_that_has_it(self):
        models = """
            from django.db import models
            class Shared(models.QuerySet):
                def newest(self):
                    return self.order_by("id").first()
            class OfLoans(models.Manager):
                def open(self):
                    return self.filter(returned=None).count()
            class Loan(models.Model):
                objects = OfLoans()
                all_of_them = Shared.as_manager()
            class Fine(models.Model):
                objects = Shared.as_manager()
        """
        places = self.places({"lib/__init__.py": "", "lib/models.py": models}, "orm")
        self.assertEqual([(place.function, place.tables) for place in places],
                         [("Shared.newest", []), ("OfLoans.open", ["lib_loan"])])  # fmt: skip

    def test_a_schema_editor_in_a_migration(self):
        code = """
            from django.db import migrations
            def collate(apps, schema_editor):
                schema_editor.execute("ALTER TABLE book ALTER COLUMN path TYPE varchar(9)")
            class Migration(migrations.Migration):
                operations = [migrations.RunPython(collate)]
        """
        [place] = self.places({"app/migrations/0002_c.py": code}, "raw")
        self.assertEqual((place.line, place.api, place.in_migration), (4, "schema_editor.execute", True))

    def test_a_class_method_queries_its_model(self):
        code = """
            from django.db import models
            class Book(models.Model):
                @classmethod
                def newest(cls):
                    return cls.objects.latest("id")
        """
        [place] = self.places({"app/models.py": code}, "orm")
        self.assertEqual((place.line, place.tables, place.function_lines), (6, ["app_book"], (5, 6)))

    def test_managers_of_the_applications_own(self):
        models = (
            MODELS
            + """
    class LoanManager(models.Manager):
        def open(self):
            return self.filter(returned=None)

    class Loan(models.Model):
        current = LoanManager()
"""
        )
        code = "from lib.models import Loan\nLoan.current.open()\n"
        places = self.places({"lib/models.py": models, "lib/__init__.py": "", "app.py": code}, "orm")
        self.assertEqual([(place.file, place.api, place.tables) for place in places if place.file == "app.py"],
                         [("app.py", "open", ["lib_loan"])])  # fmt: skip
        self.assertIn("LoanManager.open", [place.function for place in places])


class SqlAlchemy(Case):
    def test_sessions_connections_and_declarations(self):
        code = """
            from sqlalchemy import Column, Integer, create_engine, select, text
            from sqlalchemy.orm import Session, declarative_base, sessionmaker
            Base = declarative_base()
            engine = create_engine("postgresql://")
            Local = sessionmaker(engine)
            class User(Base):
                __tablename__ = "users"
                id = Column(Integer, primary_key=True)
            def f(session: Session):
                session.query(User).filter(User.id == 1).all()
                session.execute(select(User))
                with engine.connect() as connection:
                    connection.execute(text("SELECT id FROM users WHERE id = :id"), {"id": 1})
                with Local() as other:
                    other.scalars(select(User.id))
                    other.add(User())
        """
        places = self.places({"app.py": code})
        self.assertEqual({place.kind for place in places}, {"sqlalchemy"})
        queries = [(place.line, place.api, place.tables) for place in places if place.line > 9]
        self.assertEqual(queries, [(11, "session.query", ["users"]), (12, "session.execute", ["users"]),
                                   (14, "connection.execute", ["users"]), (16, "session.scalars", ["users"]),
                                   (17, "session.add", ["users"])])  # fmt: skip
        self.assertEqual(
            sorted(place.api for place in places if place.line <= 9), ["engine", "import", "import", "model", "sessionmaker"]
        )
        self.assertEqual([place.tables for place in places if place.api == "model"], [["users"]])
        self.assertEqual([one.sql for place in places for one in place.statements], ["SELECT id FROM users WHERE id = :id"])

    def test_class_methods_dynamic_relations_and_own_queries(self):
        code = """
            from flask_sqlalchemy import BaseQuery, SQLAlchemy
            import sqlalchemy
            db = SQLAlchemy()
            class Visible(BaseQuery):
                def get(self, key):
                    return super(Visible, self).get(key)
            class Book(db.Model):
                tags = db.relationship("Tag", lazy="dynamic")
                authors = db.relationship("Author")
                @classmethod
                def newest(cls):
                    return cls.query.order_by(cls.id).first()
                def tagged(self):
                    return self.tags.count() + len(self.authors)
            class Store:
                def __init__(self, db):
                    self.db = db
                def keep(self, book):
                    self.db.session.add(book)
        """
        places = [(place.line, place.api) for place in self.places({"app.py": code}, "sqlalchemy")]
        self.assertEqual(
            [one for one in places if one[1].startswith(("query.", "session."))],
            [(7, "query.get"), (13, "query.order_by"), (15, "query.count"), (20, "session.add")],
        )

    def test_an_engine_sends_too_and_a_model_stands_beside_its_django_twin(self):
        files = {
            "lib/__init__.py": "",
            "lib/models.py": MODELS,
            "ported.py": """
                import sqlalchemy as sa
                from sqlalchemy.orm import declarative_base
                Base = declarative_base()
                engine = sa.create_engine("postgresql://")
                class Book(Base):
                    __tablename__ = "library_book"
                class Alone(Base):
                    __tablename__ = "alone"
                engine.execute("SELECT 1 FROM library_book")
            """,
        }
        places = self.places(files, "sqlalchemy")
        self.assertEqual([place.twin for place in places if place.api == "model"], ["lib/models.py:7", None])
        self.assertIn(("connection.execute", ["library_book"]), [(place.api, place.tables) for place in places])

    def test_flask_sqlalchemy(self):
        files = {
            "web/__init__.py": "",
            "web/db.py": "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n",
            "web/models.py": 'from web.db import db\nclass User(db.Model):\n    __tablename__ = "user"\n',
            "web/views.py": "from web.db import db\nfrom web.models import User\n\n"
            "def f():\n    User.query.filter_by(id=1).first()\n    db.session.execute(db.text('SELECT 1 FROM t'))\n",
        }
        found = [(place.api, place.tables) for place in self.places(files) if place.file == "web/views.py"]
        self.assertEqual(found, [("query.filter_by", ["user"]), ("session.execute", ["t"])])


class NoPlaces(Case):
    def test_what_only_looks_like_it(self):
        code = """
            import requests
            from django.core.cache import cache
            from elasticsearch_dsl import Search
            class Backend:
                def execute(self, sql):
                    return sql
            def f(session, backend):
                session.get("https://example.com")
                requests.Session().get("https://example.com")
                cache.get("a"); cache.delete("a")
                Search().filter("term", a=1).execute()
                Backend().execute("SELECT 1 FROM nowhere")
                backend.execute("SELECT 1")
                {}.get("a")
        """
        self.assertEqual(self.places({"app.py": code}), [])

    def test_a_cursor_of_another_database_says_which(self):
        code = """
            import sqlite3
            from django.db import connection
            def f():
                connection = sqlite3.connect("search.db")
                cursor = connection.cursor()
                cursor.execute("SELECT 1 FROM docs")
        """
        [place] = self.places({"app.py": code})
        self.assertEqual(place.database, "sqlite3")

    def test_dataset(self):
        [place] = self.places({"app.py": 'import dataset\ndb = dataset.connect("x")\ndb.query("SELECT 1 FROM t")\n'})
        self.assertEqual((place.database, place.api), ("dataset", "connection.query"))


class Entries(Case):
    def test_routes_jobs_and_commands(self):
        files = {
            "site/settings.py": 'ROOT_URLCONF = "site.urls"\nCELERY_BEAT_SCHEDULE = {"n": {"task": "lib.tasks.nightly", "schedule": crontab(hour=3)}}\n',
            "site/__init__.py": "",
            "site/urls.py": 'from django.urls import include, path\nurlpatterns = [path("a/<int:pk>/", view), path("lib/", include("lib.urls"))]\n',
            "lib/__init__.py": "",
            "lib/urls.py": "from django.urls import re_path\nurlpatterns = [re_path(r'^b/$', view)]\n",
            "lib/tasks.py": "from celery import shared_task\n@shared_task\ndef nightly():\n    pass\n@shared_task(name='other')\ndef f():\n    pass\n",
            "lib/management/commands/seed.py": "",
        }
        catalogue = self.audited(files)
        self.assertEqual(catalogue.routes, ["a/<int:pk>/", "lib/^b/$"])
        self.assertEqual(
            catalogue.jobs, [{"name": "lib.tasks.nightly", "schedule": "crontab(hour=3)"}, {"name": "other", "schedule": None}]
        )
        self.assertEqual(catalogue.commands, ["seed"])

    def test_flask(self):
        code = """
            from flask import Blueprint, Flask
            app = Flask(__name__)
            api = Blueprint("api", __name__, url_prefix="/api")
            @app.route("/")
            def home(): pass
            @api.get("/x/<int:id>")
            def x(id): pass
        """
        self.assertEqual(self.audited({"app.py": code}).routes, ["/", "/api/x/<int:id>"])

    def test_what_cannot_be_had_is_none(self):
        catalogue = self.audited({"app.py": "x = 1\n"})
        self.assertEqual((catalogue.routes, catalogue.jobs, catalogue.commands), (None, None, None))
        self.assertIn("coverage cannot be known", summary(catalogue))


class Form(Case):
    CODE = "from django.db import connection\ndef f():\n    connection.cursor().execute('SELECT 1 FROM a')\n"

    def test_an_id_survives_moved_lines_and_tells_equal_texts_apart(self):
        [before] = self.places({"app.py": self.CODE})
        [after] = self.places({"app.py": "\n\n# moved\n" + self.CODE})
        self.assertEqual((before.id, before.line + 3), (after.id, after.line))
        twice = self.places({"app.py": self.CODE + "    connection.cursor().execute('SELECT 1 FROM a')\n"})
        self.assertEqual(len({place.id for place in twice}), 2)

    def test_a_file_that_cannot_be_read_is_told(self):
        catalogue = self.audited({"app.py": self.CODE, "old.py": "print 'x'\n"})
        self.assertEqual(len(catalogue.places), 1)
        self.assertIn("old.py", catalogue.unread)
        self.assertIn("not read: old.py", summary(catalogue))
        self.assertIn("the code may be of a newer one", catalogue.unread["old.py"])

    def test_tests_and_excluded_files_are_left_out_unless_asked(self):
        files = {"app.py": self.CODE, "tests/x.py": self.CODE, "legacy/y.py": self.CODE}
        self.assertEqual([place.file for place in self.audited(files, exclude=("legacy/*",)).places], ["app.py"])
        self.assertEqual(len(self.audited(files, tests=True).places), 3)

    def test_the_command_writes_the_form(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "app.py").write_text(self.CODE)
            output = Path(folder, "audit.json")
            self.assertEqual(main([folder, "--output", str(output)]), 0)
            written = json.loads(output.read_text())
            self.assertEqual(written["version"], 1)
            self.assertEqual(set(written["places"][0]), {
                "id", "file", "line", "end_line", "function", "kind", "in_migration", "api", "statements", "tables", "database",
                "via", "resolved", "unresolved", "function_lines", "twin",
        })  # fmt: skip
            self.assertEqual(main([str(Path(folder, "none"))]), 2)


if __name__ == "__main__":
    unittest.main()
