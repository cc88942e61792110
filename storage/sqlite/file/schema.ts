// The version of a database file: whose it is, and how old its schema is.
// Invariant: nothing writes to a newer file, or reads one of another version. Who reads loads no migration.
// Not here: bringing a file up to date (migrate.ts), the tables (migrations/), opening (open-writer.ts, reader.ts).

import type Database from 'better-sqlite3';
import { makeStoreError } from './failures.js';
import { SCHEMA_VERSION } from './schema-version.js';

/** In the file's header, so that file(1) and people can tell it from other databases: "pgwi". */
export const APPLICATION_ID = 0x70677769;

export interface FileIdentity {
  applicationId: number;
  schemaVersion: number;
  empty: boolean;
}

export function identityOf(db: Database.Database): FileIdentity {
  return {
    applicationId: db.pragma('application_id', { simple: true }) as number,
    schemaVersion: db.pragma('user_version', { simple: true }) as number,
    empty: db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined,
  };
}

/** Throws StoreError 'newer-schema' or 'corrupt' (not our file). `path` is for the message. */
export function requireOurs(identity: FileIdentity, path: string): void {
  if (identity.empty && identity.applicationId === 0) return;
  if (identity.applicationId !== APPLICATION_ID) {
    throw makeStoreError('corrupt', `${path} is a database, but not one that pgwitness made`);
  }
  if (identity.schemaVersion > SCHEMA_VERSION) {
    throw makeStoreError(
      'newer-schema',
      `${path} has schema version ${identity.schemaVersion}; this pgwitness knows versions up to ${SCHEMA_VERSION}`,
    );
  }
}

/** As requireOurs, and throws StoreError 'older-schema', or 'missing' for a file that nothing was written to yet. */
export function requireCurrent(identity: FileIdentity, path: string): void {
  requireOurs(identity, path);
  const { schemaVersion } = identity;
  if (schemaVersion === 0) throw makeStoreError('missing', `nothing was stored in ${path} yet`);
  if (schemaVersion < SCHEMA_VERSION) {
    throw makeStoreError(
      'older-schema',
      `${path} has schema version ${schemaVersion}; this pgwitness reads version ${SCHEMA_VERSION}`,
    );
  }
}
