// A real Postgres for one test file: started before its first test, stopped after its last.
// Invariant: no two files share a server, so what one does to it cannot fail another.
// Not here: how it is started (scripts/lib/postgres.mjs).

import { afterAll, beforeAll } from 'vitest';
import { embeddedPostgres, VERSIONS } from '../../scripts/compat/embedded-postgres.mjs';
import { startPostgres } from '../../scripts/lib/postgres.mjs';

export type Postgres = Awaited<ReturnType<typeof startPostgres>>;
export type PostgresOptions = NonNullable<Parameters<typeof startPostgres>[0]>;

/**
 * Call it at the top of a file or of a describe; the returned function gives the server inside tests and later hooks.
 */
export function usePostgres(options: PostgresOptions = {}): () => Postgres {
  let postgres: Postgres | undefined;
  beforeAll(async () => {
    postgres = await startPostgres(options);
  });
  afterAll(async () => {
    await postgres?.stop();
  });
  return () => {
    if (postgres === undefined) throw new Error('usePostgres: the server is there in tests and hooks only');
    return postgres;
  };
}

/** One version of each supported major. Those that are no dependency are fetched from npm when they are first used. */
export const POSTGRES_VERSIONS: readonly string[] = VERSIONS;

export const majorOf = (version: string): number => Number.parseInt(version, 10);

/** As usePostgres, of one of POSTGRES_VERSIONS. */
export function usePostgresVersion(version: string): () => Postgres {
  let postgres: Postgres | undefined;
  beforeAll(async () => {
    postgres = await startPostgres({ binaries: await embeddedPostgres(version) });
  }, 180_000);
  afterAll(async () => {
    await postgres?.stop();
  });
  return () => {
    if (postgres === undefined) throw new Error('usePostgresVersion: the server is there in tests and hooks only');
    return postgres;
  };
}

/** Resolves once the server runs `count` statements of clients that have `part` in their text. */
export async function untilRunning(postgres: Postgres, part: string, count = 1): Promise<void> {
  const asked = `select count(*) from pg_stat_activity
    where state = 'active' and pid <> pg_backend_pid() and query like '%${part}%'`;
  for (const endMs = performance.now() + 30_000; performance.now() < endMs; ) {
    const [[running]] = await postgres.query(asked);
    if (Number(running) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the server does not run ${count} statements with ${part}`);
}

/**
 * libpq's environment for a client program; with a port, that port in place of the server's (a proxy in front of it).
 */
export function libpqEnvironment(postgres: Postgres, port = postgres.port): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    PGHOST: postgres.host,
    PGPORT: String(port),
    PGUSER: postgres.user,
    PGDATABASE: postgres.database,
  };
}
