// Executions in groups by who observed them; any other grouping is passed on.
// Invariant: every execution is in one group. Requests that pass several sidecars count at each, so nothing is said of
// requests. Not here: the other groupings (groups.ts), which stores say who they are of (seen-identities.ts).

import { UsageError } from '../../config/values/errors.js';
import { IDENTITY_NAMES, type IdentityName } from '../../facts/fleet/identity.js';
import { addAll, addSums, addTo, TAG_RULES } from '../../facts/sums.js';
import { observedIn } from '../../storage/reading/observed.js';
import { spanOf } from '../../storage/reading/span.js';
import type { StoredFacts, StoreReader } from '../../storage/reading/stored-facts.js';
import { emptyGroup, type GroupFacts, type GroupsQuestion, type GroupsReport, reportGroups } from './groups.js';
import { mergeGroups } from './groups-codec.js';
import { identitiesOf, valuesOf } from './seen-identities.js';

export function isIdentityName(by: string): by is IdentityName {
  return (IDENTITY_NAMES as readonly string[]).includes(by);
}

/** Each is a report of its own where tags are asked for. */
const ONE_BY_ONE_MAX = 40;

/** As reportGroups; `by` may be one of IDENTITY_NAMES too. */
export function answerGroups(reader: StoreReader, question: GroupsQuestion): GroupsReport {
  const { by } = question;
  if (!isIdentityName(by)) return reportGroups(reader, question);
  if ((question.filter.tags ?? []).length === 0) {
    const together = reader.read((stored) => reportTogether(reader, { ...question, by, stored }));
    if (together !== undefined) return together;
  }
  const values = valuesOf(identitiesOf(reader), by);
  if (values.length > ONE_BY_ONE_MAX) {
    throw new UsageError(`${values.length} are too many to be compared by a tag`, {
      where: `tag and group-by ${by}`,
      hint: 'keep to a service or an environment, or leave the tag out',
    });
  }
  const reports = values.map((value) => {
    const report = reportGroups(reader.within({ [by]: value }), { ...question, by: 'source' });
    return { ...report, groups: asOne(value, report) };
  });
  return mergeGroups(reports);
}

/** Undefined where the store is of one sidecar. */
function reportTogether(
  reader: StoreReader,
  { stored, by, filter, hidden, ...bounds }: GroupsQuestion & { by: IdentityName; stored: StoredFacts },
): GroupsReport | undefined {
  if (stored.identitySums === undefined) return undefined;
  const span = spanOf(stored, bounds);
  const { sums, histograms } = stored.identitySums(span.segments, { by, filter, hidden });
  const groups = new Map<string, GroupFacts>();
  for (const row of sums) {
    const group = groups.get(row.value) ?? { ...emptyGroup(row.value), requests: 0 };
    groups.set(row.value, group);
    addSums(TAG_RULES, group, { ...row, requests: 0 });
    addTo(group.sources, row.source, row.calls + row.errors);
    group.statements.add(row.fingerprint);
  }
  for (const { value, histogram } of histograms) groups.get(value)?.histogram.mergeEncoded(histogram);
  const observed = observedIn(stored, span, reader.unstoredSinceMs);
  return { window: span.window, observed, groups: [...groups.values()] };
}

function asOne(value: string, { groups }: GroupsReport): GroupsReport['groups'] {
  if (groups.length === 0) return [];
  const one = emptyGroup(value);
  for (const group of groups) {
    addSums(TAG_RULES, one, group);
    addAll(one.sources, group.sources);
    for (const fingerprint of group.statements) one.statements.add(fingerprint);
    one.histogram.merge(group.histogram);
  }
  return [{ ...one, requests: 0 }];
}
