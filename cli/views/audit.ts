// Prints `audit`: what is in the code, what of it ran, and the work in its order.
// Not here: the JSON form (audit/answer-json.ts), finding the answer (audit/answer.ts).

import type { AuditAnswer, AuditedPlace } from '../../audit/answer.js';
import { auditJson } from '../../audit/answer-json.js';
import { modelsOf } from '../../audit/catalogue.js';
import type { Coverage, Share } from '../../audit/coverage.js';
import type { LedgerChanges } from '../../audit/ledger/update.js';
import type { Complexity } from '../../audit/ways.js';
import { frameworkText } from '../../facts/words/framework.js';
import { inferredText } from '../../facts/words/inferred.js';
import { count, duration, span } from '../terminal/format.js';
import { oneLine, print, printJson, type Screen, screenOf, styled, wrapped } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';
import { printVerdicts } from '../terminal/verdicts.js';
import { auditVerdicts } from './audit-verdicts.js';
import { boldLines } from './top.js';

interface Shown {
  /** The ORM's places are listed too, and all that nothing explains. */
  readonly all: boolean;
  /** No place is listed. */
  readonly brief: boolean;
}

/** `changes`: what was written into the ledger. */
export function printAudit(
  answer: AuditAnswer,
  { json, changes, ...shown }: Shown & { json: boolean; changes: LedgerChanges | undefined },
): void {
  const screen = screenOf(process.stdout, process.env);
  const written = changes === undefined ? [] : ledgerLines(changes, screen);
  if (printVerdicts('audit', () => auditVerdicts(answer))) return;
  if (json) printJson(auditJson(answer));
  else print([auditText(answer, { ...shown, screen }), ...written].join('\n'));
}

const GROUPS: ReadonlyArray<readonly [title: string, holds: (place: AuditedPlace) => boolean]> = [
  ['SQLAlchemy', ({ place }) => place.kind === 'sqlalchemy'],
  ['Raw SQL, simple: a queryset does it', isRaw('orm')],
  ['Raw SQL, medium: a queryset with expressions', isRaw('orm-expressions')],
  ['Raw SQL, complex: .raw() or rethought', isRaw('raw-queryset')],
  ['Raw SQL that stays', isRaw('stays')],
  ['Django ORM', ({ place }) => place.kind === 'orm'],
];

function isRaw(complexity: Complexity): (place: AuditedPlace) => boolean {
  return (one) => one.place.kind === 'raw' && one.complexity === complexity;
}

function auditText(answer: AuditAnswer, { all, brief, screen }: Shown & { screen: Screen }): string {
  const { places, report } = answer;
  const lines = boldLines(headOf(answer), screen);
  lines.push(...wrapped(coverageLine(answer.coverage, report !== null), { width: screen.width }));
  const tested = places.filter((one) => one.tested).length;
  if (places.some((one) => one.tested !== null)) lines.push(`The tests reach ${tested} of ${places.length} places.`);
  if (brief) return [...lines, '', ...GROUPS.map((group) => countLine(answer, group)).filter(Boolean)].join('\n');
  for (const [title, holds] of GROUPS) {
    const own = places.filter(holds);
    if (own.length === 0) continue;
    lines.push('', styled(countLine(answer, [title, holds]), { style: 'bold', screen }));
    if (own[0].place.kind !== 'orm' || all) lines.push(table(own, { traffic: report !== null, screen }));
  }
  lines.push(
    ...constructLines(places, screen),
    ...modelLines(answer, screen),
    ...inferredLines(answer, screen),
    ...frameworkLines(answer, screen),
    ...unexplainedLines(answer, { all, screen }),
  );
  return lines.join('\n');
}

/** '' where the group has no place. */
function countLine({ places, report }: AuditAnswer, [title, holds]: (typeof GROUPS)[number]): string {
  const own = places.filter(holds);
  if (own.length === 0) return '';
  const seen = own.filter((one) => one.seen !== null).length;
  const known = report === null ? '' : `, ${seen} seen, ${own.length - seen} not seen`;
  return `${title}: ${own.length} ${own.length === 1 ? 'place' : 'places'}${known}`;
}

function headOf({ catalogue, places, report }: AuditAnswer): string {
  const files = new Set(places.map(({ place }) => place.file)).size;
  const kinds = (['sqlalchemy', 'raw', 'orm'] as const).map(
    (kind) =>
      `${places.filter(({ place }) => place.kind === kind).length} ${{ sqlalchemy: 'SQLAlchemy', raw: 'raw SQL', orm: 'Django ORM' }[kind]}`,
  );
  const window = report === null ? '' : ` · ${span(report.window.sinceMs, report.window.untilMs)}`;
  return `${oneLine(catalogue.root)}: ${places.length} places in ${files} files: ${kinds.join(', ')}${window}`;
}

function coverageLine({ routes, jobs, grade, callers }: Coverage, hasTraffic: boolean): string {
  if (!hasTraffic) return 'Without traffic: this is what the code says. Give --data or --url to see what ran of it.';
  const parts = [`${callers.seen} of ${callers.all} places`, shareText(routes, 'routes'), shareText(jobs, 'jobs')];
  const verdict = grade === 'high' ? '' : ' "Not seen" is no verdict at this coverage.';
  return `Coverage ${grade}: the traffic touched ${parts.join(', ')}.${verdict}`;
}

function shareText({ seen, all }: Share, what: string): string {
  return all === null ? `an unknown share of the ${what}` : `${seen} of ${all} ${what}`;
}

function table(own: readonly AuditedPlace[], { traffic, screen }: { traffic: boolean; screen: Screen }): string {
  const columns = [
    { title: 'place', cell: ({ place }: AuditedPlace) => `${oneLine(place.file)}:${place.line}` },
    { title: 'function', cell: ({ place }: AuditedPlace) => oneLine(place.function), dropOrder: 3 },
    { title: 'what', flexible: true, cell: whatOf },
  ];
  const ran = [
    {
      title: 'calls/day',
      align: 'right' as const,
      cell: ({ seen }: AuditedPlace) => (seen === null ? '' : count(seen.callsPerDay)),
    },
    {
      title: 'p95',
      align: 'right' as const,
      cell: ({ seen }: AuditedPlace) => (seen?.p95Ms ? duration(seen.p95Ms) : ''),
    },
    {
      title: 'seen by',
      cell: ({ joined, seen }: AuditedPlace) => (seen === null ? 'not seen' : joined.by!),
      dropOrder: 2,
    },
  ];
  const state = { title: 'state', cell: (one: AuditedPlace) => one.state ?? '', dropOrder: 4 };
  const states = own.some((one) => one.state !== null) ? [state] : [];
  const test = { title: 'tested', cell: (one: AuditedPlace) => (one.tested ? 'yes' : 'no'), dropOrder: 5 };
  const tests = own.some((one) => one.tested !== null) ? [test] : [];
  const risk = { title: 'risk', cell: (one: AuditedPlace) => one.risk.reasons.join(', '), dropOrder: 1 };
  return renderTable(
    own,
    [...columns.slice(0, 2), ...states, ...tests, ...(traffic ? ran : []), risk, columns[2]],
    screen,
  );
}

/** What makes it hard, else what it is. */
function whatOf({ place, categories }: AuditedPlace): string {
  if (place.unresolved !== null) return oneLine(place.unresolved);
  const tables = place.tables.slice(0, 3).map(oneLine).join(' ');
  return categories.length > 0 ? `${categories.join(', ')} · ${tables}` : `${oneLine(place.api)} · ${tables}`;
}

const CONSTRUCTS_MAX = 8;

/** The way is said where some place needs nothing else. */
function constructLines(places: readonly AuditedPlace[], screen: Screen): string[] {
  const counts = new Map<string, number>();
  const ways = new Map<string, string>();
  for (const { categories, replacedBy } of places) {
    for (const category of categories) counts.set(category, (counts.get(category) ?? 0) + 1);
    if (categories.length === 1 && replacedBy !== null) ways.set(categories[0], `, ${replacedBy}`);
  }
  if (counts.size === 0) return [];
  const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, CONSTRUCTS_MAX);
  return [
    '',
    styled('Constructs to replace', { style: 'bold', screen }),
    ...most.map(([category, n]) => `  ${category}: ${n} ${n === 1 ? 'place' : 'places'}${ways.get(category) ?? ''}`),
  ];
}

/** SQLAlchemy's models beside the Django models of their tables: those without one are written first. */
function modelLines({ catalogue }: AuditAnswer, screen: Screen): string[] {
  const models = modelsOf(catalogue).filter(({ tables }) => tables.length > 0);
  if (models.length === 0) return [];
  return [
    '',
    styled('Models of SQLAlchemy, and the Django model of the same table', { style: 'bold', screen }),
    ...models.map(
      ({ file, line, tables, twin }) =>
        `  ${oneLine(file)}:${line} ${tables.map(oneLine).join(' ')}: ${twin == null ? 'none' : oneLine(twin)}`,
    ),
  ];
}

function ledgerLines({ ledger, added, moved, done, gone, back }: LedgerChanges, screen: Screen): string[] {
  const counted = [
    [added, 'added'],
    [moved, 'followed to where they are now'],
    [done, 'done: they left the code, and their function uses the ORM'],
    [gone, 'gone: they left the code'],
    [back, 'todo again: they are back in the code'],
  ] as const;
  const lines = ['', styled(`${oneLine(ledger.file)}: ${ledger.places.length} places`, { style: 'bold', screen })];
  for (const [entries, words] of counted) {
    if (entries.length === 0) continue;
    const shown = entries.slice(0, CHANGES_MAX).map(({ at }) => oneLine(at));
    const more = entries.length > shown.length ? ', …' : '';
    lines.push(
      ...wrapped(`${entries.length} ${words}: ${shown.join(', ')}${more}`, { width: screen.width, indent: '  ' }),
    );
  }
  if (lines.length === 2) lines.push('nothing changed');
  return lines;
}

const CHANGES_MAX = 5;

/** What attributes load and cursors give: a line each. */
function inferredLines({ inferred }: AuditAnswer, screen: Screen): string[] {
  if (inferred.length === 0) return [];
  const lines = ['', styled('Statements that no place sends itself', { style: 'bold', screen })];
  for (const { facts, by, confidence, places } of inferred) {
    const [{ file, line }] = places;
    const more = places.length > 1 ? ` and ${places.length - 1} more` : '';
    lines.push(
      `  ${facts.fingerprint}  ${count(facts.calls)} calls, ${inferredText(by)} ${oneLine(file)}:${line}${more} (${confidence})`,
    );
  }
  return lines;
}

/** One line: none of it is to move. */
function frameworkLines({ framework }: AuditAnswer, screen: Screen): string[] {
  if (framework.length === 0) return [];
  const rows = framework.map(({ facts, by }) => ({ by, calls: facts.calls, errors: facts.errors }));
  return ['', ...wrapped(`${frameworkText(rows, count)}.`, { width: screen.width })];
}

const UNEXPLAINED_MAX = 10;

function unexplainedLines({ unexplained }: AuditAnswer, { all, screen }: { all: boolean; screen: Screen }): string[] {
  if (unexplained.length === 0) return [];
  const shown = all ? unexplained : unexplained.slice(0, UNEXPLAINED_MAX);
  const lines = ['', styled(`Statements that no place explains: ${unexplained.length}`, { style: 'bold', screen })];
  const columns = [
    { title: 'fingerprint', cell: (facts: (typeof shown)[number]) => facts.fingerprint },
    { title: 'source', cell: (facts: (typeof shown)[number]) => facts.source },
    { title: 'calls', align: 'right' as const, cell: (facts: (typeof shown)[number]) => count(facts.calls) },
    { title: 'query', flexible: true, cell: (facts: (typeof shown)[number]) => oneLine(facts.query) },
  ];
  lines.push(renderTable(shown, columns, screen));
  if (shown.length < unexplained.length)
    lines.push(`… and ${unexplained.length - shown.length} more: --all lists them`);
  return lines;
}
