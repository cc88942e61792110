// Statements of Django itself and of migrations, told apart from those that a place should explain.
// A real project is migrated through the sidecar. Not here: the join of places (join.test.ts).

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { AuditJson } from '../../audit/answer-json.js';
import { frameworkReader } from '../../audit/framework.js';
import { emptyFacts } from '../../facts/statement-facts.js';
import { frameworkText } from '../../facts/words/framework.js';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { runCommand, runOrThrow } from '../../scripts/lib/run-command.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { startSidecar } from '../../scripts/lib/sidecar.mjs';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';

const FILES = {
  'manage.py': `
import os, sys
from django.core.management import execute_from_command_line
def main():
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    execute_from_command_line(sys.argv)
if __name__ == "__main__":
    main()
`,
  'settings.py': `
import os
SECRET_KEY = "x"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "library"]
if os.environ.get("TAGGED"):
    INSTALLED_APPS.append("pgwitness")
    PGWITNESS = {"ENABLED": True, "SQLALCHEMY": False}
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "USER": "postgres", "NAME": os.environ["DB"],
                         "HOST": os.environ["HOST"], "PORT": os.environ["PORT"]}}
`,
  'library/__init__.py': '',
  'library/models.py': `
from django.db import models
class Book(models.Model):
    title = models.TextField()
`,
  'library/migrations/__init__.py': '',
  'library/migrations/0001_initial.py': `
from django.db import migrations, models
class Migration(migrations.Migration):
    operations = [migrations.CreateModel("Book", [("id", models.BigAutoField(primary_key=True)), ("title", models.TextField())])]
`,
  'library/migrations/0002_data.py': `
from django.db import migrations
def fill(apps, schema_editor):
    apps.get_model("library", "Book").objects.create(title="a")
class Migration(migrations.Migration):
    dependencies = [("library", "0001_initial")]
    operations = [
        migrations.RunPython(fill),
        migrations.RunSQL("UPDATE library_book SET title = upper(title)", migrations.RunSQL.noop),
    ]
`,
  'library/management/__init__.py': '',
  'library/management/commands/__init__.py': '',
  'library/management/commands/look.py': `
from django.contrib.auth.models import Permission
from django.core.management.base import BaseCommand
from django.db import connection
from library.models import Book
def names(rows):
    return [row.name for row in rows]
class Command(BaseCommand):
    def handle(self, **options):
        Book.objects.count()
        names(Permission.objects.filter(codename="add_book"))
        with connection.cursor() as cursor:
            exec('cursor.execute("SELECT 4711")')
`,
};

function ran(query: string, parts: { source?: string; construct?: string; caller?: string } = {}) {
  const facts = emptyFacts('f'.repeat(16), parts.source ?? 'django-orm');
  facts.query = query;
  facts.byConstruct.set(parts.construct ?? 'queryset', 1);
  if (parts.caller !== undefined) facts.tags.set('caller', new Set([parts.caller]));
  return facts;
}

describe('what says that a statement is of Django or of a migration', () => {
  const read = frameworkReader({ migrations: [], fingerprintsOf: () => [] });
  const by = (...given: Parameters<typeof ran>) => read(ran(...given))?.by;
  const permissions = 'SELECT "auth_permission"."codename" FROM "auth_permission"';

  test('its construct, its table, or a line of a migration', () => {
    expect(by('ALTER TABLE "a" ADD COLUMN "b" text', { construct: 'migration' })).toBe('construct');
    expect(by('INSERT INTO "django_migrations" ("app") VALUES (?)')).toBe('table');
    expect(by('INSERT INTO "django_content_type" ("model") VALUES (?)')).toBe('table');
    expect(by(permissions, { caller: 'site/manage.py:9 main' })).toBe('table');
    expect(by('UPDATE "a" SET "b" = ?', { caller: 'app/migrations/0002_data.py:4 fill' })).toBe('migration');
    expect(by('UPDATE a SET b = ?', { source: 'raw', caller: 'app/migrations/0002_data.py:4' })).toBe('migration');
  });

  test('none of these where a line of the application is the caller, or nothing is known of it', () => {
    const caller = 'app/views.py:9 book';
    expect(by(permissions, { caller })).toBeUndefined();
    expect(by('ALTER TABLE "a" ADD COLUMN "b" text', { construct: 'migration', caller })).toBeUndefined();
    expect(by('UPDATE "a" SET "b" = ?', { caller: 'migrations/views.py/models.py:4' })).toBe('migration');
    expect(by('UPDATE "a" SET "b" = ?', { caller: 'app/migrations.py:4' })).toBeUndefined();
    expect(by(permissions)).toBeUndefined();
    expect(by('SELECT "a"."b" FROM "a"')).toBeUndefined();
    expect(by('CREATE TABLE a (b int)', { source: 'raw', construct: 'cursor' })).toBeUndefined();
    expect(by('SELECT 1 FROM a', { source: 'sqlalchemy', construct: 'reflection' })).toBeUndefined();
  });

  test('in words', () => {
    const rows = [
      { by: 'construct', calls: 3, errors: 1 },
      { by: 'migration', calls: 1, errors: 0 },
    ] as const;
    expect(frameworkText(rows, String)).toBe(
      'Django itself and migrations sent 2 statements, 5 times: 1 schema and introspection, 1 migrations of the code',
    );
  });
});

await describeWithPython('migrate through the sidecar', (python) => {
  const postgres = usePostgres({ database: 'migrated' });
  let project: string;

  beforeAll(async () => {
    await build(() => {});
    project = mkdtempSync(path.join(tmpdir(), 'pgwitness-migrate-'));
    for (const [file, text] of Object.entries(FILES)) {
      mkdirSync(path.dirname(path.join(project, file)), { recursive: true });
      writeFileSync(path.join(project, file), text);
    }
  });

  async function migrated(name: string, tagged: boolean): Promise<{ json: AuditJson; text: string }> {
    await postgres().query(`CREATE DATABASE ${name}`);
    const data = path.join(mkdtempSync(path.join(tmpdir(), 'pgwitness-migrated-')), 'data');
    const sidecar = await startSidecar({ upstream: postgres(), data });
    const env = {
      ...process.env,
      DB: name,
      HOST: sidecar.host,
      PORT: String(sidecar.port),
      TAGGED: tagged ? '1' : '',
      PYTHONPATH: path.join(ROOT, 'clients', 'python'),
    };
    await runOrThrow(python.executable, ['manage.py', 'migrate', '--verbosity', '0'], { cwd: project, env });
    await runOrThrow(python.executable, ['manage.py', 'look'], { cwd: project, env });
    await sidecar.stop();
    const main = path.join(ROOT, 'dist', 'cli', 'main.js');
    const asked = [main, 'audit', project, '--python', python.executable, '--data', data];
    const [json, text] = await Promise.all([
      runOrThrow(process.execPath, [...asked, '--json']),
      runCommand(process.execPath, asked, { env: { ...process.env, COLUMNS: '200' } }),
    ]);
    return { json: JSON.parse(json.stdout), text: text.stdout };
  }

  test('with tags all of it is told as Django’s or a migration’s, and the application’s own is not', async () => {
    const { json, text } = await migrated('tagged', true);
    // Run in another function than the one that made it: no place is joined, and it is not Django's either.
    const open = json.unexplained.map(({ query }) => query).sort();
    expect(open).toEqual([expect.stringMatching(/"auth_permission"."codename" = \? ORDER BY/), 'SELECT ?']);
    const kinds = (by: string) => json.framework.filter((one) => one.by === by).map(({ query }) => query);
    expect(kinds('construct')).toContainEqual(expect.stringMatching(/^CREATE TABLE "library_book"/));
    expect(kinds('table')).toContainEqual(expect.stringMatching(/^INSERT INTO "django_migrations"/));
    expect(kinds('table')).toContainEqual(expect.stringMatching(/^INSERT INTO "auth_permission"/));
    expect(kinds('migration').sort()).toEqual([
      expect.stringMatching(/^INSERT INTO "library_book"/),
      'UPDATE library_book SET title = upper(title)',
    ]);
    expect(text).toContain(`Django itself and migrations sent ${json.framework.length} statements, `);
    expect(text).toContain('Statements that no place explains: 2');
  }, 180_000);

  test('without tags schema, records and RunSQL are told; reads of shared tables and RunPython stay open', async () => {
    const { json } = await migrated('untagged', false);
    const open = json.unexplained.map(({ query }) => query);
    expect(open).toContainEqual(expect.stringMatching(/^INSERT INTO "library_book"/));
    expect(open).toContainEqual(expect.stringMatching(/^SELECT .* FROM "auth_permission"/));
    expect(open.filter((query) => /^(?:ALTER|CREATE)|django_migrations|^UPDATE/.test(query))).toEqual([]);
    expect(json.framework).toContainEqual(
      expect.objectContaining({ by: 'migration', query: 'UPDATE library_book SET title = upper(title)' }),
    );
  }, 180_000);
});
