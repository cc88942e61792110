// Reads the config file (YAML) into options and checked lists.
// Every fault is reported with file, line and column.
// Invariant: a file with a fault gives nothing, so that no part of it can be used.
// Not here: the form of the file (file-schema.ts), precedence over flags and environment (config.ts).

import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { type ConfigLists, FILE, LISTS, MAPS } from './file-schema.js';
import { namesOf } from './option.js';
import { OPTIONS } from './options.js';
import { UsageError } from './values/errors.js';
import { nearestName } from './values/nearest.js';
import { isPrefix } from './values/network-prefix.js';

export interface ConfigFile {
  readonly lists: ConfigLists;
  /** Options with one value: their text, and where it stands as `file:line:column`. */
  readonly values: ReadonlyMap<string, { readonly text: string; readonly where: string }>;
}

/** Throws UsageError for the first fault, with file:line:column. */
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

/** As readConfigFile, for its content. `path` is only named in errors. */
export function parseConfig(content: string, path: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const fault = document.errors[0];
  if (fault !== undefined) throw new UsageError(fault.message, { where: at(fault.pos[0]), hint: 'correct the YAML' });
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
  for (const name of Object.values(OPTIONS).flatMap(namesOf)) {
    const value = data[name];
    if (value !== undefined) values.set(name, { text: String(value), where: at(offsetOf(document, [name], false)) });
  }
  const lists = Object.fromEntries(Object.keys(LISTS).map((name) => [name, result.output[name as keyof typeof LISTS]]));
  checkLists(lists as ConfigLists, (keys) => at(offsetOf(document, keys, false)));
  return { lists: lists as ConfigLists, values };
}

/** A process gets its configuration in one environment variable, which the system limits (Linux: 128 KiB). */
const LISTS_BYTES_MAX = 96 * 1024;

/** Checks what one list says about another, and the size of all. Throws UsageError. */
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

/** Expands aliases, but not without limit: a small file can stand for a huge one. */
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

/** Keys that the map at `keys` may have. */
function knownKeysAt(keys: readonly PropertyKey[]): string[] {
  const path = keys.filter((key) => typeof key === 'string').join('.');
  return Object.keys(MAPS[path] ?? {});
}

/** Offset of the value at `keys`, or of its key; else of the nearest parent that exists. */
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
