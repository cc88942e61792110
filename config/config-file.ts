// The config file: YAML read into one-valued options and checked lists, every fault with file, line and column.
// Invariant: a key this file does not know is an error, never ignored; nothing is returned of a file with a fault.
// Not here: precedence over flags and environment (config.ts), the meaning of rules and pools (analyzer).

import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { OPTIONS, readUpstream, readUpstreamTls } from './options.js';
import { parseAddress } from './values/address.js';
import { UsageError } from './values/errors.js';
import { nearestName } from './values/nearest.js';
import { isPrefix } from './values/network-prefix.js';
import { readSqlPattern } from './values/sql-pattern.js';
import { parseBytes, parseDuration } from './values/units.js';

const text = v.pipe(
  v.string('text is needed here'),
  v.nonEmpty('an empty text'),
  v.maxLength(1_000, 'over 1,000 characters'),
);
const scalar = v.union([v.string(), v.number(), v.boolean()], 'one value is needed here');
const tagKeys = v.pipe(v.array(text, 'a list of tag keys is needed here'), v.maxLength(100, 'over 100 keys'));

/** The field names are those of the startup packet; values may end or begin with `*`. */
const ruleMatch = v.strictObject({
  application_name: v.optional(text),
  user: v.optional(text),
  database: v.optional(text),
  /** Comment tags by key. */
  tag: v.optional(v.record(text, text)),
  fingerprint: v.optional(text),
  /** A network as 10.1.0.0/16, or the name of one of clientNetworks. */
  client_network: v.optional(text),
  /** RE2 pattern, found anywhere in the normalised text. */
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

/** What speaks of single statements; the rest speaks of connections. */
const OF_STATEMENTS: ReadonlySet<string> = new Set(['tag', 'fingerprint', 'sql']);

const rule = v.strictObject({
  /** For evidence and messages; its place in the list when not given. */
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
  // Forwarded to the key, so that the fault is shown there.
  v.forward(
    v.check(
      ({ match, set }) => set.pool === undefined || !Object.keys(match).some((key) => OF_STATEMENTS.has(key)),
      'a connection has its pool whatever it sends: match it by application_name, user, database and client_network alone',
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
/** A further listener with an upstream of its own; what it does not say of TLS is as in the options. */
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

const LISTS = {
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
  dimensionKeys: v.optional(tagKeys, [
    'action',
    'app',
    'app_name',
    'app_version',
    'application',
    'cache',
    'caller',
    'command',
    'controller',
    'job',
    'route',
  ]),
  contextKeys: v.optional(tagKeys, ['traceparent', 'tracestate', 'request_id']),
  retention: v.optional(retention, {}),
};

const SCALARS = Object.fromEntries(Object.values(OPTIONS).map(({ name }) => [name, v.optional(scalar)]));
const FILE = v.strictObject({ ...LISTS, ...SCALARS });

/** The maps of the file, by where they stand; what a misspelled key is compared with. */
const MAPS: Readonly<Record<string, object>> = {
  '': FILE.entries,
  rules: rule.entries,
  'rules.match': ruleMatch.entries,
  'rules.set': ruleSet.entries,
  pairs: pair.entries,
  pools: pool.entries,
  'pools.match': poolMatch.entries,
  clientNetworks: network.entries,
  retention: retention.entries,
};

export type ConfigLists = v.InferOutput<v.StrictObjectSchema<typeof LISTS, undefined>>;

export interface ConfigFile {
  readonly lists: ConfigLists;
  /** One-valued options as text, each with `file:line:column`. */
  readonly values: ReadonlyMap<string, { readonly text: string; readonly where: string }>;
}

/** Throws UsageError with file:line:column, for the first fault. */
export function readConfigFile(path: string): ConfigFile {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new UsageError(`the config file cannot be read (${reason})`, {
      where: path,
      hint: 'check --config',
      cause: error,
    });
  }
  return parseConfig(content, path);
}

/** As readConfigFile; `path` is only named in errors. */
export function parseConfig(content: string, path: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const fault = document.errors[0];
  if (fault !== undefined) throw new UsageError(fault.message, { where: at(fault.pos[0]), hint: 'mend the YAML' });
  if (document.contents !== null && !isMap(document.contents)) {
    throw new UsageError('the file is not a map of options', {
      where: at(document.contents.range?.[0] ?? 0),
      hint: 'write one "name: value" per line',
    });
  }
  const data = plainOf(document, path);
  const result = v.safeParse(FILE, data);
  if (!result.success) throw faultOf(result.issues[0], (keys, ofKey) => at(offsetOf(document, keys, ofKey)));
  const values = new Map<string, { text: string; where: string }>();
  for (const { name } of Object.values(OPTIONS)) {
    const value = data[name];
    if (value !== undefined) values.set(name, { text: String(value), where: at(offsetOf(document, [name], false)) });
  }
  const lists = Object.fromEntries(Object.keys(LISTS).map((name) => [name, result.output[name as keyof typeof LISTS]]));
  checkLists(lists as ConfigLists, (keys) => at(offsetOf(document, keys, false)));
  return { lists: lists as ConfigLists, values };
}

/** The processes of pgwitness hand the configuration on in one environment variable, and the system bounds that (Linux: 128 KiB). */
const LISTS_BYTES_MAX = 96 * 1024;

/** What one list says of another. */
function checkLists(lists: ConfigLists, at: (keys: readonly PropertyKey[]) => string): void {
  const networks = lists.clientNetworks.map(({ name }) => name);
  for (const [index, { match }] of lists.rules.entries()) {
    const { client_network: wanted } = match;
    if (wanted === undefined || isPrefix(wanted) || networks.includes(wanted)) continue;
    throw new UsageError(`"${wanted}" is neither a network nor the name of one`, {
      where: at(['rules', index, 'match', 'client_network']),
      hint: networks.length === 0 ? 'write 10.1.0.0/16' : `write 10.1.0.0/16, or one of ${networks.join(', ')}`,
    });
  }
  const bytes = Buffer.byteLength(JSON.stringify(lists));
  if (bytes > LISTS_BYTES_MAX) {
    throw new UsageError(`rules, pools and networks take ${bytes} bytes, over ${LISTS_BYTES_MAX}`, {
      where: at(['rules']),
      hint: 'one pattern with * or an sql expression can stand for many rules',
    });
  }
}

/** Aliases are expanded here, to a bound: a small file can name a huge one. */
function plainOf(document: Document, path: string): Record<string, unknown> {
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw new UsageError((error as Error).message, {
      where: path,
      hint: 'write values out instead of aliases',
      cause: error,
    });
  }
}

function faultOf(
  issue: v.BaseIssue<unknown>,
  at: (keys: readonly PropertyKey[], ofKey: boolean) => string,
): UsageError {
  const keys = (issue.path ?? []).map((item) => item.key as PropertyKey);
  const unknownKey = issue.kind === 'schema' && issue.type === 'strict_object' && issue.expected === 'never';
  if (!unknownKey) {
    const missing = issue.received === 'undefined';
    return new UsageError(missing ? `"${String(keys.at(-1))}" is missing` : issue.message, {
      where: at(missing ? keys.slice(0, -1) : keys, false),
      hint: `see ${keys.filter((key) => typeof key === 'string').join('.')}`,
    });
  }
  const name = String(keys.at(-1));
  const known = knownKeysAt(keys.slice(0, -1));
  const near = nearestName(name, known);
  return new UsageError(`unknown option "${name}"`, {
    where: at(keys, true),
    hint: near === undefined ? `known here: ${known.join(', ')}` : `did you mean ${near}?`,
  });
}

/** Option names that may stand in the map at `keys`. */
function knownKeysAt(keys: readonly PropertyKey[]): string[] {
  const path = keys.filter((key) => typeof key === 'string').join('.');
  return Object.keys(MAPS[path] ?? {});
}

/** Offset of the value at `keys`, or of its key; of the nearest parent that is there. */
function offsetOf(document: Document, keys: readonly PropertyKey[], ofKey: boolean): number {
  for (let depth = keys.length; depth > 0; depth--) {
    const parent = depth === 1 ? document.contents : document.getIn(keys.slice(0, depth - 1), true);
    const pair = isMap(parent)
      ? parent.items.find((item) => isNode(item.key) && String(item.key) === String(keys[depth - 1]))
      : undefined;
    const node = pair === undefined ? document.getIn(keys.slice(0, depth), true) : ofKey ? pair.key : pair.value;
    const place = isNode(node) ? node.range : isNode(pair?.key) ? pair.key.range : undefined;
    if (place) return place[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

function saysSomething(map: object): boolean {
  return Object.keys(map).length > 0;
}

function duration() {
  return v.pipe(scalar, v.transform(String), checked(parseDuration));
}

/** As checked, for what is read again where it is used: the text stays. */
function checkedBy(read: (text: string, where: string) => unknown) {
  return checked((text, where) => {
    read(text, where);
    return text;
  });
}

/** A reader of units.ts, address.ts or options.ts as a valibot action, with its message. */
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
