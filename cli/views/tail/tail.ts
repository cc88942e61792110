// Prints a group of `tail`: a head, then a line per statement or repeat; a lone one in one line.
// Invariant: no line is wider than the screen, and control characters from traffic are escaped. The route stands before
// whatever has to go on a narrow screen.
// Not here: grouping (tail-groups.ts), which lines are repeats (facts/words/repeats.ts).

import { collapsed, type Line } from '../../../facts/words/repeats.js';
import { shortSql } from '../../../facts/words/short-sql.js';
import { namedSqlstate } from '../../../facts/words/sqlstates.js';
import type { TailExecutionJson } from '../../../reports/forms/tail-json.js';
import { count, duration } from '../../terminal/format.js';
import { coloured, oneLine, type Screen, styled } from '../../terminal/output.js';
import { shortened, textWidth } from '../../terminal/table.js';
import { endOf, type TailGroup } from './tail-groups.js';

/** Columns that a statement's text keeps before other parts of its line go. */
const TEXT_MIN = 30;
/** So many executions of one statement in one unit of work are worth a look. */
const MANY = 5;
/** Enough to find the request in a log. */
const REQUEST_SHOWN = 8;
const SEPARATOR = ' · ';

type Execution = TailExecutionJson;

/** A part of a line; the one with the highest number goes first where the screen is narrow, 0 = it stays. */
interface Part {
  readonly text: string;
  readonly goes: number;
}

export function groupText(group: TailGroup, screen: Screen): string {
  const { executions } = group;
  const head = headParts(group);
  if (executions.length === 1) {
    const [one] = executions;
    const parts = [...head, { text: timeAndSource([one], screen).trimStart(), goes: 0 }];
    const start = fitting(parts, screen.width - TEXT_MIN - 2).join(SEPARATOR);
    return withText(start, { items: executions, screen });
  }
  const lines = collapsed(executions, (one) => [one.fingerprint, one.source, one.sqlstate, one.pool].join(' '));
  const title = shortened(fitting(head, screen.width).join(SEPARATOR), screen.width);
  const told = { pools: valuesOf(executions, ({ pool }) => pool), callers: callersOf(executions), screen };
  return [styled(title, { style: 'bold', screen }), ...lines.map((line) => lineText(line, told))].join('\n');
}

function headParts(group: TailGroup): Part[] {
  const { executions, goesOn } = group;
  const [first] = executions;
  const totalMs = executions.reduce((sum, one) => sum + one.service_ms, 0);
  const isLone = executions.length === 1;
  const pools = valuesOf(executions, ({ pool }) => pool);
  const callers = callersOf(executions);
  const tags = new Map(executions.flatMap((one) => Object.entries(one.tags)));
  const request = executions.find((one) => one.request !== '')?.request ?? '';
  const others = [...tags].filter(([key]) => key !== 'caller' && !NAMING.includes(key));
  const part = (text: string, goes: number): Part[] => (text === '' ? [] : [{ text: oneLine(text), goes }]);
  return [
    ...part(endOf(group).slice(11, 23), 0),
    ...part(NAMING.map((key) => tags.get(key)).find((value) => value !== undefined) ?? '', 0),
    ...part(goesOn ? 'goes on' : '', 0),
    ...part(isLone ? '' : `${count(executions.length)} statements in ${duration(totalMs)}`, 0),
    ...part(callers.length === 1 ? shortPlace(callers[0]) : '', 1),
    ...part(pools.length === 1 ? pools[0] : `pools ${pools.join(' + ')}`, pools.length === 1 ? 2 : 0),
    ...part(request === '' ? '' : `request ${request.slice(0, REQUEST_SHOWN)}`, 3),
    ...part(request === '' && !isLone ? first.boundary : '', 3),
    ...others.flatMap(([key, value]) => part(`${key}=${value}`, 4)),
  ];
}

/** Tags that name a unit of work, best first. */
const NAMING = ['route', 'job', 'command'];

function lineText(
  { items, place }: Line<Execution>,
  { pools, callers, screen }: { pools: readonly string[]; callers: readonly string[]; screen: Screen },
): string {
  const times = items.length === 1 ? '' : `${count(items.length)}×`;
  const start = `${MARKS[place]}${times.padStart(5)} ${timeAndSource(items, screen)}`;
  const parts: Part[] = [{ text: start, goes: 0 }];
  // What the head says of all lines is not said again.
  if (pools.length > 1) parts.push({ text: oneLine(items[0].pool), goes: 0 });
  const own = callersOf(items);
  if (callers.length > 1 && own.length > 0) {
    parts.push({ text: `${shortPlace(own[0])}${own.length > 1 ? ` +${own.length - 1}` : ''}`, goes: 1 });
  }
  return withText(fitting(parts, screen.width - TEXT_MIN - 2, '  ').join('  '), { items, screen });
}

/** Lines that take turns are held together. */
const MARKS: Readonly<Record<Line<Execution>['place'], string>> = {
  alone: '  ',
  first: ' ┌',
  inner: ' │',
  last: ' └',
};

function timeAndSource(items: readonly Execution[], screen: Screen): string {
  const [{ source, construct, sqlstate }] = items;
  const totalMs = items.reduce((sum, one) => sum + one.service_ms, 0);
  const name = oneLine(construct === '' ? source : `${source}/${construct}`);
  // A line that has a colour of its own keeps it.
  const hue = sqlstate !== '' || items.length >= MANY ? name : coloured(name, { source, screen });
  const failed = sqlstate === '' ? '' : ` error ${oneLine(namedSqlstate(sqlstate))}`;
  return `${duration(totalMs).padStart(7)} ${hue}${failed}`;
}

function withText(start: string, { items, screen }: { items: readonly Execution[]; screen: Screen }): string {
  const [{ query, fingerprint, sqlstate }] = items;
  const text = oneLine(query === '' ? fingerprint : shortSql(query));
  const room = screen.width - textWidth(start) - 2;
  const line = room < 2 ? shortened(start, screen.width) : `${start}  ${shortened(text, room)}`;
  if (sqlstate !== '') return styled(line, { style: 'red', screen });
  return items.length >= MANY ? styled(line, { style: 'yellow', screen }) : line;
}

/** The parts that fit, in their order. */
function fitting(parts: readonly Part[], width: number, separator = SEPARATOR): string[] {
  let kept = [...parts];
  while (textWidth(kept.map(({ text }) => text).join(separator)) > width) {
    const first = Math.max(...kept.map(({ goes }) => goes));
    if (first <= 0) break;
    kept = kept.filter(({ goes }) => goes !== first);
  }
  return kept.map(({ text }) => text);
}

function valuesOf(executions: readonly Execution[], read: (one: Execution) => string): string[] {
  return [...new Set(executions.map(read).filter((value) => value !== ''))];
}

function callersOf(executions: readonly Execution[]): string[] {
  return valuesOf(executions, ({ tags }) => tags.caller ?? '');
}

/** `shop/store/views/reports.py:41` → `views/reports.py:41` */
function shortPlace(caller: string): string {
  return oneLine(caller.split('/').slice(-2).join('/'));
}
