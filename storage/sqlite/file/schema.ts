// The version of a database file: whose it is, how old its schema is, and bringing it up to date.
// Invariant: each step is one transaction with its version number, so a file is never between versions; nothing writes
// to a newer file.
// Not here: the tables (migrations/), opening files (open-writer.ts, reader.ts).

import type Database from 'better-sqlite3';
import { MIGRATIONS } from '../../migrations/migrations.js';
import { makeStoreError } from './failures.js';

/** In the file's header, so that file(1) and people can tell it from other databases: "pgwi". */
export const APPLICATION_ID = 0x70677769;
export const SCHEMA_VERSION = MIGRATIONS.length;

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

/** A step is about to be applied to a file that has rows: from the version before it. */
export interface MigrationStep {
  readonly to: number;
  readonly newest: number;
}

/** Applies the steps that the file lacks. A process that is killed meanwhile leaves those that were done. */
export function migrate(db: Database.Database, onStep: (step: MigrationStep) => void = () => {}): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  MIGRATIONS.forEach((script, at) => {
    if (at < version) return;
    if (version > 0) onStep({ to: at + 1, newest: SCHEMA_VERSION });
    db.transaction(() => {
      db.exec(script);
      db.pragma(`application_id = ${APPLICATION_ID}`);
      db.pragma(`user_version = ${at + 1}`);
    }).immediate();
  });
}
