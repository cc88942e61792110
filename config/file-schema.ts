// Declares the form of the config file: its lists, their entries, and which text each field takes.
// Invariant: every map is strict, so that an unknown key is an error and never ignored.
// Not here: reading the file and placing its faults (config-file.ts), the meaning of rules and pools (analyzer).

import * as v from 'valibot';
import { namesOf } from './option.js';
import { OPTIONS } from './options.js';
import { parseAddress } from './values/address.js';
import type { UsageError } from './values/errors.js';
import { COUNTED_KINDS, FINDING_KINDS, TIMED_KINDS } from './values/finding-kinds.js';
import { isPrefix } from './values/network-prefix.js';
import { readUpstream, readUpstreamTls } from './values/option-readers.js';
import { readSqlPattern } from './values/sql-pattern.js';
import { CONTEXT_KEYS, DIMENSION_KEYS } from './values/tag-keys.js';
import { parseBytes, parseDuration } from './values/units.js';

const text = v.pipe(
  v.string('text is needed here'),
  v.nonEmpty('an empty text'),
  v.maxLength(1_000, 'over 1,000 characters'),
);
const scalar = v.union([v.string(), v.number(), v.boolean()], 'one value is needed here');
const tagKeys = v.pipe(v.array(text, 'a list of tag keys is needed here'), v.maxLength(100, 'over 100 keys'));

const RULE_DRIVERS = ['asyncpg', 'psycopg3'] as const;

/** Fields are named as in the startup packet. Values may end or begin with `*`. */
const ruleMatch = v.strictObject({
  application_name: v.optional(text),
  user: v.optional(text),
  database: v.optional(text),
  /** Comment tags by key. */
  tag: v.optional(v.record(text, text)),
  fingerprint: v.optional(text),
  /** A network as 10.1.0.0/16, or the name of one of clientNetworks. */
  client_network: v.optional(text),
  /** The driver, where it shows on the wire. */
  driver: v.optional(v.picklist(RULE_DRIVERS, `one of ${RULE_DRIVERS.join(', ')}: others do not show on the wire`)),
  /** RE2 pattern that may match anywhere in the normalised text. */
  sql: v.optional(v.pipe(text, checkedBy(readSqlPattern))),
});
const ruleSet = v.strictObject({
  source: v.optional(v.pipe(text, v.regex(/^[a-z][a-z0-9_-]{0,31}$/, 'a source is up to 32 of a-z, 0-9, - and _'))),
  tags: v.optional(v.record(text, text)),
  pool: v.optional(text),
});
const poolMatch = v.strictObject({
  user: v.optional(text),
  database: v.optional(text),
  application_name: v.optional(text),
  options: v.optional(text),
  owner: v.optional(text),
  client_network: v.optional(text),
});

/** Keys that match single statements. The others match connections. */
const STATEMENT_KEYS: ReadonlySet<string> = new Set(['tag', 'fingerprint', 'sql']);

const rule = v.strictObject({
  /** Shown in evidence and messages. Without one it is the rule's place in the list. */
  name: v.optional(text),
  match: v.pipe(
    ruleMatch,
    v.check((given) => saysSomething(given), 'nothing is given here'),
  ),
  set: v.pipe(
    ruleSet,
    v.check((given) => saysSomething(given), 'nothing is given here'),
  ),
});
const ruleOfOne = v.pipe(
  rule,
  // Forwarded, so that the fault is reported at the key.
  v.forward(
    v.check(
      ({ match, set }) => set.pool === undefined || !Object.keys(match).some((key) => STATEMENT_KEYS.has(key)),
      'a pool is set for a whole connection: match it by application_name, user, database, client_network and driver alone',
    ),
    ['set', 'pool'],
  ),
);
const pool = v.strictObject({
  name: text,
  match: v.pipe(
    poolMatch,
    v.check((given) => saysSomething(given), 'nothing is given here'),
  ),
});
const network = v.strictObject({
  name: text,
  prefix: v.pipe(text, v.check(isPrefix, 'write a network as 10.1.0.0/16')),
});
/** A listener with its own upstream. TLS settings that are left out are those of the options. */
const pair = v.strictObject({
  listen: v.pipe(text, checked(parseAddress)),
  upstream: v.pipe(text, checked(readUpstream)),
  upstreamTls: v.optional(v.pipe(text, checked(readUpstreamTls))),
  upstreamTlsCa: v.optional(text),
  upstreamTlsServerName: v.optional(text),
});
const retention = v.strictObject({
  minutes: v.optional(duration(), '24h'),
  hours: v.optional(duration(), '30d'),
  days: v.optional(duration(), '400d'),
  size: v.optional(v.pipe(scalar, v.transform(String), checked(parseBytes)), '2GiB'),
});

/** What conditions of check and exec leave out, each with its reason. Values may hold `*`. */
const exceptionMatch = v.strictObject({
  fingerprint: v.optional(text),
  source: v.optional(text),
  construct: v.optional(text),
  pool: v.optional(text),
  table: v.optional(text),
  function: v.optional(text),
  route: v.optional(text),
  job: v.optional(text),
  command: v.optional(text),
  caller: v.optional(text),
  /** A kind of findings. */
  finding: v.optional(text),
  /** Of connections past pgwitness. */
  user: v.optional(text),
  application_name: v.optional(text),
});
const CONDITIONS = ['none', 'p95', 'errors', 'statements-per-request', 'handwritten', 'findings'] as const;
const exception = v.strictObject({
  reason: text,
  match: v.pipe(
    exceptionMatch,
    v.check((given) => saysSomething(given), 'nothing is given here'),
  ),
  /** The condition it is from; left out = every one. */
  from: v.optional(v.picklist(CONDITIONS, `one of ${CONDITIONS.join(', ')}`)),
  /** The last day on which it holds. */
  until: v.optional(v.pipe(text, v.isoDate('write a day as 2026-12-31'))),
});

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
const findings = v.strictObject({
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

export const LISTS = {
  rules: v.optional(
    v.pipe(v.array(ruleOfOne, 'a list of rules is needed here'), v.maxLength(1_000, 'over 1,000 rules')),
    [],
  ),
  pairs: v.optional(
    v.pipe(
      v.array(pair, 'a list of pairs is needed here'),
      v.minLength(1, 'no pair'),
      v.maxLength(32, 'over 32 pairs'),
    ),
  ),
  pools: v.optional(v.array(pool, 'a list of pools is needed here'), []),
  clientNetworks: v.optional(v.array(network, 'a list of networks is needed here'), []),
  dimensionKeys: v.optional(tagKeys, [...DIMENSION_KEYS]),
  contextKeys: v.optional(tagKeys, [...CONTEXT_KEYS]),
  retention: v.optional(retention, {}),
  exceptions: v.optional(
    v.pipe(v.array(exception, 'a list of exceptions is needed here'), v.maxLength(500, 'over 500 exceptions')),
    [],
  ),
  findings: v.optional(findings, {}),
};

const SCALARS = Object.fromEntries(
  Object.values(OPTIONS)
    .flatMap(namesOf)
    .map((name) => [name, v.optional(scalar)]),
);
export const FILE = v.strictObject({ ...LISTS, ...SCALARS });

/** The maps of the file by their place: a misspelled key is compared with the keys here. */
export const MAPS: Readonly<Record<string, object>> = {
  '': FILE.entries,
  rules: rule.entries,
  'rules.match': ruleMatch.entries,
  'rules.set': ruleSet.entries,
  pairs: pair.entries,
  pools: pool.entries,
  'pools.match': poolMatch.entries,
  clientNetworks: network.entries,
  retention: retention.entries,
  exceptions: exception.entries,
  'exceptions.match': exceptionMatch.entries,
  findings: findings.entries,
  'findings.thresholds': threshold.entries,
  'findings.accepted': accepted.entries,
  'findings.readOnly': readOnly.entries,
  'findings.migrated': migrated.entries,
};

export type ConfigLists = v.InferOutput<v.StrictObjectSchema<typeof LISTS, undefined>>;

function listOf<Entry extends v.GenericSchema>(entry: Entry) {
  return v.optional(v.pipe(v.array(entry, 'a list is needed here'), v.maxLength(1_000, 'over 1,000 entries')), []);
}

function saysSomething(map: object): boolean {
  return Object.keys(map).length > 0;
}

function duration() {
  return v.pipe(scalar, v.transform(String), checked(parseDuration));
}

/** As checked, but keeps the text: it is read again where it is used. */
function checkedBy(read: (text: string, where: string) => unknown) {
  return checked((text, where) => {
    read(text, where);
    return text;
  });
}

/** Makes a valibot action of a reader of values/, with the reader's own message. */
function checked<T>(read: (text: string, where: string) => T) {
  return v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
    try {
      return read(dataset.value, '');
    } catch (error) {
      const { message, hint } = error as UsageError;
      addIssue({ message: `${message}; ${hint}` });
      return NEVER;
    }
  });
}
