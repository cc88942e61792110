// The versions of libraries and drivers that the programs of this folder are run with.
// Each environment is a file of versions/, with every package pinned.
// Not here: the programs (programs/), running them (run.ts).

import path from 'node:path';

/** A program of programs/ and the driver it uses. */
export interface Run {
  readonly program: 'django' | 'sqlalchemy' | 'bare';
  readonly driver: string;
  /** Run by CI as well; the others are in the recording alone. */
  readonly live: boolean;
}

export interface Environment {
  readonly name: string;
  readonly requirements: string;
  /** Minor version of Python. */
  readonly python: string;
  readonly runs: readonly Run[];
}

const run = (program: Run['program'], drivers: readonly string[], live: readonly string[] = []): Run[] =>
  drivers.map((driver) => ({ program, driver, live: live.includes(driver) }));

const environment = (name: string, python: string, runs: readonly Run[]): Environment => ({
  name,
  requirements: path.join(import.meta.dirname, 'versions', `${name}.txt`),
  python,
  runs,
});

/** SQLAlchemy 1.4 stands beside Django 3.2, 2.1 beside 6.1, and 2.0 beside the others. */
export const ENVIRONMENTS: readonly Environment[] = [
  environment('django-3.2', '3.10', [
    ...run('django', ['psycopg2']),
    ...run('sqlalchemy', ['psycopg2', 'asyncpg']),
    ...run('bare', ['psycopg2']),
  ]),
  environment('django-4.2', '3.10', run('django', ['psycopg', 'psycopg2'])),
  environment('django-5.2', '3.11', [
    ...run('django', ['psycopg', 'psycopg2', 'server-side'], ['psycopg']),
    ...run('sqlalchemy', ['psycopg', 'psycopg2', 'asyncpg'], ['asyncpg']),
    ...run('bare', ['psycopg', 'psycopg2', 'asyncpg']),
  ]),
  environment('django-6.0', '3.12', run('django', ['psycopg', 'pool'])),
  environment('django-6.1', '3.13', [
    ...run('django', ['psycopg', 'psycopg2', 'server-side'], ['server-side']),
    ...run('sqlalchemy', ['psycopg', 'psycopg2', 'asyncpg'], ['psycopg2']),
    ...run('bare', ['psycopg']),
  ]),
];
