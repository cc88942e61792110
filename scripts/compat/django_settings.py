"""Settings for Django's own tests: two databases on one server, and a runner that writes what each test gave.

The server is PGWITNESS_HOST:PGWITNESS_PORT; the results go to PGWITNESS_RESULTS, a line of JSON per test. A subtest that fails makes its
test fail. Not here: which tests (django.mjs).
"""

import json
import os
import unittest

from django.test.runner import DiscoverRunner

_SERVER = {
    "ENGINE": "django.db.backends.postgresql",
    "HOST": os.environ["PGWITNESS_HOST"],
    "PORT": os.environ["PGWITNESS_PORT"],
    "USER": "postgres",
}
DATABASES = {"default": {**_SERVER, "NAME": "first"}, "other": {**_SERVER, "NAME": "second"}}
SECRET_KEY = "only for tests"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False
TEST_RUNNER = "django_settings.Runner"


class Result(unittest.TextTestResult):
    def startTestRun(self):
        super().startTestRun()
        self._file = open(os.environ["PGWITNESS_RESULTS"], "a", encoding="utf-8")

    def stopTestRun(self):
        self._file.close()
        super().stopTestRun()

    def _write(self, test, outcome):
        self._file.write(json.dumps([test.id(), outcome]) + "\n")

    def addSuccess(self, test):
        super().addSuccess(test)
        self._write(test, "passed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._write(test, "failed")

    def addError(self, test, err):
        super().addError(test, err)
        self._write(test, "failed")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._write(test, "failed")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._write(test, "skipped")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self._write(test, "passed")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._write(test, "failed")


class Runner(DiscoverRunner):
    def get_resultclass(self):
        return Result
