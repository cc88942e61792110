"""Where comments go and what they look like; needs neither Django nor SQLAlchemy: python -m unittest discover clients/python/tests."""

import unittest
from urllib.parse import unquote

from pgwitness.comment import checked_key, comment_of, encoded, takes_comment, with_comment

COMMENT = "/*route='a%20b'*/"


def put(sql, formatted=False):
    return with_comment(sql, COMMENT, formatted=formatted)


class WhereItGoes(unittest.TestCase):
    def test_at_the_end(self):
        self.assertEqual(put("SELECT 1"), f"SELECT 1 {COMMENT}")

    def test_before_a_trailing_semicolon(self):
        self.assertEqual(put("SELECT 1 ; \n"), f"SELECT 1 {COMMENT};")

    def test_behind_trailing_space(self):
        self.assertEqual(put("\nSELECT 1\n\n"), f"\nSELECT 1 {COMMENT}")

    def test_on_a_new_line_behind_a_line_comment(self):
        self.assertEqual(put("SELECT 1 -- one;"), f"SELECT 1 -- one;\n{COMMENT}")
        self.assertEqual(put("SELECT 1 -- one\n\n"), f"SELECT 1 -- one\n{COMMENT}")

    def test_on_a_new_line_where_only_the_semicolon_follows_a_line_comment(self):
        self.assertEqual(put("SELECT 1 -- one\n;"), f"SELECT 1 -- one\n{COMMENT};")

    def test_a_line_comment_further_up_does_not_matter(self):
        self.assertEqual(put("SELECT 1 -- one\n+ 1;"), f"SELECT 1 -- one\n+ 1 {COMMENT};")

    def test_percent_signs_are_doubled_where_the_driver_formats(self):
        self.assertEqual(put("SELECT %s", formatted=True) % 7, f"SELECT 7 {COMMENT}")

    def test_percent_signs_are_left_where_it_does_not(self):
        self.assertEqual(put("SELECT '%'"), f"SELECT '%' {COMMENT}")


class WhatIsTouched(unittest.TestCase):
    def test_statements_that_do_something(self):
        for sql in ("SELECT 1", "\n   insert into t values (1)", "(SELECT 1)", "-- why\nWITH a AS (SELECT 1) TABLE a", "/* x */ CALL p()"):
            self.assertTrue(takes_comment(sql), sql)

    def test_not_transactions_settings_and_copy(self):
        for sql in ("BEGIN", "SAVEPOINT s", "release savepoint s", "ROLLBACK TO s", "SET x = 1", "  COPY t FROM STDIN", "/* x */ COMMIT"):
            self.assertFalse(takes_comment(sql), sql)

    def test_not_what_has_no_word(self):
        for sql in ("", ";", "   ", "-- nothing"):
            self.assertFalse(takes_comment(sql), sql)

    def test_not_what_holds_our_comment(self):
        self.assertFalse(takes_comment("SELECT 1 /*pgwitness_source='raw'*/;"))
        self.assertFalse(takes_comment("SELECT 1 /*pgwitness_source='raw'*/ /*db_driver='psycopg2'*/"))

    def test_the_key_in_a_string_is_no_comment(self):
        self.assertTrue(takes_comment("SELECT '/*pgwitness_source=''raw''*/'"))
        self.assertTrue(takes_comment("SELECT /*pgwitness_source='raw'*/ 1"))

    def test_long_indentation_takes_no_time(self):
        self.assertTrue(takes_comment(" " * 100_000 + "SELECT 1"))
        self.assertFalse(takes_comment(" " * 100_000 + "1"))


class Values(unittest.TestCase):
    def test_no_value_ends_the_string_or_the_comment(self):
        for value in ("it's", "*/ DROP TABLE t; /*", "a\\", "line\nbreak", 'quote"', "100%", "é", "\udcff"):
            written = encoded(value)
            self.assertRegex(written, r"^[A-Za-z0-9%._~:/-]*$")
            self.assertNotIn("*/", written)
            self.assertNotIn("/*", written)

    def test_they_come_back(self):
        for value in ("shop/views.py:42", "it's 100 %", "ключ", "a,b='c'"):
            self.assertEqual(unquote(encoded(value)), value)

    def test_they_are_cut(self):
        self.assertEqual(encoded("x" * 300), "x" * 200)

    def test_booleans_are_words(self):
        self.assertEqual((encoded(True), encoded(False), encoded(3)), ("true", "false", "3"))

    def test_pairs_are_sorted_and_empty_ones_left_out(self):
        self.assertEqual(comment_of({"b": "2", "a": "1", "c": ""}, {}), "/*a='1',b='2'*/")
        self.assertEqual(comment_of({"c": ""}, {}), "")

    def test_the_packages_own_win(self):
        self.assertEqual(comment_of({"a": "own"}, {"a": "other", "b": "2"}), "/*a='own',b='2'*/")

    def test_the_packages_own_stay_where_there_are_too_many(self):
        comment = comment_of({"z": "1"}, {f"k{n}": encoded("é" * 200) for n in range(50)})
        self.assertLessEqual(len(comment), 4096)
        self.assertIn("z='1'", comment)
        self.assertIn("k0=", comment)

    def test_there_are_never_more_than_the_reader_takes(self):
        comment = comment_of({"z": "1"}, {f"k{n:02}": "v" for n in range(50)})
        self.assertEqual(comment.count("="), 32)
        self.assertIn("z='1'", comment)


class Keys(unittest.TestCase):
    def test_names_are_keys(self):
        for key in ("flag", "app_version", "cache.on", "a-b", "_x9"):
            self.assertEqual(checked_key(key), key)

    def test_other_text_is_refused(self):
        for key in ("", "9x", "a b", "a'b", "a%b", "x" * 64):
            with self.assertRaisesRegex(ValueError, "a key is a letter"):
                checked_key(key)

    def test_the_packages_own_keys_are_refused(self):
        with self.assertRaisesRegex(ValueError, "written by pgwitness itself"):
            checked_key("pgwitness_source")


if __name__ == "__main__":
    unittest.main()
