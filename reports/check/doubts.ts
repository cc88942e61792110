// Finds what could hide something from a check: losses, gaps, sessions that go past pgwitness.
// Invariant: everything that was not shown is a doubt; none is dropped because it is small or likely harmless.
// Not here: what is allowed (allowances.ts), doubts of one condition alone (cli/checking/gather.ts).

import type { StatementFacts } from '../../facts/answers.js';
import type { BypassClient } from '../../facts/flush.js';
import { HIDDEN_SOURCES } from '../../facts/verdict.js';
import type { Unwatched } from '../watched/unwatched.js';
import type { Doubt } from './asked/allowances.js';
import { type Exception, exceptionFor } from './asked/exceptions.js';
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

type WindowFacts = Pick<CheckFacts, 'watched' | 'statements' | 'window' | 'sinceMs' | 'untilMs'>;

/** Of the window, whatever the condition. */
export function doubtsOfWindow(facts: WindowFacts): Doubt[] {
  const { watched, statements } = facts;
  const all = allExecutions(facts);
  const doubts: Doubt[] = [...timeDoubts(facts)];
  if (applicationExecutions(facts) === 0) {
    doubts.push({ amount: 0, of: 0, what: 'nothing of the application ran in this window' });
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
function timeDoubts({ watched, window, sinceMs, untilMs }: WindowFacts): Doubt[] {
  const { recorded, gaps, unstoredSinceMs, askedMs: nowMs } = watched;
  const from = sinceMs ?? recorded?.sinceMs ?? window.sinceMs;
  const of = (untilMs ?? Math.max(nowMs, recorded?.untilMs ?? 0)) - from;
  const doubts: Doubt[] = [];
  const add = (amount: number, what: string): void => {
    doubts.push({ key: 'gap', amount, of, what });
  };
  if (recorded === null) doubts.push({ amount: 0, of: 0, what: 'nothing is recorded at one of the places asked' });
  else if (recorded.sinceMs - from >= 60_000) {
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

/** An observer that runs flushes more often, unless it is told not to; one that hangs is killed only later. */
const SILENT_MS = 10_000;

/** Time in which no observer ran: whatever ran meanwhile did so past it. */
export function unwatchedDoubts({
  watched,
  isRun,
  untilMs,
}: Pick<CheckFacts, 'watched' | 'isRun' | 'untilMs'>): Doubt[] {
  if (isRun) return [];
  const { askedMs: nowMs } = watched;
  const last = watched.unwatched.at(-1)?.untilMs ?? 0;
  const from = Math.max(watched.storedUntilMs ?? Number.POSITIVE_INFINITY, last);
  const silentMs = Math.min(untilMs ?? nowMs, nowMs) - from;
  const stopped = silentMs <= SILENT_MS ? [] : [{ sinceMs: from, untilMs: from + silentMs }];
  return [...watched.unwatched, ...stopped].map(({ sinceMs, untilMs, by }: Unwatched) => ({
    key: 'gap',
    amount: untilMs - sinceMs,
    of: 0,
    what: `nothing says that pgwitness ran${whoText(by)} from ${at(sinceMs)} to ${at(untilMs)}`,
  }));
}

function whoText(by: Unwatched['by']): string {
  const { service = '', environment = '', instance = '' } = by ?? {};
  return [service && ` for ${service}`, environment && ` in ${environment}`, instance && ` as ${instance}`].join('');
}

/** Samples of the window, where some were taken. */
function sampledDoubts({ bypassed }: CheckFacts['watched'], exceptions: readonly Exception[]): Bypassed {
  if (bypassed === null) return { doubts: [], excused: [] };
  const { minutes, sampled, clients, reason } = bypassed;
  const { open, excused } = split(clients, exceptions);
  const doubts: Doubt[] = [];
  if (open.length > 0) {
    const amount = Math.max(...open.map(({ connections }) => connections));
    const what = `up to ${amount} connections went past pgwitness, in ${bypassed.bypassed} of ${sampled} samples: ${namesOf(open)}`;
    doubts.push({ key: 'bypass', amount, of: 0, what });
  }
  if (sampled < minutes) {
    const why = reason === '' ? '' : ` (${reason})`;
    const what = `for ${minutes - sampled} of ${minutes} minutes no sample says what went past pgwitness${why}`;
    doubts.push({ key: 'unsampled', amount: (minutes - sampled) * 60_000, of: 0, what });
  }
  return { doubts, excused };
}

interface Bypassed {
  doubts: Doubt[];
  excused: Array<{ readonly what: string; readonly exception: Exception }>;
}

/** Sessions past pgwitness, now and in the samples of the window; `exceptions` may cover some. */
export function bypassDoubts(
  { bypass, watched }: Pick<CheckFacts, 'bypass' | 'watched'>,
  exceptions: readonly Exception[],
): Bypassed {
  const [now, then] = [lookedDoubts(bypass, exceptions), sampledDoubts(watched, exceptions)];
  return { doubts: [...now.doubts, ...then.doubts], excused: [...now.excused, ...then.excused] };
}

function lookedDoubts(bypass: BypassFacts | undefined, exceptions: readonly Exception[]): Bypassed {
  if (bypass === undefined) return { doubts: [], excused: [] };
  const untold = (reason: string): Doubt => ({ amount: 0, of: 0, what: `bypass: cannot tell, because ${reason}` });
  if (bypass.outcome === 'cannot tell') return { doubts: [untold(bypass.reason)], excused: [] };
  const doubts: Doubt[] = bypass.leadsThrough ? [untold('--dsn leads through pgwitness')] : [];
  const { open, excused } = split(bypass.bypassing, exceptions);
  const amount = open.reduce((sum, { connections }) => sum + connections, 0);
  if (amount > 0) {
    const what = `${amount} ${amount === 1 ? 'connection goes' : 'connections go'} past pgwitness: ${namesOf(open)}`;
    doubts.push({ key: 'bypass', amount, of: 0, what });
  }
  return { doubts, excused };
}

function split(
  clients: readonly BypassClient[],
  exceptions: readonly Exception[],
): { open: BypassClient[]; excused: Bypassed['excused'] } {
  const open: BypassClient[] = [];
  const excused: Bypassed['excused'] = [];
  for (const client of clients) {
    const found = exceptionFor(exceptions, { user: [client.user], application_name: [client.applicationName] });
    if (found === undefined) open.push(client);
    else {
      const { connections } = client;
      const past = `${connections} ${connections === 1 ? 'connection goes' : 'connections go'} past pgwitness`;
      excused.push({ what: `${past}: ${namesOf([client])}`, exception: found });
    }
  }
  return { open, excused };
}

function namesOf(clients: readonly BypassClient[]): string {
  return clients
    .map(({ user, applicationName }) => (applicationName === '' ? user : `${user} (${applicationName})`))
    .join(', ');
}

function at(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
