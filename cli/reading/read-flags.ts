// Defines the flags of all reading commands: place (--data, --url), window and output format.
// Invariant: times and filters have the API's own grammar, so that a local and a remote report answer the same
// question.
// Not here: reading (place.ts), flags of single commands.

import { type Command, Option } from 'commander';
import { readToken } from '../../config/token.js';
import { UsageError } from '../../config/values/errors.js';
import { IDENTITY_NAMES } from '../../facts/fleet/identity.js';
import type { ParameterContext } from '../../reports/questions/reading.js';
import type { FoundPlace } from './find-place.js';
import { formatFlag } from './format-flag.js';
import type { Place } from './place.js';

/** The place to read, and the output format. */
export interface PlaceFlags {
  readonly data?: string[];
  readonly store?: string[];
  readonly url?: string[];
  readonly tokenFile?: string;
  readonly json?: boolean;
  readonly service?: string;
  readonly environment?: string;
  readonly instance?: string;
}

export interface ReadFlags extends PlaceFlags {
  readonly since?: string;
  readonly until?: string;
}

export function addReadFlags(command: Command): Command {
  return addPlaceFlags(command)
    .option(
      '--since <when>',
      'start of the window: a time ago (15m, 7d), ISO 8601 or the name of a mark (default: everything stored)',
    )
    .option('--until <when>', 'end of the window (default: now); of a mark, its own minute is in the window');
}

export function addPlaceFlags(command: Command): Command {
  return addPlaceOnly(command)
    .addOption(
      repeatable(
        '--store <url>',
        'store of a fleet to read, may repeat: clickhouse://user@host:8123/database [env: PGWITNESS_STORE]',
      ),
    )
    .option('--service <name>', 'only what sidecars of this service stored')
    .option('--environment <name>', 'only what sidecars of this environment stored')
    .option('--instance <name>', 'only what this sidecar stored')
    .addOption(formatFlag())
    .option('--json', 'print JSON: --format json');
}

/** For a command that prints nothing of its own. */
export function addPlaceOnly(command: Command): Command {
  return command
    .addOption(
      repeatable(
        '--data <dir>',
        'data directory to read, may repeat (default: ./pgwitness-data, else the sidecar that runs) [env: PGWITNESS_DATA]',
      ),
    )
    .addOption(repeatable('--url <url>', 'running pgwitness to ask (http://127.0.0.1:6434), may repeat; reports merge'))
    .option('--token-file <file>', 'bearer token for --url [env: PGWITNESS_HTTP_TOKEN_FILE]');
}

/** The flags of an ExecutionFilter, as FILTER_NAMES of the grammar has them. */
export const FILTER_FLAGS = ['source', 'construct', 'handwritten', 'pool', 'tag', 'find', 'table'] as const;

export function addFilterFlags(command: Command): Command {
  return command
    .option('--source <source>', 'django-orm, raw, sqlalchemy, housekeeping, tool, unknown, or a name from your rules')
    .option('--construct <construct>', 'queryset, raw-queryset, extra, cursor, core, orm, text, …')
    .option('--handwritten', 'only handwritten SQL: raw, text(), extra() and RawSQL()')
    .option('--pool <name>', 'only executions of this pool')
    .addOption(repeatable('--tag <key=value>', 'only executions with this comment tag, * for any letters, may repeat'))
    .option('--find <words>', 'only statements whose text or place has these words')
    .option('--table <name>', 'only statements on this table, * for any letters');
}

/** The filters that were given, as they are typed. */
export function givenFilters(flags: object): string {
  const given = flags as Readonly<Record<string, string | true | readonly string[] | undefined>>;
  return [...FILTER_FLAGS, 'route', 'minMs']
    .flatMap((name) => {
      const value = given[name];
      const flag = `--${name === 'minMs' ? 'min-ms' : name}`;
      if (value === undefined) return [];
      if (value === true) return [flag];
      return (typeof value === 'string' ? [value] : value).map((one) => `${flag} ${one}`);
    })
    .join(' ');
}

/** An option that may be given several times; commander alone would keep the last value. */
export function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser<string[]>((value, before: string[] = []) => [...before, value]);
}

export function isRepeatable({ parseArg }: Option): boolean {
  return parseArg !== undefined;
}

/** Opens what the flags name, merged. Throws UsageError, or StoreError for a directory without a store. */
export async function placeOf(flags: PlaceFlags): Promise<Place> {
  const stores = storesOf(flags);
  const found =
    stores.length > 0 && flags.data === undefined && flags.url === undefined ? NOWHERE : await namedPlace(flags);
  const named = { ...found, stores, token: found.urls.length === 0 ? undefined : tokenOf(flags) };
  const { takeIdentity } = await import('../../reports/questions/identity-query.js');
  const identity = takeIdentity(parametersOf(flags, IDENTITY_NAMES), (name) => `--${name}`);
  if (Object.keys(identity).length > 0) return (await import('./narrow-place.js')).openNarrowed(named, identity);
  return (await import('./place.js')).openPlaces(named);
}

const NOWHERE: FoundPlace = { directories: [], urls: [] };

/** As typed; the variable counts where no other place is named. */
function storesOf({ store, data, url }: PlaceFlags): readonly string[] {
  const configured = process.env.PGWITNESS_STORE ?? '';
  return store ?? (configured === '' || data !== undefined || url !== undefined ? [] : [configured]);
}

/** What the flags name; without them what is found (find-place.ts). Throws UsageError, RuntimeError. */
export async function namedPlace(flags: PlaceFlags): Promise<FoundPlace> {
  const urls = (flags.url ?? []).map(urlOf);
  if (urls.length > 0 || flags.data !== undefined) return { directories: flags.data ?? [], urls };
  const { findPlace } = await import('./find-place.js');
  return findPlace(tokenOf(flags));
}

/** The running sidecars that the flags name; without them the one of this machine. Throws UsageError, RuntimeError. */
export async function namedSidecars(flags: Pick<PlaceFlags, 'url' | 'tokenFile'>): Promise<URL[]> {
  const urls = (flags.url ?? []).map(urlOf);
  if (urls.length > 0) return urls;
  const { findSidecar } = await import('./find-place.js');
  return [await findSidecar(tokenOf(flags))];
}

/** Throws UsageError for a file that holds none. */
export function tokenOf({ tokenFile }: Pick<PlaceFlags, 'tokenFile'>): string | undefined {
  const file = tokenFile ?? process.env.PGWITNESS_HTTP_TOKEN_FILE ?? '';
  return file === '' ? undefined : readToken(file, '--token-file');
}

/** The flags that name the place, each after a space, quoted for a shell where needed. */
export function placeFlags({ data = [], store = [], url = [], tokenFile }: PlaceFlags): string {
  const typed = (text: string): string => (/^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  const stores = store.map((one) => ['--store', one]);
  const given = [...data.map((dir) => ['--data', dir]), ...stores, ...url.map((one) => ['--url', one])];
  if (tokenFile !== undefined) given.push(['--token-file', tokenFile]);
  return given.map(([flag, value]) => ` ${flag} ${typed(value)}`).join('');
}

/** The named flags as parameters of the API. */
export function parametersOf(flags: object, names: readonly string[]): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const name of names) {
    const key = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const value = (flags as Readonly<Record<string, unknown>>)[key];
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) parameters.append(name, String(one));
  }
  return parameters;
}

export function flagContext(): ParameterContext {
  return { nowMs: Date.now(), place: (name) => `--${name}` };
}

function urlOf(text: string): URL {
  const hint = 'for instance http://127.0.0.1:6434';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`"${text}" is not an http address`, { where: '--url', hint });
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('the address contains a user or password', { where: '--url', hint: 'use --token-file' });
  }
  return url;
}
