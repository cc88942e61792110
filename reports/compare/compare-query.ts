// The spelling of a comparison in the API: two windows, around a mark, a pair, or sets.
// Invariant: names and words are those of the terminal's flags. Not here: what they mean (sides.ts).

import { limits } from '../../config/limits.js';
import { UsageError } from '../../config/values/errors.js';
import { hasKey, tagKey } from '../../config/values/tag-keys.js';
import { parseWhole } from '../../config/values/units.js';
import { type ParameterContext, Reading } from '../questions/reading.js';
import { refuseSeveral, type SetFlags } from './sides.js';

const NAMES = [
  'before',
  'after',
  'around',
  'span',
  'old',
  'new',
  'since',
  'until',
  'tag',
  'source',
  'handwritten',
] as const;

export interface CompareQuery extends SetFlags {
  /** A row per value of the tag with this key, from its requests; without it a row per statement. */
  readonly groupBy?: string;
  readonly all: boolean;
  readonly limit: number;
}

/** The key of the tag to group by, for a row per value. Throws UsageError. */
export function comparedTag(written: string, where: string): string {
  if (hasKey(written)) return tagKey(written);
  const hint = 'give route, job, command or the key of another tag';
  throw new UsageError(`"${written}" is nothing to group by`, { where, hint });
}

/** Throws UsageError naming the parameter. */
export function readCompareQuery(parameters: URLSearchParams, context: ParameterContext): CompareQuery {
  const read = new Reading(parameters, [...NAMES, 'group-by', 'all', 'limit'], context);
  const groupBy = read.text('group-by');
  const limit = read.text('limit');
  const query = {
    before: read.text('before'),
    after: read.text('after'),
    around: read.text('around'),
    span: read.text('span'),
    old: read.text('old'),
    new: read.text('new'),
    since: read.text('since'),
    until: read.text('until'),
    tag: read.tags()?.map(([key, value]) => `${key}=${value}`),
    source: read.text('source'),
    handwritten: read.flag('handwritten'),
    groupBy: groupBy === undefined ? undefined : comparedTag(groupBy, read.place('group-by')),
    all: read.flag('all') ?? false,
    limit:
      limit === undefined ? 200 : parseWhole(limit, { min: 1, max: limits.apiRowsMax, where: read.place('limit') }),
  };
  refuseSeveral(query);
  return query;
}
