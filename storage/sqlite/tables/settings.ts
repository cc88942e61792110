// Parts of the configuration in the database, for reports: every reader knows them.
// Invariant: the newest value of a name counts. Not here: reading the configuration (config/).

import type { AcceptedFinding } from '../../../facts/finding.js';
import type { Identity } from '../../../facts/fleet/identity.js';
import type { SettingRow } from '../../../facts/flush.js';
import type { Rows } from '../file/rows.js';

const UPSERT = 'INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';

/** Inside a transaction. */
export function writeSetting(rows: Rows, [name, json]: SettingRow): void {
  rows.run(UPSERT, name, json);
}

export function acceptedFindings(rows: Rows): AcceptedFinding[] {
  return settingOf<AcceptedFinding[]>(rows, 'findings.accepted') ?? [];
}

/** Undefined where nothing was observed since stores know it. */
export function storedIdentity(rows: Rows): Identity | undefined {
  return settingOf<Identity>(rows, 'identity');
}

function settingOf<T>(rows: Rows, name: string): T | undefined {
  const row = rows.get<{ value: string }>('SELECT value FROM setting WHERE name = ?', name);
  return row === undefined ? undefined : (JSON.parse(row.value) as T);
}
