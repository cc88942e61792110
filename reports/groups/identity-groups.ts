// Executions in groups by who observed them; any other grouping is passed on.
// Invariant: every execution is in one group. Requests that pass several sidecars count at each, so nothing is said of
// requests. Not here: the other groupings (groups.ts), which stores say who they are of (seen-identities.ts).

import { IDENTITY_NAMES, type IdentityName } from '../../facts/fleet/identity.js';
import { addAll, addSums, TAG_RULES } from '../../facts/sums.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { emptyGroup, type GroupsQuestion, type GroupsReport, reportGroups } from './groups.js';
import { mergeGroups } from './groups-codec.js';
import { identitiesOf, valuesOf } from './seen-identities.js';

export function isIdentityName(by: string): by is IdentityName {
  return (IDENTITY_NAMES as readonly string[]).includes(by);
}

/** As reportGroups; `by` may be one of IDENTITY_NAMES too. */
export function answerGroups(reader: StoreReader, question: GroupsQuestion): GroupsReport {
  const { by } = question;
  if (!isIdentityName(by)) return reportGroups(reader, question);
  const reports = valuesOf(identitiesOf(reader), by).map((value) => {
    const report = reportGroups(reader.within({ [by]: value }), { ...question, by: 'source' });
    return { ...report, groups: asOne(value, report) };
  });
  return mergeGroups(reports);
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
