// Tells a filter that fits nothing from one that was mistyped, by the values that were seen.
// Invariant: names that pgwitness knows are right though unseen: after a migration nothing fits, and that is good.
// Not here: finding those values (seen.ts).

import { UsageError } from '../../config/values/errors.js';
import { globTest } from '../../config/values/glob.js';
import { nearestName } from '../../config/values/nearest.js';
import type { StatementFilter } from '../../facts/answers.js';
import { CONSTRUCTS, SOURCES } from '../../facts/verdict.js';
import { groupedTag } from './groups.js';
import { isIdentityName } from './identity-groups.js';
import { type SeenValues, VALUES_MAX } from './seen.js';

/** Values that an error lists. */
const LISTED_MAX = 8;

/** Throws UsageError for a value that no statement ever had. `tagFlag`: the flag that gave the tags. */
export function checkSeen(filter: StatementFilter, seen: SeenValues, tagFlag = 'tag'): void {
  check('source', filter.source, { seen: seen.sources, known: SOURCES });
  check('construct', filter.construct, { seen: seen.constructs, known: CONSTRUCTS });
  check('pool', filter.pool, { seen: seen.pools, known: [] });
  check('table', filter.table, { seen: seen.tables, known: [] });
  for (const [key, value] of filter.tags ?? []) {
    checkTag(key, seen, tagFlag);
    check(tagFlag, value, { seen: seen.tags[key], known: [], of: tagFlag === 'tag' ? `${key}=` : '' });
  }
}

/** Throws UsageError for the key of a tag that no statement ever had. */
export function checkGroupBy(by: string, seen: SeenValues): void {
  const tag = isIdentityName(by) ? undefined : groupedTag(by);
  if (tag !== undefined) checkTag(tag, seen, 'group-by');
}

function checkTag(key: string, seen: SeenValues, name: string): void {
  if (seen.tags[key] !== undefined) return;
  const keys = Object.keys(seen.tags);
  const hint =
    keys.length === 0
      ? 'no statement was tagged: clients/python adds route, caller and job to what Django and SQLAlchemy send'
      : `seen: ${keys.join(', ')}${meant(key, keys)}; dimensionKeys in the configuration names the keys that are kept`;
  throw new UsageError(`no statement has a tag "${key}"`, { where: `--${name}`, hint });
}

function check(
  name: string,
  value: string | undefined,
  { seen, known, of = '' }: { seen: readonly string[]; known: readonly string[]; of?: string },
): void {
  if (value === undefined || seen.includes(value) || known.includes(value)) return;
  // Of a list that was cut, what is missing is not known.
  if (seen.length >= VALUES_MAX) return;
  if (seen.some(globTest(value))) return;
  const list = [
    ...seen.slice(0, LISTED_MAX),
    ...(seen.length > LISTED_MAX ? [`and ${seen.length - LISTED_MAX} more`] : []),
  ];
  const hint = seen.length === 0 ? 'none was seen' : `seen: ${list.join(', ')}${meant(value, seen, of)}`;
  throw new UsageError(`"${of}${value}" was never seen`, { where: `--${name}`, hint });
}

function meant(value: string, seen: readonly string[], of = ''): string {
  // A route is typed as in a browser, with a slash before it.
  const bare = (text: string): string => text.toLowerCase().replace(/^\/+|\/+$/g, '');
  const near =
    seen.find((one) => bare(one) === bare(value)) ??
    nearestName(value, seen) ??
    seen.find((one) => value.length > 2 && bare(one).includes(bare(value)));
  return near === undefined ? '' : `; did you mean ${of}${near}?`;
}
