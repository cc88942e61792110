// Prints `progress`: what is left by group, file, route and week, and what came back.
// Invariant: a factor is printed with what it is of and how sure it is. Not here: the JSON
// (reports/compare/migration-json.ts), the report (reports/compare/migration.ts).

import { placeAt, STATES } from '../../audit/ledger/ledger.js';
import { HIDDEN_SOURCES } from '../../facts/verdict.js';
import type { GroupFacts, LedgerFacts, MigrationReport } from '../../reports/compare/migration.js';
import { migrationJson } from '../../reports/compare/migration-json.js';
import type { OldShare, PlaceFacts } from '../../reports/compare/old-statements.js';
import { count, duration, moment, share, span } from '../terminal/format.js';
import { oneLine, print, printJson, type Screen, screenOf, styled, wrapped } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';
import { printVerdicts, type Verdict } from '../terminal/verdicts.js';
import { factorsText, markLines, pairLines } from './progress-pairs.js';

interface Options {
  readonly json: boolean;
  readonly all: boolean;
  /** Where it was read from. */
  readonly read: string;
}

const SHOWN_MAX = 10;

export function printProgress(report: MigrationReport, options: Options): void {
  if (printVerdicts('progress', () => progressVerdicts(report))) return;
  if (options.json) printJson(migrationJson(report));
  else print(progressText(report, { ...options, screen: screenOf(process.stdout, process.env) }));
}

/** What came back is a fault; what is left is a warning. */
function progressVerdicts({ ledger }: MigrationReport): Verdict[] {
  return (ledger?.places ?? []).map((place) => {
    const { entry, group, regressed } = place;
    const { file, line } = placeAt(entry.at);
    const isLeft = entry.state === 'todo' || entry.state === 'doing';
    return {
      name: `${oneLine(entry.function)} (${entry.id})`,
      group: oneLine(group),
      file,
      line,
      level: regressed !== null ? 'error' : isLeft ? 'warning' : 'ok',
      message: regressed !== null ? `${entry.state}, and yet: ${whyBack(place)}` : entry.state,
    };
  });
}

interface Shown {
  readonly all: boolean;
  readonly screen: Screen;
}

function progressText(report: MigrationReport, options: Options & Shown): string {
  const { screen } = options;
  const { window, weekBefore, ledger } = report;
  const lines = [styled(headOf(report), { style: 'bold', screen })];
  lines.push(`${span(window.sinceMs, window.untilMs)}${weekBefore ? ' · beside it the same time a week before' : ''}`);
  if (report.sources.size === 0) {
    lines.push(...wrapped(`Nothing ran in ${oneLine(options.read)} in this window: widen --since.`, screen));
  }
  lines.push('', sourceTable(report, screen));
  if (ledger === undefined) {
    lines.push(
      '',
      ...wrapped('There is no ledger: make one with pgwitness audit PATH --ledger migration.yaml', screen),
    );
    return [...lines, ...weekLines(report, options)].join('\n');
  }
  lines.push(
    ...regressionLines(ledger, options),
    ...groupLines(ledger, options),
    ...pairLines(ledger, options),
    ...markLines(ledger, options),
    ...leftLines(ledger, options),
    ...overLines(ledger, options),
    ...weekLines(report, options),
  );
  if (ledger.notKnown.length > 0) {
    lines.push('', styled('Not known', { style: 'bold', screen }));
    lines.push(...ledger.notKnown.flatMap((one) => wrapped(one, { width: screen.width })));
  }
  return lines.join('\n');
}

function headOf({ ledger }: MigrationReport): string {
  if (ledger === undefined) return 'Progress of the traffic';
  const { states } = ledger;
  const all = ledger.places.length;
  const over = states.done + states.gone;
  const named = STATES.filter((state) => states[state] > 0).map((state) => `${states[state]} ${state}`);
  return `${over} of ${all} places are migrated (${share(over, all)}): ${named.join(', ')} · target ${oneLine(ledger.target)}`;
}

function sourceTable(report: MigrationReport, screen: Screen): string {
  const { sources, weekBefore, old } = report;
  const was = weekBefore?.sources;
  const names = [...new Set([...sources.keys(), ...(was?.keys() ?? [])])].filter(
    (name) => !HIDDEN_SOURCES.includes(name),
  );
  const rows = names.map((name) => ({ name, now: sources.get(name), before: was?.get(name) }));
  rows.sort((a, b) => (b.now?.serviceTotalNs ?? 0) - (a.now?.serviceTotalNs ?? 0));
  const all = rows.reduce((sum, { now }) => sum + (now?.executions ?? 0), 0);
  const allNs = rows.reduce((sum, { now }) => sum + (now?.serviceTotalNs ?? 0), 0);
  type Row = (typeof rows)[number];
  const beside = (now: number, before: number | undefined): string =>
    weekBefore === undefined ? count(now) : `${count(now)} (${count(before ?? 0)})`;
  const table = renderTable<Row>(
    rows,
    [
      { title: 'source', cell: ({ name }) => oneLine(name) },
      {
        title: 'statements',
        align: 'right',
        cell: ({ now, before }) => beside(now?.statements ?? 0, before?.statements),
      },
      {
        title: 'executions',
        align: 'right',
        cell: ({ now, before }) => beside(now?.executions ?? 0, before?.executions),
      },
      { title: 'of all', align: 'right', cell: ({ now }) => share(now?.executions ?? 0, all) },
      { title: 'time', align: 'right', cell: ({ now }) => duration((now?.serviceTotalNs ?? 0) / 1e6) },
      { title: 'of all', align: 'right', cell: ({ now }) => share(now?.serviceTotalNs ?? 0, allNs) },
    ],
    screen,
  );
  return `${table}\n\n${oldText(old, weekBefore?.old)}`;
}

function oldText(old: OldShare, before: OldShare | undefined): string {
  const of = ({ statements, callShare, timeShare }: OldShare): string =>
    `${count(statements)} ${statements === 1 ? 'statement' : 'statements'}, ${percent(callShare)} of the executions, ${percent(timeShare)} of the time`;
  return `Still to move: ${of(old)}${before === undefined ? '' : ` (a week before: ${of(before)})`}`;
}

function percent(value: number): string {
  return Number.isNaN(value) ? '–' : share(value, 1);
}

function regressionLines({ places }: LedgerFacts, { screen }: Shown): string[] {
  const back = places.filter(({ regressed }) => regressed !== null);
  if (back.length === 0) return [];
  const title = `Done or gone, and yet there: ${back.length}`;
  const columns = [
    { title: 'place', cell: ({ entry }: PlaceFacts) => oneLine(entry.at) },
    { title: 'function', cell: ({ entry }: PlaceFacts) => oneLine(entry.function), dropOrder: 1 },
    { title: 'state', cell: ({ entry }: PlaceFacts) => entry.state },
    { title: 'what', flexible: true, cell: whyBack },
  ];
  return ['', styled(title, { style: 'bold', screen }), renderTable(back, columns, screen)];
}

function whyBack({ seen, lastSeenMs, entry }: PlaceFacts): string {
  if (seen === null) return 'it is still in the code';
  const routes = seen.routes.length === 0 ? '' : ` by ${seen.routes.slice(0, 2).map(oneLine).join(', ')}`;
  const last = lastSeenMs === null ? '' : `, last ${moment(lastSeenMs)}`;
  const still = entry.in_code ? ', and it is still in the code' : '';
  return `${count(seen.executions)} executions${routes}${last}${still}`;
}

function groupLines({ groups }: LedgerFacts, { screen }: Shown): string[] {
  const columns = [
    { title: 'group', flexible: true, cell: ({ group }: GroupFacts) => oneLine(group) },
    ...STATES.map((state) => ({
      title: state,
      align: 'right' as const,
      cell: ({ states }: GroupFacts) => (states[state] === 0 ? '' : count(states[state])),
    })),
    { title: 'seen', align: 'right' as const, cell: ({ seen }: GroupFacts) => count(seen) },
    { title: 'executions', align: 'right' as const, dropOrder: 2, cell: (one: GroupFacts) => count(one.executions) },
    { title: 'time', align: 'right' as const, dropOrder: 1, cell: (one: GroupFacts) => duration(one.timeNs / 1e6) },
    { title: 'new beside old, database time', cell: ({ factors }: GroupFacts) => factorsText(factors) },
  ];
  return ['', styled('By group', { style: 'bold', screen }), renderTable(groups, columns, screen)];
}

function leftLines({ places, files, routes }: LedgerFacts, { all, screen }: Shown): string[] {
  const lines: string[] = [];
  for (const [title, counts] of [
    ['Left, by file', files],
    ['Left, by route', routes],
  ] as const) {
    if (counts.size === 0) continue;
    const shown = [...counts].slice(0, all ? undefined : SHOWN_MAX);
    const columns = [
      { title: title === 'Left, by file' ? 'file' : 'route', cell: ([name]: [string, number]) => oneLine(name) },
      { title: 'places', align: 'right' as const, cell: ([, n]: [string, number]) => count(n) },
    ];
    lines.push('', styled(title, { style: 'bold', screen }), renderTable(shown, columns, screen));
    if (shown.length < counts.size) lines.push(`… and ${counts.size - shown.length} more: --all lists them`);
  }
  if (all) lines.push('', styled('Places', { style: 'bold', screen }), placeTable(places, screen));
  return lines;
}

/** What is over, in the code and in the traffic. */
function overLines({ places }: LedgerFacts, { all, screen }: Shown): string[] {
  const over = places.filter(({ entry: { state }, regressed }) => (state === 'done' || state === 'gone') && !regressed);
  if (over.length === 0) return [];
  const shown = over.slice(0, all ? undefined : SHOWN_MAX);
  const columns = [
    { title: 'place', cell: ({ entry }: PlaceFacts) => oneLine(entry.at) },
    { title: 'function', flexible: true, cell: ({ entry }: PlaceFacts) => oneLine(entry.function) },
    { title: 'state', cell: ({ entry }: PlaceFacts) => entry.state },
    { title: 'last seen', cell: lastSeenText },
  ];
  const title = `Done or gone, and not seen: ${over.length}`;
  const lines = ['', styled(title, { style: 'bold', screen }), renderTable(shown, columns, screen)];
  if (shown.length < over.length) lines.push(`… and ${over.length - shown.length} more: --all lists them`);
  return lines;
}

function lastSeenText({ lastSeenMs }: PlaceFacts): string {
  return lastSeenMs === null ? 'never' : moment(lastSeenMs);
}

function placeTable(places: readonly PlaceFacts[], screen: Screen): string {
  return renderTable(
    places,
    [
      { title: 'place', cell: ({ entry }) => oneLine(entry.at) },
      { title: 'function', flexible: true, cell: ({ entry }) => oneLine(entry.function) },
      { title: 'kind', cell: ({ entry }) => entry.kind, dropOrder: 3 },
      { title: 'state', cell: ({ entry }) => entry.state },
      { title: 'owner', cell: ({ entry }) => oneLine(entry.owner ?? ''), dropOrder: 1 },
      { title: 'ticket', cell: ({ entry }) => oneLine(entry.ticket ?? ''), dropOrder: 2 },
      { title: 'executions', align: 'right', cell: ({ seen }) => (seen === null ? '' : count(seen.executions)) },
      { title: 'last seen', cell: lastSeenText },
    ],
    screen,
  );
}

function weekLines({ weeks }: MigrationReport, { screen }: Shown): string[] {
  if (weeks.length === 0) return [];
  type Week = (typeof weeks)[number];
  const columns = [
    { title: 'week of', cell: ({ startMs }: Week) => moment(startMs).slice(0, 10) },
    {
      title: 'places left',
      align: 'right' as const,
      cell: ({ placesLeft }: Week) => (placesLeft === null ? '–' : count(placesLeft)),
    },
    { title: 'statements to move', align: 'right' as const, cell: ({ old }: Week) => count(old.statements) },
    { title: 'of executions', align: 'right' as const, cell: ({ old }: Week) => percent(old.callShare) },
    { title: 'of time', align: 'right' as const, cell: ({ old }: Week) => percent(old.timeShare) },
  ];
  return ['', styled('By week', { style: 'bold', screen }), renderTable(weeks, columns, screen)];
}
