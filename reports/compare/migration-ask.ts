// The questions that the report of a migration asks of a store or a sidecar.
// Not here: the report (migration.ts), the places that are asked (cli/reading/place.ts, dashboards/http/migration.ts).

import type { StatementsReport, Window } from '../../facts/answers.js';
import type { MarkRow } from '../../facts/flush.js';
import type { StatementsQuery, TimeRange } from '../questions/grammar.js';
import type { RequestsQuestion, RequestsReport } from '../requests.js';

/** Where the report asks what ran: a store, or a sidecar. */
export interface MigrationAsk {
  statements(query: StatementsQuery): Promise<StatementsReport>;
  requests(question: { range: TimeRange } & Pick<RequestsQuestion, 'tags'>): Promise<RequestsReport>;
  /** Oldest first. */
  marks(range: TimeRange): Promise<MarkRow[]>;
  /** undefined = nothing was recorded. */
  recorded(): Promise<Window | undefined>;
}

/** Every statement of a time, in full. */
export function allOf(range: TimeRange, filter: StatementsQuery['filter'] = {}): StatementsQuery {
  return { range, filter, sort: 'total', limit: 0, minMs: 0, form: 'mergeable', hidden: [] };
}
