// Gathers what the audit asks of the traffic, and reads the code's texts as the sidecar would.
// Invariant: terminal and HTTP audit by the same questions. Not here: the join (audit/), where is read from
// (cli/reading, dashboards/http).

import type { AuditInput } from '../../audit/answer.js';
import type { StatementsReport } from '../../facts/answers.js';
import type { FindingsReport } from '../findings.js';
import type { GroupsReport } from '../groups/groups.js';
import type { StatementsQuery, TimeRange } from '../questions/grammar.js';
import type { GroupsQuery } from '../questions/groups-query.js';

/** Where traffic was recorded. */
export interface AuditedPlaces {
  statements(query: StatementsQuery): Promise<StatementsReport>;
  findings(range: TimeRange): Promise<FindingsReport>;
  groups(query: GroupsQuery): Promise<GroupsReport>;
}

export type Ran = Pick<AuditInput, 'report' | 'findings' | 'byCaller'>;
export type TextReading = Pick<AuditInput, 'fingerprintsOf' | 'treeOf'>;

export async function ranIn(places: AuditedPlaces, range: TimeRange): Promise<Ran> {
  const all: StatementsQuery = { range, filter: {}, sort: 'total', limit: 0, minMs: 0, hidden: [], form: 'json' };
  // All callers of a statement, not those that a list shows.
  const report = await places.statements({ ...all, form: 'mergeable' });
  const { findings } = await places.findings(range);
  const { groups } = await places.groups({ ...all, groupBy: 'caller' });
  return { report, findings, byCaller: new Map(groups.map((group) => [group.value, group])) };
}

/** Loads the grammar. */
export async function loadTextReading(): Promise<TextReading> {
  const { UserRules } = await import('../../analyzer/attribution/rules/rule-user.js');
  const { loadLineReader } = await import('../../analyzer/texts/line-reader.js');
  const { treeOfSql } = await import('../../analyzer/fingerprint/grammar.js');
  const read = await loadLineReader(new UserRules([]));
  return {
    fingerprintsOf: (sql) => read({ facts: { relayId: '' } }, sql).map(({ fingerprint }) => fingerprint),
    treeOf: treeOfSql,
  };
}
