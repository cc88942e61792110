// Prints `compare --old … --new …`: the cost of one use of each set, its statements and its plans.
// Invariant: text, JSON and Markdown are made of the same answer. Not here: comparing (reports/compare/sets-report.ts),
// plans (own-queries/plans.ts).

import { shortSql } from '../../facts/words/short-sql.js';
import { setsWords, useText } from '../../facts/words/uses.js';
import type { SetJson, SetStatementJson, SetsJson } from '../../reports/compare/sets-json.js';
import { count, duration } from '../terminal/format.js';
import { markdownText } from '../terminal/markdown.js';
import { oneLine, print, printJson, type Screen, screenOf, styled } from '../terminal/output.js';
import { renderTable, textWidth } from '../terminal/table.js';
import type { CompareView } from './compare-view.js';

interface SetsView extends CompareView {
  /** key=value, which both sets were narrowed to. */
  readonly tags: readonly string[];
}

export function printSets(compared: SetsJson, view: SetsView): void {
  if (view.form === 'json') printJson(compared);
  else if (view.form === 'markdown') print(setsMarkdown(compared, view));
  else print(setsText(compared, view, screenOf(process.stdout, process.env)));
}

function setsText(compared: SetsJson, view: SetsView, screen: Screen): string {
  const bold = (text: string): string => styled(text, { style: 'bold', screen });
  const lines = [bold(summaryOf(compared, view, screen)), ''];
  for (const [name, set] of setsOf(compared)) {
    lines.push(bold(`${name}: ${useText(set.per_use)}`));
    if (set.statements.length > 0) lines.push(statementsTable(set.statements, screen));
    lines.push('');
  }
  const plans = [planText(compared.old), planText(compared.new)];
  if (plans.some((plan) => plan.length > 0)) {
    lines.push(bold('Generic plans'), ...sideBySide(plans[0], plans[1], screen.width));
  }
  return lines.join('\n').trimEnd();
}

function setsMarkdown(compared: SetsJson, view: SetsView): string {
  const lines = [`### ${markdownText(summaryOf(compared, view))}`, ''];
  for (const [name, set] of setsOf(compared)) {
    lines.push(
      `**${name}**: ${markdownText(useText(set.per_use))}`,
      '',
      '| executions | mean | p95 | statement |',
      '|---|---|---|---|',
    );
    for (const { fingerprint, query, calls, errors, mean_ms, p95_ms } of set.statements) {
      lines.push(
        `| ${count(calls + errors)} | ${duration(mean_ms)} | ${duration(p95_ms)} | \`${fingerprint}\` ${markdownText(query)} |`,
      );
    }
    lines.push('');
    const plan = planText(set);
    if (plan.length > 0) lines.push('```', ...plan.map((line) => line.replaceAll('```', "'''")), '```', '');
  }
  return lines.join('\n').trimEnd();
}

function setsOf(compared: SetsJson) {
  return [
    ['old', compared.old],
    ['new', compared.new],
  ] as const;
}

function summaryOf(compared: SetsJson, { tags, verbose }: SetsView, screen?: Screen): string {
  const within = tags.map(oneLine).join(', ');
  const costs = { ...compared, old: compared.old.per_use, new: compared.new.per_use };
  const { lead, change, interval } = setsWords(costs, { within, verbose });
  const aside =
    screen === undefined || change.aside === '' ? change.aside : styled(change.aside, { style: 'dim', screen });
  return `${lead}${change.text}${aside}${interval}`;
}

function statementsTable(statements: readonly SetStatementJson[], screen: Screen): string {
  return renderTable(
    statements,
    [
      { title: 'executions', align: 'right', cell: ({ calls, errors }) => count(calls + errors) },
      {
        title: 'failed',
        align: 'right',
        dropOrder: 1,
        cell: ({ errors }) => (errors === 0 ? '' : count(errors)),
      },
      { title: 'rows', align: 'right', dropOrder: 2, cell: ({ rows }) => count(rows) },
      { title: 'mean', align: 'right', cell: ({ mean_ms }) => duration(mean_ms) },
      { title: 'p95', align: 'right', cell: ({ p95_ms }) => duration(p95_ms) },
      { title: 'fingerprint', cell: ({ fingerprint }) => fingerprint },
      { title: 'query', flexible: true, cell: ({ query }) => oneLine(shortSql(query)) },
    ],
    screen,
  );
}

/** Lines of all plans of a set; no lines if there are no plans. */
function planText({ statements }: SetJson): string[] {
  return statements.flatMap(({ fingerprint, plan }) => {
    if (plan === null) return [];
    const lines = plan.text === null ? [`no plan: ${plan.problem ?? ''}`] : plan.text.split('\n');
    return [`-- ${fingerprint}`, ...lines.map((line) => indentOf(line) + oneLine(line))];
  });
}

function indentOf(line: string): string {
  return /^ */.exec(line)?.[0] ?? '';
}

/** Two texts in two columns if they fit, else one below the other. */
function sideBySide(left: readonly string[], right: readonly string[], width: number): string[] {
  const column = Math.max(...left.map(textWidth), 'old'.length) + 2;
  if (column + Math.max(...right.map(textWidth), 0) > width) return ['old', ...left, '', 'new', ...right];
  const lines = [`${'old'.padEnd(column)}new`];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const text = left[at] ?? '';
    lines.push((text + ' '.repeat(column - textWidth(text)) + (right[at] ?? '')).trimEnd());
  }
  return lines;
}
