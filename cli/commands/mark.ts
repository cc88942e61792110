// `pgwitness mark NAME`: names a moment for `compare --around NAME`, or lists the marks.
// Not here: marks that are set automatically (analyzer/notable/marks.ts).

import type { Command } from 'commander';
import { limits } from '../../config/limits.js';
import { UsageError } from '../../config/values/errors.js';
import { parseMoment } from '../../config/values/units.js';
import { IDENTITY_NAMES } from '../../facts/fleet/identity.js';
import { withMarks } from '../reading/marked-moments.js';
import {
  addReadFlags,
  flagContext,
  namedPlace,
  parametersOf,
  placeOf,
  type ReadFlags,
  tokenOf,
} from '../reading/read-flags.js';
import { moment } from '../terminal/format.js';
import { oneLine, print, printJson, screenOf } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';

interface MarkFlags extends ReadFlags {
  readonly at?: string;
}

export function register(program: Command): void {
  addReadFlags(
    program
      .command('mark')
      .argument('[name]', 'what happened, for instance "deploy 42"; without it, list the marks')
      .description('name a moment to compare around, or list the marks'),
  )
    .option('--at <when>', 'when it happened: a time ago (15m) or ISO 8601 (default: now)')
    .addHelpText(
      'after',
      `
CREATE INDEX and other DDL, and the first statement with a new app_version comment tag, are marked automatically.
At a running pgwitness (--url) a mark is set only with the token of its --http-token-file.

Examples:
  pgwitness mark "books on the ORM" --data /var/lib/pgwitness
  pgwitness mark "deploy 42" --at 10m
  pgwitness mark "deploy 42" --url http://10.0.0.7:6434 --token-file token
  pgwitness mark --since 7d                       the marks of the last week
`,
    )
    .action(mark);
}

async function mark(name: string | undefined, flags: MarkFlags): Promise<void> {
  if (name === undefined) return list(flags);
  if (name.trim() === '' || name.length > limits.markNameCharsMax) {
    throw new UsageError('not a valid name', {
      where: 'mark',
      hint: `give 1 to ${limits.markNameCharsMax} characters`,
    });
  }
  const part = IDENTITY_NAMES.find((one) => flags[one] !== undefined);
  if (part !== undefined) {
    throw new UsageError('a mark is not set in a part of a fleet', {
      where: `--${part}`,
      hint: 'leave it out, and name the directories or sidecars with --data and --url',
    });
  }
  const nowMs = Date.now();
  const atMs = flags.at === undefined ? nowMs : parseMoment(flags.at, { nowMs, where: '--at' });
  const { directories, urls } = await namedPlace(flags);
  if (urls.length > 0) {
    const { setMarkAt } = await import('../reading/set-mark.js');
    const token = tokenOf(flags);
    for (const url of urls) await setMarkAt(url, { atMs, name, token });
  }
  const { setMark } = await import('../../storage/sqlite/write/mark-writer.js');
  for (const dataDir of directories) {
    setMark(dataDir, { atMs, kind: 'manual', name, fingerprint: '', source: '' });
  }
  if (flags.json) printJson({ at: new Date(atMs).toISOString(), name });
  else print(`Marked ${moment(atMs)}: ${oneLine(name)}. See pgwitness compare --around "${oneLine(name)}".`);
}

async function list(given: MarkFlags): Promise<void> {
  const flags = await withMarks(given);
  const { readTimeRange } = await import('../../reports/questions/grammar.js');
  const { marksJson } = await import('../../reports/forms/marks-json.js');
  const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
  const place = await placeOf(flags);
  try {
    const marks = await place.marks(range);
    if (flags.json) return printJson(marksJson(marks));
    if (marks.length === 0) return print('There is no mark in this window. Set one with pgwitness mark NAME.');
    const columns = [
      { title: 'at', cell: (row: (typeof marks)[number]) => moment(row.atMs) },
      { title: 'kind', cell: (row: (typeof marks)[number]) => row.kind },
      { title: 'name', flexible: true, cell: (row: (typeof marks)[number]) => oneLine(row.name) },
    ];
    print(renderTable(marks, columns, screenOf(process.stdout, process.env)));
  } finally {
    place.close();
  }
}
