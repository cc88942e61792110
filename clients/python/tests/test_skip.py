"""CALLER_SKIP: whoever called a repository is the caller, and the repository is `via`."""

import sys
import unittest
from unittest.mock import patch

from test_tags import tags_of

from pgwitness.commenter import Options
from pgwitness.settings import _settings_of

REPOSITORY = """
def query(send):
    return send()

def both(send):
    return query(send)
"""


def module(name, text):
    place = {"__name__": name}
    exec(compile(text, f"/srv/{name.replace('.', '/')}.py", "exec"), place)
    return place


class Skipped(unittest.TestCase):
    def setUp(self):
        # The frames stay alive as long as the call lasts: tags are read inside it.
        repository = module("shop.repositories.books", REPOSITORY)
        view = module("shop.views", "def show(repository, send):\n    return repository(send)\n")
        self.found = {}

        def send(skip):
            def now():
                self.found = tags_of(Options(caller_skip=skip), sys._getframe(1))

            return now

        self.run_with = lambda skip: view["show"](repository["both"], send(skip))

    def test_without_it_the_repository_is_the_caller(self):
        self.run_with(())
        self.assertEqual(self.found["caller"], "books.py:3 query")
        self.assertNotIn("via", self.found)

    def test_a_package_is_skipped_with_all_its_modules(self):
        self.run_with(("shop.repositories",))
        self.assertEqual((self.found["caller"], self.found["via"]), ("views.py:2 show", "books.py:3 query"))

    def test_another_name_that_begins_alike_is_not_skipped(self):
        self.run_with(("shop.repo", "shop.repositories.book"))
        self.assertEqual(self.found["caller"], "books.py:3 query")

    def test_where_all_are_skipped_the_innermost_stays(self):
        self.run_with(("shop", "test_skip", "unittest", "__main__"))
        self.assertEqual(self.found["caller"], "books.py:3 query")
        self.assertNotIn("via", self.found)


class Setting(unittest.TestCase):
    def test_it_is_a_list_of_names(self):
        self.assertEqual(_settings_of({"CALLER_SKIP": ["shop.repositories"]}).options.caller_skip, ("shop.repositories",))
        for wrong in ("shop", {"shop": 1}, [1]):
            with self.assertRaisesRegex(ValueError, "CALLER_SKIP is a list of names"):
                _settings_of({"CALLER_SKIP": wrong})

    def test_sqlalchemy_is_listened_to_where_it_is_installed_unless_it_is_turned_off(self):
        for installed in (True, False):
            with patch("pgwitness.settings.find_spec", return_value=object() if installed else None):
                self.assertEqual(_settings_of({"ENABLED": True}).sqlalchemy, installed)
                self.assertEqual(_settings_of({"ENABLED": True, "SQLALCHEMY": False}).sqlalchemy, False)
