// Says what the run of a command sent: in a line, and what of it the baseline does not have.
// Not here: conditions (check.ts).

import type { StatementFacts } from '../../../facts/answers.js';
import { shortSql } from '../../../facts/words/short-sql.js';
import { isHandwritten, isOfApplication, isProven, statementKey } from '../../../reports/check/asked/baseline.js';
import { allExecutions } from '../../../reports/check/doubts.js';
import type { CheckFacts } from '../../../reports/check/facts.js';
import { isNewFinding, isNewStatement } from '../../../reports/check/no-new.js';
import { callersOf } from '../../../reports/check/texts.js';
import { count } from '../../terminal/format.js';
import { oneLine, type Screen, styled } from '../../terminal/output.js';
import { renderTable } from '../../terminal/table.js';

const LISTED_MAX = 30;

export function runText(facts: CheckFacts, screen: Screen): string {
  const own = facts.statements.filter(isOfApplication);
  const byHand = own.filter(isHandwritten);
  const found = facts.findings.filter((finding) => isProven(finding, facts.isRun));
  const head = `${count(allExecutions(facts))} executions, ${count(facts.watched.notObserved)} not observed; ${count(own.length)} statements of the application, ${count(byHand.length)} handwritten; ${count(found.length)} findings`;
  return [styled(`pgwitness: ${head}`, { style: 'bold', screen }), ...newLines(facts, { own, screen })].join('\n');
}

interface NewRow {
  readonly kind: string;
  readonly where: string;
  readonly id: string;
  readonly source: string;
  readonly text: string;
}

function newLines(facts: CheckFacts, { own, screen }: { own: readonly StatementFacts[]; screen: Screen }): string[] {
  if (facts.baseline === undefined) return [];
  const rows: NewRow[] = [];
  for (const finding of facts.findings) {
    if (!isNewFinding(facts, finding)) continue;
    const { callers, routes, sources, id, title } = finding;
    rows.push({
      kind: 'finding',
      where: callers[0] ?? routes[0] ?? '',
      id: id.slice(0, 8),
      source: sources.join(', '),
      text: title,
    });
  }
  const fresh = own.filter((one) => isNewStatement(facts, one));
  for (const one of [...fresh.filter(isHandwritten), ...fresh.filter((facts) => !isHandwritten(facts))]) {
    const kind = isHandwritten(one) ? 'handwritten' : 'statement';
    const { fingerprint, source, query } = one;
    rows.push({ kind, where: callersOf(one)[0] ?? '', id: fingerprint.slice(0, 8), source, text: shortSql(query) });
  }
  const ran = new Set(facts.statements.map(statementKey));
  const gone = [...facts.baseline.statements].filter((key) => !ran.has(key)).length;
  const lines = [
    rows.length === 0 ? 'Nothing is new against the baseline.' : `New against the baseline: ${count(rows.length)}`,
  ];
  if (rows.length > 0) lines.push('', tableOf(rows.slice(0, LISTED_MAX), screen));
  if (rows.length > LISTED_MAX) lines.push(`… and ${count(rows.length - LISTED_MAX)} more`);
  if (gone > 0) lines.push('', `${count(gone)} statements of the baseline did not run.`);
  return ['', ...lines];
}

function tableOf(rows: readonly NewRow[], screen: Screen): string {
  const columns = [
    { title: 'new', cell: ({ kind }: NewRow) => kind },
    { title: 'where', cell: ({ where }: NewRow) => oneLine(where) },
    { title: 'id', cell: ({ id }: NewRow) => id },
    { title: 'source', cell: ({ source }: NewRow) => oneLine(source) },
    { title: 'text', flexible: true, cell: ({ text }: NewRow) => oneLine(text) },
  ];
  return renderTable(rows, columns, screen);
}
