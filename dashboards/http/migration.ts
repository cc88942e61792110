// Answers about the migration: what its ledger and its code say beside what ran.
// Invariant: without a file its part of an answer is null; the files are read at each question.
// Not here: the reports (reports/compare/migration.ts, reports/code), the other paths (api.ts).

import { answerAudit } from '../../audit/answer.js';
import { type AuditJson, auditJson } from '../../audit/answer-json.js';
import { readCatalogue } from '../../audit/catalogue.js';
import { readLedger } from '../../audit/ledger/ledger.js';
import { withStates } from '../../audit/ledger/update.js';
import { loadTextReading, ranIn, type TextReading } from '../../reports/code/audit-report.js';
import { reportMigration } from '../../reports/compare/migration.js';
import { type MigrationJson, migrationJson } from '../../reports/compare/migration-json.js';
import { reportFindings } from '../../reports/findings.js';
import { type SourcesJson, sourcesJson } from '../../reports/forms/timeline-json.js';
import { reportGroups } from '../../reports/groups/groups.js';
import { reportMarks } from '../../reports/marks.js';
import { answerStatements } from '../../reports/questions/answer-statements.js';
import { readTimeRange, type TimeRange } from '../../reports/questions/grammar.js';
import type { ParameterContext } from '../../reports/questions/reading.js';
import { reportRequests } from '../../reports/requests.js';
import { reportSources } from '../../reports/sources.js';
import { recordedWindow, reportStatus } from '../../reports/status.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';

/** '' = there is none. */
export interface MigrationFiles {
  /** Of the migration: migration.yaml. */
  readonly ledger: string;
  /** What the code sends: audit.json. */
  readonly code: string;
}

/** `migration` has the form of `progress --json`; null where the sidecar was given no ledger. */
type ProgressAnswer = SourcesJson & { migration: MigrationJson | null };

/** `audit` has the form of `audit --json`; null where the sidecar was not told of the code. */
export interface AuditAnswerJson {
  readonly audit: AuditJson | null;
}

const PROGRESS_PATH = '/api/v1/progress';
const AUDIT_PATH = '/api/v1/audit';
/** Version of Django that the audit's links lead to, as in the terminal by default. */
const DJANGO = '5.2';

export class MigrationAnswers {
  readonly #reader: StoreReader;
  readonly #files: MigrationFiles;
  #texts: Promise<TextReading> | undefined;

  constructor(reader: StoreReader, files: MigrationFiles) {
    this.#reader = reader;
    this.#files = files;
  }

  /**
   * The JSON at a path; undefined for one that is not here. Rejects with StoreError, UsageError for a ledger with a
   * fault or a wrong parameter, and RuntimeError for a file that cannot be read.
   */
  async answer(
    path: string,
    { parameters, context }: { parameters: URLSearchParams; context: ParameterContext },
  ): Promise<ProgressAnswer | AuditAnswerJson | undefined> {
    if (path === PROGRESS_PATH) return this.#progress(readTimeRange(parameters, context));
    if (path === AUDIT_PATH) return this.#audit(readTimeRange(parameters, context));
    return undefined;
  }

  async #progress(range: TimeRange): Promise<ProgressAnswer> {
    const reader = this.#reader;
    const ledger = this.#files.ledger === '' ? undefined : readLedger(this.#files.ledger);
    const progress = sourcesJson(reportSources(reader, range));
    if (ledger === undefined) return { ...progress, migration: null };
    const report = await reportMigration(
      {
        statements: async (query) => answerStatements(reader, query),
        requests: async ({ range: asked, tags }) => reportRequests(reader, { ...asked, tags }),
        marks: async (asked) => reportMarks(reader, asked),
        recorded: async () => recordedWindow(reportStatus(reader)),
      },
      { ledger, range },
    );
    return { ...progress, migration: migrationJson(report) };
  }

  async #audit(range: TimeRange): Promise<AuditAnswerJson> {
    const { code, ledger } = this.#files;
    if (code === '') return { audit: null };
    const reader = this.#reader;
    const catalogue = readCatalogue(code);
    this.#texts ??= loadTextReading();
    const ran = await ranIn(
      {
        statements: async (query) => answerStatements(reader, query),
        findings: async (asked) => reportFindings(reader, asked),
        groups: async ({ range: asked, filter, groupBy: by, hidden }) =>
          reportGroups(reader, { ...asked, by, filter, hidden: new Set(hidden) }),
      },
      range,
    );
    const found = answerAudit({
      catalogue,
      ...ran,
      ...(await this.#texts),
      tests: null,
      django: DJANGO,
      moneyTables: [],
    });
    return { audit: auditJson(withStates(found, ledger === '' ? undefined : readLedger(ledger))) };
  }
}
