// The result of a check as text: failures, what was not shown, what was allowed and looked at.
// Invariant: every form says the same. Not here: judging (reports/check/judge.ts).

import type { CheckResult, FailedJudged, Outcome } from '../../../reports/check/judge.js';
import { count, span } from '../../terminal/format.js';
import { oneLine, type Screen, styled, wrapped } from '../../terminal/output.js';
import { shortened } from '../../terminal/table.js';
import { coverageLines } from './coverage-lines.js';

const SIGNS: Readonly<Record<Outcome, string>> = { passed: 'passed', failed: 'FAILED', 'not shown': 'NOT SHOWN' };
/** Of one condition. */
const LISTED_MAX = 20;

export function checkText(result: CheckResult, screen: Screen): string {
  const { window, conditions, failed, notShown, allowed } = result;
  const lines = [styled(headOf(result), { style: 'bold', screen }), ''];
  for (const { text, outcome } of conditions) lines.push(`  ${SIGNS[outcome].padEnd(9)}  ${oneLine(text)}`);
  for (const { text } of conditions) {
    const own = failed.filter(({ condition }) => condition === text);
    if (own.length === 0) continue;
    lines.push('', styled(`Failed: ${oneLine(text)}`, { style: 'bold', screen }));
    lines.push(...own.slice(0, LISTED_MAX).flatMap((one) => failureLines(one, screen)));
    if (own.length > LISTED_MAX) lines.push(`  … and ${count(own.length - LISTED_MAX)} more: --json lists all`);
  }
  lines.push(
    ...section(
      'Not shown',
      notShown.map(({ what }) => what),
      screen,
    ),
  );
  lines.push(
    ...section(
      'Allowed',
      allowed.map(({ what, reason }) => `${what} (${reason})`),
      screen,
    ),
  );
  lines.push('', `Looked at: ${span(window.sinceMs, window.untilMs)}`);
  for (const line of coverageLines(result))
    lines.push(...wrapped(`  ${line}`, { width: screen.width, indent: '    ' }));
  return lines.join('\n');
}

/** Passed, failed or not shown, in a sentence. */
export function headOf({ outcome, conditions, failed, notShown }: CheckResult): string {
  const { length } = conditions;
  const isOne = length === 1;
  if (outcome === 'passed') return isOne ? 'The condition holds' : `All ${length} conditions hold`;
  const why = `for ${reasons(notShown.length)}`;
  if (outcome === 'not shown')
    return `${isOne ? 'The condition' : `The ${length} conditions`} may hold, but this could not be shown, ${why}`;
  const against = `${count(failed.length)} ${failed.length === 1 ? 'thing speaks' : 'things speak'} against it`;
  const head = isOne ? 'The condition does not hold' : `Not all of the ${length} conditions hold`;
  return `${head}: ${against}${notShown.length === 0 ? '' : `, and more could be hidden, ${why}`}`;
}

function reasons(number: number): string {
  return number === 1 ? '1 reason' : `${count(number)} reasons`;
}

function failureLines({ what, fingerprint, callers = [], query }: FailedJudged, { width }: Screen): string[] {
  const lines = wrapped(`  ${oneLine(what)}`, { width, indent: '    ' });
  const from = callers.map(oneLine).join(', ');
  const named = [from, fingerprint?.slice(0, 8) ?? ''].filter((part) => part !== '').join('  ');
  if (named !== '' || query !== undefined)
    lines.push(shortened(`    ${named}  ${oneLine(query ?? '')}`.trimEnd(), width));
  return lines;
}

/** The same doubt under several conditions is said once. */
function section(title: string, said: readonly string[], screen: Screen): string[] {
  const once = [...new Set(said)];
  if (once.length === 0) return [];
  const shown = once
    .slice(0, LISTED_MAX)
    .flatMap((what) => wrapped(`  ${oneLine(what)}`, { width: screen.width, indent: '    ' }));
  const more = once.length > LISTED_MAX ? [`  … and ${count(once.length - LISTED_MAX)} more: --json lists all`] : [];
  return ['', styled(title, { style: 'bold', screen }), ...shown, ...more];
}
