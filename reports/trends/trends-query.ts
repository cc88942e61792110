// The spelling of a question for the trends of several statements.
// Invariant: a question names at least one statement, and at most STATEMENTS_MAX. Not here: the report (trends.ts).

import { UsageError } from '../../config/values/errors.js';
import { readTimeRange } from '../questions/grammar.js';
import { type ParameterContext, Reading } from '../questions/reading.js';
import type { TrendsQuestion } from './trends.js';

/** More than a screen shows; each costs a query. */
const STATEMENTS_MAX = 60;
const NAMES = ['of', 'pool', 'tag', 'since', 'until'] as const;

/** `of`: fingerprint:source, several with commas. Throws UsageError naming the parameter. */
export function readTrendsQuery(parameters: URLSearchParams, context: ParameterContext): TrendsQuestion {
  const read = new Reading(parameters, NAMES, context);
  const statements = (read.text('of') ?? '').split(',').map((one) => {
    const named = /^([0-9a-z]{16}):([^,]{1,64})$/.exec(one);
    if (named !== null) return { fingerprint: named[1], source: named[2] };
    const hint = 'give fingerprint:source, several with commas';
    throw new UsageError(one === '' ? 'no statement' : `"${one}" names no statement`, {
      where: read.place('of'),
      hint,
    });
  });
  if (statements.length > STATEMENTS_MAX) {
    const hint = `ask for at most ${STATEMENTS_MAX} at once`;
    throw new UsageError(`${statements.length} statements are too many`, { where: read.place('of'), hint });
  }
  const range = new URLSearchParams([...parameters].filter(([name]) => name === 'since' || name === 'until'));
  return { ...readTimeRange(range, context), statements, pool: read.text('pool'), tags: read.tags() };
}
