"""A test case as Django runs it: a test database, savepoints, constraints, a flush after a transactional one."""

import io

from django.test import TestCase, TransactionTestCase
from django.test.runner import DiscoverRunner
from library.models import Author, Book, Tag


class InTransaction(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.author = Author.objects.create(name="a")

    def test_one(self):
        Book.objects.create(title="t", author=self.author)
        self.assertEqual(Book.objects.filter(author=self.author).count(), 1)

    def test_two(self):
        with self.assertNumQueries(1):
            list(self.author.books.all())


class Flushed(TransactionTestCase):
    available_apps = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sites", "library"]
    serialized_rollback = True
    reset_sequences = True

    def test_three(self):
        Tag.objects.create(pk=77, name="t")


def run():
    """Raises where a test fails."""
    runner = DiscoverRunner(verbosity=0, interactive=False)
    suite = runner.test_loader.loadTestsFromModule(__import__(__name__))
    databases = runner.get_databases(suite) if hasattr(runner, "get_databases") else {"default": True}
    old = runner.setup_databases(aliases=databases)
    try:
        result = runner.test_runner(stream=io.StringIO()).run(suite)
        assert result.wasSuccessful() and result.testsRun == 3, result.errors + result.failures
    finally:
        runner.teardown_databases(old)
