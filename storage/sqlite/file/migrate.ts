// Brings a database file up to date.
// Invariant: each step is one transaction with its version number, so a file is never between versions.
// Not here: the steps (migrations/), whether a file is ours or newer (schema.ts).

import type Database from 'better-sqlite3';
import { MIGRATIONS } from '../../migrations/migrations.js';
import { APPLICATION_ID } from './schema.js';
import { SCHEMA_VERSION } from './schema-version.js';

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
