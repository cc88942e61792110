// Prints `reconcile`, as text or JSON.
// Invariant: every statement that differs is listed, and text and JSON say the same. Not here: comparing
// (postgres/reconcile.ts).

import type { Baseline } from '../../postgres/baseline.js';
import type { Outcome, ReconciledStatement, Reconciliation } from '../../postgres/reconcile.js';
import { count, moment } from '../terminal/format.js';
import { oneLine, print, printJson, type Screen, screenOf, styled } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';

export interface ReconciliationView extends Baseline {
  readonly json: boolean;
  /** Also list statements that agree. */
  readonly all: boolean;
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
  if (shown.length > 0) lines.push(tableOf(shown, screen), '');
  const used = new Set(result.statements.map(({ rule }) => rule));
  const rules = result.rules.filter(({ name }) => used.has(name));
  for (const rule of rules) lines.push(`${rule.name}: ${rule.says}.`);
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
  return lines.join('\n');
}

function tableOf(shown: readonly ReconciledStatement[], screen: Screen): string {
  return renderTable(
    shown,
    [
      { title: 'outcome', cell: (row) => MEANINGS[row.outcome] },
      { title: 'server calls', align: 'right', cell: (row) => count(row.server.calls) },
      { title: 'proxy calls', align: 'right', cell: (row) => count(row.proxy.calls) },
      { title: 'server rows', align: 'right', dropOrder: 1, cell: (row) => count(row.server.rows) },
      { title: 'proxy rows', align: 'right', dropOrder: 1, cell: (row) => count(row.proxy.rows) },
      { title: 'rule', dropOrder: 2, cell: (row) => row.rule },
      { title: 'fingerprint', cell: (row) => row.fingerprint },
      { title: 'query', flexible: true, cell: (row) => oneLine(row.query) },
    ],
    screen,
  );
}

function reconciliationJson(result: Reconciliation, { server, witness, all }: ReconciliationView): object {
  return {
    server: {
      version: server.version,
      database: server.database,
      stats_reset: new Date(server.statsResetMs).toISOString(),
      deallocations: server.deallocations,
      track_utility: server.trackUtility,
    },
    not_observed: witness.notObserved,
    sums: result.sums,
    rules: result.rules.map(({ name, says }) => ({ name, says })),
    statements: result.statements
      .filter(({ outcome }) => all || outcome !== 'equal')
      // `verdict` is the name that `outcome` had before.
      .map(({ seenBy, ...row }) => ({ ...row, verdict: row.outcome, seen_by: seenBy })),
  };
}
