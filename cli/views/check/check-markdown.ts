// The result of a check as Markdown, for a pull request.
// Invariant: text from traffic is no markup. Not here: the words of coverage (coverage-lines.ts).

import type { CheckResult, Outcome } from '../../../reports/check/judge.js';
import { count, span } from '../../terminal/format.js';
import { markdownTable, markdownText } from '../../terminal/markdown.js';
import { headOf } from './check.js';
import { coverageLines } from './coverage-lines.js';

const SIGNS: Readonly<Record<Outcome, string>> = {
  passed: '✅ passed',
  failed: '❌ failed',
  'not shown': '❓ not shown',
};
const LISTED_MAX = 50;

export function checkMarkdown(result: CheckResult): string {
  const { window, conditions, failed, notShown, allowed } = result;
  const blocks = [
    `## pgwitness: ${markdownText(headOf(result))}`,
    `${markdownText(span(window.sinceMs, window.untilMs))}`,
    markdownTable(
      ['condition', 'outcome'],
      conditions.map(({ text, outcome }) => [text, SIGNS[outcome]]),
    ),
  ];
  if (failed.length > 0) {
    const rows = failed
      .slice(0, LISTED_MAX)
      .map(({ condition, what, callers = [], fingerprint = '', query = '' }) => [
        condition,
        what,
        callers.join(', '),
        fingerprint,
        query,
      ]);
    blocks.push('### Failed', markdownTable(['condition', 'what', 'sent by', 'fingerprint', 'statement'], rows));
    if (failed.length > LISTED_MAX) blocks.push(`… and ${count(failed.length - LISTED_MAX)} more.`);
  }
  if (notShown.length > 0) blocks.push('### Not shown', listOf(notShown.map(({ what }) => what)));
  if (allowed.length > 0) blocks.push('### Allowed', listOf(allowed.map(({ what, reason }) => `${what} (${reason})`)));
  blocks.push('### Looked at', listOf(coverageLines(result)));
  return `${blocks.join('\n\n')}\n`;
}

function listOf(said: readonly string[]): string {
  return [...new Set(said)].map((what) => `- ${markdownText(what)}`).join('\n');
}
