// Prints `reconcile`, as text or JSON.
// Invariant: every statement that differs is listed, and text and JSON say the same. Not here: comparing
// (own-queries/reconcile.ts).

import { shortSql } from '../../facts/words/short-sql.js';
import type { Baseline } from '../../own-queries/baseline.js';
import type { Outcome, ReconciledStatement, Reconciliation } from '../../own-queries/reconcile.js';
import { count, moment } from '../terminal/format.js';
import { oneLine, print, printJson, type Screen, screenOf, styled, wrapped } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';
import { digitsOf } from './top-columns.js';

export interface ReconciliationView extends Baseline {
  readonly json: boolean;
  /** Also list statements that agree. */
  readonly all: boolean;
  /** Statements to list; 0 = all. */
  readonly limit: number;
  /** The connection to the server passed pgwitness. */
  readonly leadsThrough: boolean;
}

const MEANINGS: Readonly<Record<Outcome, string>> = {
  unexplained: 'unexplained',
  reset: 'reset',
  bypass: 'bypass',
  explained: 'explained',
  equal: 'equal',
};

export function printReconciliation(result: Reconciliation, view: ReconciliationView): void {
  if (view.json) printJson(reconciliationJson(result, view));
  else print(reconciliationText(result, { ...view, screen: screenOf(process.stdout, process.env) }));
}

function reconciliationText(result: Reconciliation, view: ReconciliationView & { readonly screen: Screen }): string {
  const { server, witness, screen } = view;
  const { sums } = result;
  const lines = [
    styled(
      `PostgreSQL ${oneLine(server.version)}, database ${oneLine(server.database)}, counting since ${moment(server.statsResetMs)}`,
      { style: 'bold', screen },
    ),
    `${count(sums.equal)} equal · ${count(sums.explained)} explained · ${count(sums.bypass)} bypassed pgwitness · ${count(sums.reset)} cannot be compared (reset) · ${count(sums.unexplained)} unexplained · ${count(witness.notObserved)} executions not observed`,
    '',
  ];
  const shown = view.all ? result.statements : result.statements.filter(({ outcome }) => outcome !== 'equal');
  const listed = cut(shown, view.limit);
  if (listed.length > 0) lines.push(tableOf(listed, screen), '');
  if (listed.length < shown.length) {
    const more = `… ${count(shown.length - listed.length)} more: --limit 0 lists all`;
    lines.splice(-1, 0, styled(more, { style: 'dim', screen }));
  }
  for (const { name, says } of result.rules) {
    const used = result.statements.filter(({ rule }) => rule === name).length;
    if (used > 0) lines.push(`${name} (${count(used)} ${used === 1 ? 'statement' : 'statements'}): ${says}.`);
  }
  if (view.leadsThrough) lines.push(LEADS_THROUGH);
  if (sums.reset > 0) {
    lines.push(
      'reset: one side began to count anew in the minute of these executions, or counts less than the file says. They may agree or not.',
      'To compare, begin a window at a file: --save FILE now, --from FILE later.',
    );
  }
  if (sums.unexplained > 0) {
    lines.push(
      'Possible reasons of unexplained differences: some executions bypassed pgwitness, single entries of pg_stat_statements were reset, or one side began to count later.',
    );
  } else if (sums.reset > 0) lines.push('Every other statement that passed pgwitness agrees with the server.');
  else lines.push('Every statement that passed pgwitness agrees with the server.');
  // The table fits already.
  return lines.flatMap((line) => (line.includes('\n') ? [line] : wrapped(line, screen))).join('\n');
}

const LEADS_THROUGH =
  'The DSN leads through pgwitness: what this command asked the server is among the statements of both, as tool. Give the address of the server itself.';

function cut<T>(rows: readonly T[], limit: number): readonly T[] {
  return limit === 0 ? rows : rows.slice(0, limit);
}

function tableOf(shown: readonly ReconciledStatement[], screen: Screen): string {
  const digits = digitsOf(shown.map(({ fingerprint }) => fingerprint));
  return renderTable(
    shown,
    [
      { title: 'outcome', cell: (row) => MEANINGS[row.outcome] },
      { title: 'server calls', align: 'right', cell: (row) => count(row.server.calls) },
      { title: 'proxy calls', align: 'right', cell: (row) => count(row.proxy.calls) },
      { title: 'server rows', align: 'right', dropOrder: 1, cell: (row) => count(row.server.rows) },
      { title: 'proxy rows', align: 'right', dropOrder: 1, cell: (row) => count(row.proxy.rows) },
      { title: 'rule', dropOrder: 2, cell: (row) => row.rule },
      { title: 'fingerprint', cell: (row) => row.fingerprint.slice(0, digits) },
      { title: 'query', flexible: true, cell: (row) => oneLine(shortSql(row.query)) },
    ],
    screen,
  );
}

function reconciliationJson(
  result: Reconciliation,
  { server, witness, all, limit, leadsThrough }: ReconciliationView,
): object {
  const shown = result.statements.filter(({ outcome }) => all || outcome !== 'equal');
  return {
    server: {
      version: server.version,
      database: server.database,
      stats_reset: new Date(server.statsResetMs).toISOString(),
      deallocations: server.deallocations,
      track_utility: server.trackUtility,
    },
    leads_through_pgwitness: leadsThrough,
    not_observed: witness.notObserved,
    sums: result.sums,
    rules: result.rules.map(({ name, says }) => ({ name, says })),
    statements: cut(shown, limit)
      // `verdict` is the name that `outcome` had before.
      .map(({ seenBy, ...row }) => ({ ...row, verdict: row.outcome, seen_by: seenBy })),
  };
}
