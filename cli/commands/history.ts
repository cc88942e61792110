// `pgwitness history FINGERPRINT`: shows one statement over time.
// Not here: the points (reports/timeline.ts), their JSON (reports/forms/timeline-json.ts), printing
// (cli/views/history.ts).

import type { Command } from 'commander';
import { fingerprintOf, noSuchStatement, readPrefix } from '../../reports/questions/find-statement.js';
import { withMarks } from '../reading/marked-moments.js';
import {
  addFilterFlags,
  addReadFlags,
  FILTER_FLAGS,
  flagContext,
  givenFilters,
  parametersOf,
  placeOf,
  type ReadFlags,
} from '../reading/read-flags.js';
import { print, printJson, screenOf } from '../terminal/output.js';
import { historyText } from '../views/history.js';

export function register(program: Command): void {
  const command = program
    .command('history <fingerprint>')
    .description('show one statement over time: executions, mean, percentiles');
  addFilterFlags(addReadFlags(command))
    .addHelpText(
      'after',
      `
Examples:
  pgwitness history 5c1d2a --since 24h
  pgwitness history 5c1d2a --tag 'route=reports/*' --pool django:app@shop
  pgwitness history 5c1d2a --json
`,
    )
    .action(history);
}

async function history(name: string, given: ReadFlags): Promise<void> {
  const flags = await withMarks(given);
  const { readTimelineQuery } = await import('../../reports/questions/grammar.js');
  const { timelineJson } = await import('../../reports/forms/timeline-json.js');
  const { form: _, ...query } = readTimelineQuery(
    parametersOf(flags, ['since', 'until', ...FILTER_FLAGS]),
    flagContext(),
  );
  readPrefix(name, 'history');
  const place = await placeOf(flags);
  try {
    const { range } = query;
    const fingerprint = await fingerprintOf(place, { name, range, where: 'history' });
    const of = await place.statement(fingerprint, range);
    if (of.statements.length === 0) throw noSuchStatement(place, fingerprint);
    const timeline = await place.timeline({ fingerprint, ...query });
    const narrowed = givenFilters(flags);
    if (timeline.points.length === 0) {
      const { checkSeen } = await import('../../reports/groups/seen-filters.js');
      checkSeen(query, await place.seen());
    }
    if (flags.json) return printJson({ fingerprint, ...timelineJson(timeline) });
    if (timeline.points.length === 0) print(`No execution of ${fingerprint} fits ${narrowed}.`);
    else print(historyText(timeline, { of, narrowed, screen: screenOf(process.stdout, process.env) }));
  } finally {
    place.close();
  }
}
