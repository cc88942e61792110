"""Which tags a statement gets from what runs around it."""

import asyncio
import re
import sys
import types
import unittest
from urllib.parse import unquote

import pgwitness
from pgwitness import scope
from pgwitness.commenter import Commenter, Options
from pgwitness.middleware import _route_of


def tags_of(options=Options(), caller=None):
    comment = Commenter(options).comment("raw", "cursor", caller)
    return {key: unquote(value) for key, value in re.findall(r"([\w.-]+)='([^']*)'", comment)}


RAW = {"pgwitness_source": "raw", "pgwitness_construct": "cursor"}


class ApplicationTags(unittest.TestCase):
    def test_inner_blocks_win_and_end(self):
        with pgwitness.tags(flag="a", cache=True):
            with pgwitness.tags(flag="b"):
                self.assertEqual(tags_of(), {**RAW, "flag": "b", "cache": "true"})
            self.assertEqual(tags_of(), {**RAW, "flag": "a", "cache": "true"})
        self.assertEqual(tags_of(), RAW)

    def test_none_takes_a_tag_away(self):
        with pgwitness.tags(flag=None):
            self.assertEqual(tags_of(Options(tags={"flag": "on", "app_version": 3})), {**RAW, "app_version": "3"})

    def test_functions_are_asked_each_time(self):
        answers = iter(["on", None])
        commenter = Commenter(Options(tags={"cache": lambda: next(answers)}))
        self.assertIn("cache='on'", commenter.comment("raw", "", None))
        self.assertNotIn("cache", commenter.comment("raw", "", None))

    def test_it_decorates(self):
        @pgwitness.tags(flag="on")
        def work():
            return tags_of()

        self.assertEqual(work()["flag"], "on")
        self.assertEqual(work()["flag"], "on")

    def test_it_decorates_coroutines(self):
        @pgwitness.tags(flag="on")
        async def work(pause):
            await asyncio.sleep(pause)
            return tags_of().get("flag")

        async def both():
            return await asyncio.gather(work(0.002), work(0))

        self.assertEqual(asyncio.run(both()), ["on", "on"])
        self.assertEqual(tags_of(), RAW)

    def test_tasks_of_asyncio_do_not_see_each_others(self):
        async def work(value):
            with pgwitness.tags(flag=value):
                await asyncio.sleep(0)
                return tags_of()["flag"]

        async def both():
            return await asyncio.gather(work("a"), work("b"))

        self.assertEqual(asyncio.run(both()), ["a", "b"])

    def test_a_bad_key_is_refused(self):
        with self.assertRaisesRegex(ValueError, "bad key"):
            Commenter(Options(tags={"bad key": 1}))

    def test_the_packages_own_tags_win(self):
        with pgwitness.tags(caller="me"):
            self.assertRegex(tags_of(caller=sys._getframe())["caller"], r"test_tags\.py:\d+ (\w+\.)?test_the_packages_own_tags_win$")

    def test_a_source_that_is_not_known_is_not_written(self):
        self.assertEqual(Commenter(Options()).comment("", "", None), "")


class Requests(unittest.TestCase):
    def setUp(self):
        self.request = types.SimpleNamespace(resolver_match=None)
        token = scope.request.set(scope.Request(lambda: _route_of(self.request), "id 1"))
        self.addCleanup(scope.request.reset, token)

    def test_the_route_comes_when_the_url_is_resolved(self):
        self.assertEqual(tags_of(), {**RAW, "request_id": "id 1"})
        self.request.resolver_match = types.SimpleNamespace(route="shop/<int:id>/")
        self.assertEqual(tags_of(), {**RAW, "request_id": "id 1", "route": "shop/<int:id>/"})

    def test_the_root_has_a_name(self):
        self.request.resolver_match = types.SimpleNamespace(route="")
        self.assertEqual(tags_of()["route"], "/")

    def test_both_can_be_left_out(self):
        self.request.resolver_match = types.SimpleNamespace(route="shop/")
        self.assertEqual(tags_of(Options(route=False, request_id=False)), RAW)


class Callers(unittest.TestCase):
    def test_standard_library_and_installed_packages_are_not_the_application(self):
        callers = Commenter(Options()).callers
        for file in (types.__file__, "/x/site-packages/lib/a.py", "<string>", pgwitness.__file__):
            code = compile("frame = sys._getframe()", file, "exec")
            place = {"sys": sys, "__name__": "lib.a"}
            exec(code, place)
            self.assertFalse(callers.is_application(place["frame"]), file)

    def test_listed_packages_are(self):
        callers = Commenter(Options(caller_packages=("lib",))).callers
        code = compile("frame = sys._getframe()", "/x/site-packages/lib/a.py", "exec")
        place = {"sys": sys, "__name__": "lib.a"}
        exec(code, place)
        self.assertEqual(callers.shown(place["frame"]), "a.py:1")

    def test_the_function_is_named_as_the_audit_names_it(self):
        place = {"__name__": "shop.views"}
        text = """
import sys
class Books:
    def list(self):
        return [sys._getframe() for _ in range(1)][0]
    def later(self):
        def inner():
            return (lambda: sys._getframe())()
        return inner()
"""
        exec(compile(text, "/srv/shop/views.py", "exec"), place)
        shown = Commenter(Options()).callers.shown
        whole = sys.version_info >= (3, 11)
        books = place["Books"]()
        self.assertEqual(unquote(shown(books.list())), "views.py:5 Books.list" if whole else "views.py:5")
        self.assertEqual(unquote(shown(books.later())), "views.py:8 Books.later.inner" if whole else "views.py:8")

    def test_long_names_leave_room_for_the_line(self):
        place = {"__name__": "long"}
        name = "f" * 100
        exec(compile(f"import sys\ndef {name}():\n    return sys._getframe()\n", f"/srv/{'d' * 300}.py", "exec"), place)
        self.assertRegex(unquote(Commenter(Options()).callers.shown(place[name]())), r"^d{117}\.py:3 f{70}$")


class IdleRequests(unittest.TestCase):
    def test_the_next_statement_of_the_route_tells_how_many_sent_none(self):
        scope.idle_requests = scope.IdleRequests()
        for _ in range(3):
            scope.Request(lambda: "a/", "1").ended()
        scope.Request(lambda: "", "2").ended()
        for route, told in (("b/", None), ("a/", "3"), ("a/", None)):
            request = scope.Request(lambda route=route: route, "3")
            token = scope.request.set(request)
            try:
                self.assertEqual(tags_of().get("idle_requests"), told)
                # Its later statements do not say it again, and it is not idle itself.
                self.assertNotIn("idle_requests", tags_of())
            finally:
                scope.request.reset(token)
            request.ended()

    def test_a_request_that_ends_twice_is_counted_once_and_routes_are_bounded(self):
        idle = scope.idle_requests = scope.IdleRequests()
        request = scope.Request(lambda: "a/", "1")
        request.ended()
        request.ended()
        self.assertEqual(idle.take("a/"), 1)
        for number in range(2 * idle.ROUTES_MAX):
            idle.note(f"{number}/")
        self.assertEqual(sum(idle.take(f"{number}/") for number in range(2 * idle.ROUTES_MAX)), idle.ROUTES_MAX)

    def test_it_can_be_turned_off(self):
        scope.idle_requests = scope.IdleRequests()
        scope.Request(lambda: "a/", "1").ended()
        token = scope.request.set(scope.Request(lambda: "a/", "2"))
        try:
            self.assertNotIn("idle_requests", tags_of(Options(idle_requests=False)))
        finally:
            scope.request.reset(token)

if __name__ == "__main__":
    unittest.main()
