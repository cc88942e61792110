"""Settings for Django's own tests, each test as one tagged request.

Not here: databases and results (django_settings.py), which tests (scripts/findings-corpus.mjs).
"""

import itertools
from urllib.parse import quote

import django_settings
from django.db.backends.signals import connection_created
from django_settings import *  # noqa: F403

TEST_RUNNER = "django_tagged_settings.Runner"

_numbers = itertools.count(1)
_comment = ""


def _tagged(execute, sql, params, many, context):
    return execute(f"{sql} {_comment}" if _comment and isinstance(sql, str) else sql, params, many, context)


def _install(connection, **_):
    if _tagged not in connection.execute_wrappers:
        connection.execute_wrappers.append(_tagged)


connection_created.connect(_install)


class Result(django_settings.Result):
    def startTest(self, test):
        global _comment
        route = quote(test.id(), safe="")
        _comment = f"/*request_id='test-{next(_numbers)}',route='{route}'*/"
        super().startTest(test)

    def stopTest(self, test):
        global _comment
        super().stopTest(test)
        _comment = ""


class Runner(django_settings.Runner):
    def get_resultclass(self):
        return Result
