// Parts of the configuration in the database, for reports: every reader knows them.
// Invariant: the newest value of a name counts. Not here: reading the configuration (config/).

import type { AcceptedFinding } from '../../../facts/finding.js';
import type { SettingRow } from '../../../facts/flush.js';
import type { Rows } from '../file/rows.js';

const UPSERT = 'INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';

/** Inside a transaction. */
export function writeSetting(rows: Rows, [name, json]: SettingRow): void {
  rows.run(UPSERT, name, json);
}

export function acceptedFindings(rows: Rows): AcceptedFinding[] {
  const row = rows.get<{ value: string }>('SELECT value FROM setting WHERE name = ?', 'findings.accepted');
  return row === undefined ? [] : (JSON.parse(row.value) as AcceptedFinding[]);
}
