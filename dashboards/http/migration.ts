// Adds to /api/v1/progress what the ledger of the migration says of it.
// Not here: the report (reports/compare/migration.ts), the rest of the answer (api.ts).

import type { Ledger } from '../../audit/ledger/ledger.js';
import { reportMigration } from '../../reports/compare/migration.js';
import { type MigrationJson, migrationJson } from '../../reports/compare/migration-json.js';
import type { ProgressJson } from '../../reports/forms/timeline-json.js';
import { answerStatements } from '../../reports/questions/answer-statements.js';
import type { TimeRange } from '../../reports/questions/grammar.js';
import { reportRequests } from '../../reports/requests.js';
import { recordedWindow, reportStatus } from '../../reports/status.js';
import type { Reader } from '../../storage/sqlite/read/reader.js';

/** `migration` has the form of `progress --json`; null where the sidecar was given no ledger. */
export type ProgressAnswer = ProgressJson & { migration: MigrationJson | null };

/** Throws StoreError, and UsageError for a ledger with a fault. */
export async function withMigration(
  progress: ProgressJson,
  { reader, ledger, range }: { reader: Reader; ledger: Ledger | undefined; range: TimeRange },
): Promise<ProgressAnswer> {
  if (ledger === undefined) return { ...progress, migration: null };
  const report = await reportMigration(
    {
      statements: async (query) => answerStatements(reader, query),
      requests: async ({ range: asked, tags }) => reportRequests(reader, { ...asked, tags }),
      recorded: async () => recordedWindow(reportStatus(reader)),
    },
    { ledger, range },
  );
  return { ...progress, migration: migrationJson(report) };
}
