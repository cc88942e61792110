// Finds what could hide something from a check: losses, gaps, sessions that go past pgwitness.
// Invariant: everything that was not shown is a doubt; none is dropped because it is small or likely harmless.
// Not here: what is allowed (allowances.ts), doubts of one condition alone (cli/checking/gather.ts).

import type { StatementFacts } from '../../facts/answers.js';
import { HIDDEN_SOURCES } from '../../facts/verdict.js';
import type { Doubt } from './allowances.js';
import { type Exception, exceptionFor } from './exceptions.js';
import type { BypassFacts, CheckFacts } from './facts.js';
import { isTextUnknown } from './texts.js';

const UNREADABLE: Readonly<Record<string, string>> = {
  opaque: 'executions outstanding when a session became unreadable',
  opaque_session: 'minutes of sessions that cannot be read',
  observe_off: 'executions while observing was switched off',
  loop_late: 'executions in flight when observing was paused',
  loop_late_session: 'minutes of sessions while observing was paused',
  killed: 'relays that were killed',
};
const GAPS: Readonly<Record<string, string>> = {
  killed: 'a relay was killed',
  unstored: 'a disk took no counts',
  damaged: 'the database was damaged or removed',
  refused: 'minutes could not be rolled up',
  clock_stepped: 'the clock was set',
};

export function executionsOf({ calls, errors }: Pick<StatementFacts, 'calls' | 'errors'>): number {
  return calls + errors;
}

/** Executions of the window. */
export function allExecutions({ statements }: Pick<CheckFacts, 'statements'>): number {
  return statements.reduce((sum, facts) => sum + executionsOf(facts), 0);
}

/** Without BEGIN, pings and tools. */
export function applicationExecutions({ statements }: Pick<CheckFacts, 'statements'>): number {
  return allExecutions({ statements: statements.filter(({ source }) => !HIDDEN_SOURCES.includes(source)) });
}

/** Of the window, whatever the condition. */
export function doubtsOfWindow(facts: CheckFacts): Doubt[] {
  const { watched, statements } = facts;
  const all = allExecutions(facts);
  const doubts: Doubt[] = [...timeDoubts(facts)];
  if (applicationExecutions(facts) === 0) {
    doubts.push({ amount: 0, of: 0, what: 'nothing of the application ran in this window' });
  }
  if (watched.notObserved > 0) {
    const of = all + watched.notObserved;
    const reasons = [...watched.losses].map(([reason, count]) => `${reason} ${count}`).join(', ');
    const what = `${watched.notObserved} executions were not observed (${reasons})`;
    doubts.push({ key: 'not_observed', amount: watched.notObserved, of, what });
  }
  if (watched.unreadable.size > 0) {
    const amount = [...watched.unreadable.values()].reduce((sum, count) => sum + count, 0);
    const what = [...watched.unreadable]
      .map(([reason, count]) => `${count} ${UNREADABLE[reason] ?? reason}`)
      .join(', ');
    doubts.push({ key: 'opaque', amount, of: 0, what });
  }
  const untold = allExecutions({ statements: statements.filter(isTextUnknown) });
  if (untold > 0) {
    doubts.push({
      key: 'unknown_text',
      amount: untold,
      of: all,
      what: `the text of ${untold} executions is not known`,
    });
  }
  return doubts;
}

/** Time of the window for which nobody can vouch. */
function timeDoubts({ watched, sinceMs, untilMs, nowMs }: CheckFacts): Doubt[] {
  const { recorded, gaps, unstoredSinceMs } = watched;
  if (recorded === null) return [];
  const from = sinceMs ?? recorded.sinceMs;
  const of = (untilMs ?? Math.max(nowMs, recorded.untilMs)) - from;
  const doubts: Doubt[] = [];
  const add = (amount: number, what: string): void => {
    doubts.push({ key: 'gap', amount, of, what });
  };
  if (recorded.sinceMs - from >= 60_000) {
    add(
      recorded.sinceMs - from,
      `nothing is recorded before ${at(recorded.sinceMs)}, and the window begins at ${at(from)}`,
    );
  }
  for (const gap of gaps) {
    add(
      Math.max(gap.untilMs - gap.sinceMs, 1),
      `${GAPS[gap.reason] ?? gap.reason}, ${at(gap.sinceMs)} to ${at(gap.untilMs)}`,
    );
  }
  if (unstoredSinceMs !== null && (untilMs === undefined || unstoredSinceMs < untilMs)) {
    add(Math.max((untilMs ?? nowMs) - unstoredSinceMs, 1), `nothing is stored since ${at(unstoredSinceMs)}`);
  }
  return doubts;
}

/** Sessions past pgwitness; `exceptions` may cover some. */
export function bypassDoubts(
  bypass: BypassFacts | undefined,
  exceptions: readonly Exception[],
): { doubts: Doubt[]; excused: Exception[] } {
  if (bypass === undefined) return { doubts: [], excused: [] };
  if (bypass.outcome === 'cannot tell')
    return { doubts: [{ amount: 0, of: 0, what: `bypass: cannot tell, because ${bypass.reason}` }], excused: [] };
  const doubts: Doubt[] = [];
  const excused: Exception[] = [];
  if (bypass.leadsThrough) {
    const what = 'bypass: cannot tell, because --dsn leads through pgwitness';
    doubts.push({ amount: 0, of: 0, what });
  }
  let amount = 0;
  const names: string[] = [];
  for (const { user, database, applicationName, connections } of bypass.bypassing) {
    const found = exceptionFor(exceptions, { user: [user], application_name: [applicationName] });
    if (found !== undefined) excused.push(found);
    else {
      amount += connections;
      names.push(`${user}@${database}${applicationName === '' ? '' : ` (${applicationName})`}`);
    }
  }
  if (amount > 0) {
    const what = `${amount} ${amount === 1 ? 'connection goes' : 'connections go'} past pgwitness: ${names.join(', ')}`;
    doubts.push({ key: 'bypass', amount, of: 0, what });
  }
  return { doubts, excused };
}

function at(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
