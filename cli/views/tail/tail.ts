// Prints a group of `tail`: a head line, then a line per statement, with repeats collapsed.
// Invariant: no line is wider than the screen, and control characters from traffic are escaped.
// Not here: grouping (tail-groups.ts).

import { count, duration } from '../../terminal/format.js';
import { oneLine, type Screen, styled } from '../../terminal/output.js';
import { shortened } from '../../terminal/table.js';
import type { TailGroup } from './tail-groups.js';

interface Line {
  readonly key: string;
  times: number;
  serviceMs: number;
  rows: number;
  readonly source: string;
  readonly sqlstate: string;
  readonly text: string;
}

export function groupText({ kind, executions }: TailGroup, screen: Screen): string {
  const lines = collapsed(executions).map((line) => lineText(line, screen));
  return [headText(executions, { kind, screen }), ...lines].join('\n');
}

/** Neighbours that are alike become one line; many of them are an N+1. */
function collapsed(executions: TailGroup['executions']): Line[] {
  const lines: Line[] = [];
  for (const one of executions) {
    const key = `${one.fingerprint} ${one.source} ${one.sqlstate}`;
    const source = one.construct === '' ? one.source : `${one.source}/${one.construct}`;
    const last = lines.at(-1);
    if (last?.key === key) {
      last.times++;
      last.serviceMs += one.service_ms;
      last.rows += one.rows;
    } else {
      const text = one.query === '' ? one.fingerprint : one.query;
      lines.push({ key, times: 1, serviceMs: one.service_ms, rows: one.rows, source, sqlstate: one.sqlstate, text });
    }
  }
  return lines;
}

function headText(
  executions: TailGroup['executions'],
  { kind, screen }: { kind: TailGroup['kind']; screen: Screen },
): string {
  const [first] = executions;
  const totalMs = executions.reduce((sum, one) => sum + one.service_ms, 0);
  const parts = [first.at.slice(11, 23), oneLine(first.pool)];
  if (kind !== 'statement') {
    parts.push(first.request === '' ? kind : `${kind} ${oneLine(first.request)}`);
    const statements = executions.length === 1 ? '1 statement' : `${count(executions.length)} statements`;
    parts.push(`${statements} in ${duration(totalMs)}`);
  }
  const tags = Object.entries(first.tags).map(([key, value]) => oneLine(`${key}=${value}`));
  return styled(shortened([...parts, ...tags].join(' · '), screen.width), { style: 'bold', screen });
}

function lineText(line: Line, screen: Screen): string {
  const times = line.times === 1 ? '' : `${count(line.times)}×`;
  const failed = line.sqlstate === '' ? '' : ` error ${oneLine(line.sqlstate)}`;
  const start = `  ${times.padStart(5)} ${duration(line.serviceMs).padStart(9)} ${oneLine(line.source)}${failed}  `;
  const text = shortened(`${start}${oneLine(line.text)}`, screen.width);
  if (line.sqlstate !== '') return styled(text, { style: 'red', screen });
  return line.times >= 5 ? styled(text, { style: 'yellow', screen }) : text;
}
