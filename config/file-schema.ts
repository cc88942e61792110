// Declares the form of the config file: its lists, their entries, and which text each field takes.
// Invariant: every map is strict, so that an unknown key is an error and never ignored.
// Not here: reading the file and placing its faults (config-file.ts), the meaning of rules and pools (analyzer).

import * as v from 'valibot';
import { namesOf } from './option.js';
import { OPTIONS } from './options.js';
import { parseAddress } from './values/address.js';
import { FINDINGS, FINDINGS_MAPS } from './values/findings-schema.js';
import { isPrefix } from './values/network-prefix.js';
import { readUpstream, readUpstreamTls } from './values/option-readers.js';
import { checked, checkedBy, duration, saysSomething, scalar, text } from './values/schema-values.js';
import { readSqlPattern } from './values/sql-pattern.js';
import { CONTEXT_KEYS, DIMENSION_KEYS } from './values/tag-keys.js';
import { parseBytes } from './values/units.js';

const tagKeys = v.pipe(v.array(text, 'a list of tag keys is needed here'), v.maxLength(100, 'over 100 keys'));

const RULE_DRIVERS = ['asyncpg', 'psycopg3'] as const;

/** Fields are named as in the startup packet. In values `*` stands for anything. */
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
  findings: v.optional(FINDINGS, {}),
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
  ...FINDINGS_MAPS,
};

export type ConfigLists = v.InferOutput<v.StrictObjectSchema<typeof LISTS, undefined>>;
