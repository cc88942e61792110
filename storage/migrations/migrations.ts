// All migrations in order, from an empty file to the schema of today.
// Invariant: the n-th step leads to version n; committed steps never change. Not here: applying them
// (sqlite/file/migrate.ts).

import { INITIAL_SCHEMA } from './0001-initial.js';
import { DAY_INDEX } from './0002-day-index.js';
import { GAPS } from './0003-gaps.js';
import { REQUESTS } from './0004-requests.js';
import { FINDINGS } from './0005-findings.js';
import { UNIT_SAMPLES } from './0006-unit-samples.js';
import { WATCHED } from './0007-watched.js';
import { SETTINGS } from './0008-settings.js';
import { FINDING_SAMPLES } from './0009-finding-samples.js';
import { LOST_STATEMENTS } from './0010-lost-statements.js';
import { COUNTED_REQUESTS } from './0011-counted-requests.js';
import { FOLDING } from './0012-folding.js';
import { OUTBOX } from './0013-outbox.js';
import { JOURNAL } from './0014-journal.js';

/** SQL scripts; the n-th (from 1) brings a file from version n - 1 to n. */
export const MIGRATIONS: readonly string[] = [
  INITIAL_SCHEMA,
  DAY_INDEX,
  GAPS,
  REQUESTS,
  FINDINGS,
  UNIT_SAMPLES,
  WATCHED,
  SETTINGS,
  FINDING_SAMPLES,
  LOST_STATEMENTS,
  COUNTED_REQUESTS,
  FOLDING,
  OUTBOX,
  JOURNAL,
];
