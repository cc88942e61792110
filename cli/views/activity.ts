// Prints `activity`: a row per connection with something that takes long, longest first.
// Not here: the JSON form (reports/work/activity-json.ts).

import { shortSql } from '../../facts/words/short-sql.js';
import type { Activity, ActivityFacts } from '../../facts/work/activity.js';
import { activityJson } from '../../reports/work/activity-json.js';
import { count, duration } from '../terminal/format.js';
import { oneLine, print, printJson, type Screen, screenOf, wrapped } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';
import { boldLines } from './top.js';

export function printActivity(activity: Activity, options: { readonly json: boolean; readonly read: string }): void {
  if (options.json) printJson(activityJson(activity));
  else print(activityText(activity, { read: options.read, screen: screenOf(process.stdout, process.env) }));
}

const STATES = { running: 'running', idle: 'idle in transaction', aborted: 'idle, aborted' } as const;

export function activityText(activity: Activity, options: { readonly read: string; readonly screen: Screen }): string {
  const { sessions, more, atMs } = activity;
  const { screen } = options;
  const at = `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  if (sessions.length === 0)
    return wrapped(
      `${at}: at ${oneLine(options.read)} no statement is in flight for over a second, and no transaction waits so long.`,
      screen,
    ).join('\n');
  const running = sessions.filter(({ state }) => state === 'running').length;
  const head = `${at} · ${statements(running)} in flight, ${transactions(sessions.length - running)} idle, for over a second`;
  const lines = [...boldLines(head, screen), '', table(activity, screen)];
  if (more > 0) lines.push('', `… and ${count(more)} more`);
  return lines.join('\n');
}

function table({ sessions, atMs }: Activity, screen: Screen): string {
  const since = (ms: number) => duration(Math.max(0, atMs - ms));
  const own = <Name extends keyof ActivityFacts>(name: Name) =>
    sessions.some((one) => one[name] !== '' && one[name] !== 0);
  return renderTable(
    sessions,
    [
      { title: 'for', align: 'right', cell: ({ sinceMs }) => since(sinceMs) },
      { title: 'state', cell: ({ state }) => STATES[state] },
      {
        title: 'transaction',
        align: 'right',
        dropOrder: 4,
        cell: ({ transactionSinceMs: ms }) => (ms === 0 ? '' : since(ms)),
      },
      { title: 'user', dropOrder: 6, cell: ({ user }) => oneLine(user) },
      { title: 'application', dropOrder: 5, cell: ({ applicationName }) => oneLine(applicationName) },
      { title: 'client', dropOrder: 7, cell: ({ clientAddress }) => oneLine(clientAddress) },
      { title: 'server pid', align: 'right', dropOrder: 8, cell: ({ backendPid }) => String(backendPid || '') },
      { title: 'pool', dropOrder: 2, cell: ({ pool }) => oneLine(pool) },
      ...(own('route') ? [{ title: 'route', cell: routeOf } as const] : []),
      ...(own('caller')
        ? [{ title: 'caller', dropOrder: 1, cell: ({ caller }: ActivityFacts) => oneLine(caller) } as const]
        : []),
      { title: 'runs, or ran last', flexible: true, cell: statementOf },
    ],
    screen,
  );
}

function routeOf({ route, routeKind }: ActivityFacts): string {
  return routeKind === 'route' || routeKind === '' ? oneLine(route) : `${routeKind} ${oneLine(route)}`;
}

function statementOf({ query, fingerprint }: ActivityFacts): string {
  if (query !== '') return oneLine(shortSql(query));
  return fingerprint === '' ? '(before pgwitness observed it)' : fingerprint;
}

function statements(n: number): string {
  return n === 1 ? '1 statement' : `${count(n)} statements`;
}

function transactions(n: number): string {
  return n === 1 ? '1 transaction' : `${count(n)} transactions`;
}
