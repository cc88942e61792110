// The Python package by itself: its own tests, its imports, and settings that turn it off.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { APP_REQUIREMENTS } from '../apps/app.js';
import { describeWithPython } from '../kit/python.js';
import { PACKAGE } from './client.js';

/** Django with these options, then what the program prints; no database is asked. */
function django(options: string, program: string): string {
  return `
import django
from django.conf import settings
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "nowhere"}},
    INSTALLED_APPS=["pgwitness"],
    MIDDLEWARE=["pgwitness.middleware.PgwitnessMiddleware"],
    **${options},
)
django.setup()
${program}`;
}

await describeWithPython(
  'clients/python, the package',
  (python) => {
    const run = (program: string) => python.run(program, { env: { PYTHONPATH: PACKAGE }, cwd: ROOT });

    test('passes its own tests', async () => {
      const args = ['-m', 'unittest', 'discover', '-s', path.join(PACKAGE, 'tests')];
      const program = `import runpy, sys; sys.argv = ${JSON.stringify(args.slice(1))}; runpy.run_module("unittest", run_name="__main__")`;
      const { code, stderr } = await run(program);
      expect(stderr).toMatch(/Ran [1-9]\d+ tests in [\s\S]*\nOK/);
      expect(code).toBe(0);
    });

    test('imports neither Django nor SQLAlchemy nor Celery by itself', async () => {
      const program = `
import sys, pgwitness, pgwitness.commenter, pgwitness.django_marks, pgwitness.middleware, pgwitness.sqlalchemy
print([name for name in ("django", "sqlalchemy", "celery") if name in sys.modules])`;
      expect((await run(program)).stdout.trim()).toBe('[]');
    });

    test.each(['{}', '{"PGWITNESS": {"ENABLED": False}}'])('with settings %s changes nothing', async (options) => {
      const program = django(
        options,
        `
from django.core.management.base import BaseCommand
from django.core.handlers.base import BaseHandler
from django.db import connection
from django.db.backends.signals import connection_created
from django.db.models.sql import compiler
handler = BaseHandler()
handler.load_middleware()
hooked = [compiler.SQLCompiler.execute_sql, compiler.SQLCompiler.as_sql, BaseCommand.execute]
print(len(connection.execute_wrappers), len(connection_created.receivers), [hasattr(each, "_pgwitness") for each in hooked])
print("pgwitness" in str(handler._middleware_chain))`,
      );
      const { stdout, stderr } = await run(program);
      expect(stderr).toBe('');
      expect(stdout.trim().split('\n')).toEqual(['0 0 [False, False, False]', 'False']);
    });

    test('the settings that docs/DEPLOY.md shows turn it on', async () => {
      const page = readFileSync(path.join(ROOT, 'docs', 'DEPLOY.md'), 'utf8');
      const chapter = page.split('\n## ').find((part) => part.startsWith('Tags from Python'))!;
      const [, shown] = /```python\n([\s\S]*?)```/.exec(chapter)!;
      const program = `
import django
from django.conf import settings
shown = {}
exec(${JSON.stringify(shown)}, shown)
lists = {name: [each for each in shown[name] if each is not ...] for name in ("INSTALLED_APPS", "MIDDLEWARE")}
database = {"ENGINE": "django.db.backends.postgresql", "NAME": "nowhere"}
settings.configure(DATABASES={"default": database}, PGWITNESS=shown["PGWITNESS"], **lists)
django.setup()
from django.core.handlers.base import BaseHandler
from django.db import connection
handler = BaseHandler()
handler.load_middleware()
print(len(connection.execute_wrappers), "pgwitness" in str(handler._middleware_chain).lower())`;
      const { stdout, stderr } = await run(program);
      expect(stderr).toBe('');
      expect(stdout.trim()).toBe('1 True');
    });

    test.each([
      ['{"PGWITNESS": {"ENABLE": True}}', "PGWITNESS: 'ENABLE' is no option, did you mean 'ENABLED'?"],
      ['{"PGWITNESS": {"ENABLED": "yes"}}', "PGWITNESS: ENABLED is True or False, not 'yes'"],
      ['{"PGWITNESS": True}', 'PGWITNESS: a dict is needed here'],
      ['{"PGWITNESS": {"ENABLED": True, "TAGS": {"a b": 1}}}', "PGWITNESS: tag 'a b': a key is a letter or _"],
      ['{"PGWITNESS": {"CALLER_PACKAGES": "shop"}}', 'PGWITNESS: CALLER_PACKAGES is a list of names of packages'],
      ['{"PGWITNESS": {"CALLER_SKIP": [1]}}', 'PGWITNESS: CALLER_SKIP is a list of names of packages'],
    ])('settings %s end the start with the reason', async (options, reason) => {
      const { code, stderr } = await run(django(options, 'print("started")'));
      expect(code).toBe(1);
      expect(stderr).toContain(`ImproperlyConfigured: ${reason}`);
    });

    test('a statement is sent as it was where a tag cannot be had', async () => {
      const options = '{"PGWITNESS": {"ENABLED": True, "TAGS": {"cache": lambda: 1 / 0}}}';
      const program = django(
        options,
        `
from django.db import connection
wrapper = connection.execute_wrappers[0]
for _ in range(2):
    print(wrapper(lambda sql, *rest: sql, "SELECT 1", None, False, {"cursor": None}))`,
      );
      const { stdout, stderr } = await run(program);
      expect(stdout.trim().split('\n')).toEqual(['SELECT 1', 'SELECT 1']);
      expect(stderr.match(/ZeroDivisionError/g)).toHaveLength(1);
    });
  },
  { requirements: APP_REQUIREMENTS },
);
