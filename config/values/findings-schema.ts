// Declares what the config file says of findings: thresholds, what is accepted, what is forbidden.
// Invariant: every map is strict. Not here: the rules of a kind (analyzer/findings/).

import * as v from 'valibot';
import { COUNTED_KINDS, FINDING_KINDS, TIMED_KINDS } from './finding-kinds.js';
import { duration, listOf, saysSomething, text } from './schema-values.js';

const findingKind = v.picklist(FINDING_KINDS, `a kind of finding is needed here: ${FINDING_KINDS.join(', ')}`);
const threshold = v.strictObject({
  kind: findingKind,
  route: v.optional(text),
  source: v.optional(text),
  /** Repetitions, or rows. */
  least: v.optional(v.pipe(v.number('a number is needed here'), v.integer('a whole number'), v.minValue(2, 'below 2'))),
  after: v.optional(duration()),
});
const thresholdOfOne = v.pipe(
  threshold,
  v.check(({ least, after }) => (least === undefined) !== (after === undefined), 'give either least or after'),
  v.forward(
    v.check(
      ({ kind, least }) => least === undefined || COUNTED_KINDS.some((counted) => counted === kind),
      `least is of ${COUNTED_KINDS.join(', ')}`,
    ),
    ['least'],
  ),
  v.forward(
    v.check(
      ({ kind, after }) => after === undefined || TIMED_KINDS.some((timed) => timed === kind),
      `after is of ${TIMED_KINDS.join(', ')}`,
    ),
    ['after'],
  ),
);
const accepted = v.strictObject({
  /** Its first digits, at least 6. */
  id: v.optional(
    v.pipe(v.string('write the id in quotes'), v.regex(/^[0-9a-f]{6,12}$/, 'an id is 6 to 12 of 0-9 and a-f')),
  ),
  kind: v.optional(findingKind),
  route: v.optional(text),
  table: v.optional(text),
  reason: text,
  /** From this day on it is found again. */
  until: v.optional(v.pipe(text, v.isoDate('write a day as 2027-01-31'))),
});
const acceptedOfOne = v.pipe(
  accepted,
  v.check(({ id, kind }) => id !== undefined || kind !== undefined, 'give the id of a finding, or a kind'),
);
const readOnly = v.strictObject({ pool: v.optional(text), source: v.optional(text) });
const migrated = v.strictObject({
  route: text,
  sources: v.optional(v.pipe(v.array(text, 'a list of sources is needed here'), v.minLength(1, 'no source')), [
    'raw',
    'sqlalchemy',
  ]),
});
export const FINDINGS = v.strictObject({
  thresholds: listOf(thresholdOfOne),
  accepted: listOf(acceptedOfOne),
  readOnly: listOf(
    v.pipe(
      readOnly,
      v.check((given) => saysSomething(given), 'nothing is given here'),
    ),
  ),
  migrated: listOf(migrated),
});

/** Its maps by their place; see MAPS of file-schema.ts. */
export const FINDINGS_MAPS: Readonly<Record<string, object>> = {
  findings: FINDINGS.entries,
  'findings.thresholds': threshold.entries,
  'findings.accepted': accepted.entries,
  'findings.readOnly': readOnly.entries,
  'findings.migrated': migrated.entries,
};
