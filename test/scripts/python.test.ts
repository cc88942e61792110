// The Python environment of the shop, against a real Postgres.

import { expect, test } from 'vitest';
import { libpqEnvironment, usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';

await describeWithPython('the Python environment', (python) => {
  const postgres = usePostgres();

  test.each(['psycopg', 'psycopg2'])('reaches Postgres with %s', async (driver) => {
    const program = `import ${driver} as driver
cursor = driver.connect("").cursor()
cursor.execute("SELECT %s + 1", (41,))
print(cursor.fetchone()[0])`;
    const result = await python.run(program, { env: libpqEnvironment(postgres()) });
    expect(result).toMatchObject({ code: 0, stdout: '42\n' });
  });

  test('has Django 5.2 and SQLAlchemy 2', async () => {
    const { stdout } = await python.run(
      'import django, sqlalchemy; print(django.VERSION[:2], sqlalchemy.__version__[0])',
    );
    expect(stdout).toBe('(5, 2) 2\n');
  });
});
