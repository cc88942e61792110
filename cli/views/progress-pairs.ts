// Prints what each new version of a migrated place costs beside its old one.
// Not here: comparing (reports/compare/migration-pairs.ts), the rest of `progress` (progress.ts).

import { chanceText, factorText } from '../../facts/words/changes.js';
import type { LedgerFacts } from '../../reports/compare/migration.js';
import type { PairFacts, VersionCost } from '../../reports/compare/migration-pairs.js';
import { count, duration } from '../terminal/format.js';
import { oneLine, type Screen, styled, wrapped } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';
import { intervalText } from './compare-words.js';

export function pairLines({ pairs, places }: LedgerFacts, { screen }: { readonly screen: Screen }): string[] {
  if (pairs.length === 0) return [];
  const named = new Map(places.map(({ entry }) => [entry.id, `${entry.at} ${entry.function}`]));
  const nameOf = ({ id }: PairFacts): string => oneLine(named.get(id) ?? id);
  const compared = pairs.filter(({ time }) => time !== null);
  const lines = ['', styled('New version beside the old, database time', { style: 'bold', screen })];
  if (compared.length > 0) {
    const columns = [
      { title: 'place', flexible: true, cell: nameOf },
      { title: 'per', cell: ({ per }: PairFacts) => per, dropOrder: 3 },
      { title: 'old', align: 'right' as const, cell: (pair: PairFacts) => costText(pair.old) },
      { title: 'new', align: 'right' as const, cell: (pair: PairFacts) => costText(pair.new) },
      { title: 'rows', align: 'right' as const, dropOrder: 2, cell: rowsText },
      { title: 'time', cell: timeText },
    ];
    lines.push(renderTable(compared, columns, screen));
    if (compared.some(({ oldBefore }) => oldBefore)) {
      lines.push('* the old version hardly ran in this window: it is that of all the time up to its end');
    }
  }
  for (const pair of pairs.filter(({ time }) => time === null)) {
    lines.push(...wrapped(`${nameOf(pair)}: ${pair.reason}`, { width: screen.width, indent: '  ' }));
  }
  return lines;
}

/** "3.0 in 12.1 ms": statements and their time. */
function costText(cost: VersionCost | null): string {
  return cost === null ? '–' : `${decimal(cost.statements)} in ${duration(cost.timeNs / 1e6)}`;
}

function rowsText({ old, new: now }: PairFacts): string {
  return old === null || now === null ? '' : `${decimal(old.rows)} → ${decimal(now.rows)}`;
}

function timeText({ time, oldBefore }: PairFacts): string {
  if (time?.factor === undefined) return '';
  const { factor, judgement } = time;
  const times = factor >= 1 ? `${factorText(factor)}× slower` : `${factorText(1 / factor)}× faster`;
  const mark = oldBefore ? ' *' : '';
  if (judgement === 'too few') return `${times}, too few to tell${mark}`;
  if (judgement === 'no clear difference') return `no clear difference (${times})${mark}`;
  const change = { ...time, low: time.low, high: time.high };
  return `${times}${intervalText(change)} (${chanceText(time.p)})${mark}`;
}

function decimal(value: number): string {
  return Number.isInteger(value) ? count(value) : value < 100 ? value.toFixed(1) : count(value);
}
