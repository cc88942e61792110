// Loads the configuration in force.
// Flags win over the environment, the environment over the config file, the file over the defaults.
// Invariant: every value is checked before anything starts, and the origin of each value is known.
// Not here: the options (options.ts), the form of the file (file-schema.ts), listeners and upstreams (pairs.ts), flags
// (cli/).

import { type ConfigFile, parseConfig, readConfigFile } from './config-file.js';
import type { ConfigLists } from './file-schema.js';
import { environmentName, flagName, namesOf } from './option.js';
import { OPTIONS, type OptionKey, type OptionValues } from './options.js';
import { checkAddresses, type Pair, pairsOf } from './pairs.js';
import { dataRightsWarnings } from './process/data-rights.js';
import { UsageError } from './values/errors.js';
import { nearestName } from './values/nearest.js';
import { SOCKET_PATH_BYTES_MAX, sharedSocketPath } from './values/unix-socket.js';

export interface Config extends Readonly<OptionValues> {
  /** Listeners and their upstreams: those of the config file, else the one of --listen and --upstream. */
  readonly pairs: readonly Pair[];
  /** The user's own attribution rules, in the order in which they are tried. */
  readonly rules: ReadonlyArray<ConfigLists['rules'][number] & { readonly name: string }>;
  /** The user's names for pools, by identity. */
  readonly pools: ConfigLists['pools'];
  /** Networks that distinguish pools. An address in none of them has the network ''. */
  readonly clientNetworks: ConfigLists['clientNetworks'];
  /** Comment tags that are counted by. */
  readonly dimensionKeys: readonly string[];
  /** Comment tags of a single request. They are never counted by. */
  readonly contextKeys: readonly string[];
  /** Thresholds of findings, those that are accepted, and what must not be. Times in ms. */
  readonly findings: ConfigLists['findings'];
  readonly retention: {
    /** Ages at which minutes are rolled up into hours, hours into days, and days are deleted. */
    readonly minutesMs: number;
    readonly hoursMs: number;
    readonly daysMs: number;
    readonly bytesMax: number;
  };
}

export interface ConfigSources {
  /** Values of flags as typed, by option name (`flushInterval`). undefined = not given. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Path of the config file. When not given it is PGWITNESS_CONFIG. */
  readonly file?: string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** What conditions of `check` and `exec` leave out. */
  readonly exceptions: ConfigLists['exceptions'];
  /** The origin of each option's value: a flag, a variable, file:line:column or "default". */
  readonly origins: ReadonlyMap<OptionKey, string>;
  /** Suspicious but valid settings, a sentence each. */
  readonly warnings: readonly string[];
  /** The config file read; '' for none. */
  readonly file: string;
}

/** Throws UsageError with the place of the fault and what to do. */
export function loadConfig(sources: ConfigSources = {}): LoadedConfig {
  const env = sources.env ?? {};
  const path = sources.file ?? env.PGWITNESS_CONFIG ?? '';
  const file = path === '' ? parseConfig('', '') : readConfigFile(path);
  const origins = new Map<OptionKey, string>();
  const values: Partial<Record<OptionKey, unknown>> = {};
  const warnings = strangeVariables(env);
  for (const key of Object.keys(OPTIONS) as OptionKey[]) {
    const { name, text, where } = winner(key, { flags: sources.flags ?? {}, env, file });
    origins.set(key, where);
    if (name !== OPTIONS[key].name) warnings.push(`${where}: ${name} is now called ${OPTIONS[key].name}`);
    values[key] = OPTIONS[key].read(text, where);
  }
  // Exceptions are for `check` alone: no process that observes needs them.
  const { retention, pairs, exceptions, ...lists } = file.lists;
  const config: Config = {
    ...(values as OptionValues),
    ...lists,
    pairs: pairsOf(values as OptionValues, { listed: pairs, origins, file: path }),
    rules: lists.rules.map((rule, index) => ({ ...rule, name: rule.name ?? `rules[${index}]` })),
    retention: {
      minutesMs: retention.minutes,
      hoursMs: retention.hours,
      daysMs: retention.days,
      bytesMax: retention.size,
    },
  };
  checkRelations(config, origins);
  warnings.push(...dataRightsWarnings(config.dataDir));
  return { config, exceptions, origins, warnings, file: path };
}

interface Layers {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: ConfigFile;
}

/**
 * The text of the strongest layer that has the option, under its own or its former name. Throws UsageError for both.
 */
function winner(key: OptionKey, layers: Layers): Written {
  const option = OPTIONS[key];
  for (const layer of [fromFlags, fromEnvironment, fromFile]) {
    const [written, again] = namesOf(option).flatMap((name) => layer(name, layers) ?? []);
    if (again !== undefined) {
      throw new UsageError(`${option.formerName} is the former name of ${option.name}, and both are given`, {
        where: `${written.where}, ${again.where}`,
        hint: `give ${option.name} alone`,
      });
    }
    if (written !== undefined) return written;
  }
  return { name: option.name, text: option.fallback, where: 'default' };
}

/** An option as somebody wrote it. */
interface Written {
  readonly name: string;
  readonly text: string;
  readonly where: string;
}

function fromFlags(name: string, { flags }: Layers): Written | undefined {
  const value = flags[name];
  return value === undefined ? undefined : { name, text: String(value), where: `--${flagName(name)}` };
}

function fromEnvironment(name: string, { env }: Layers): Written | undefined {
  const where = environmentName(name);
  const text = env[where];
  return text === undefined || text === '' ? undefined : { name, text, where };
}

function fromFile(name: string, { file }: Layers): Written | undefined {
  const value = file.values.get(name);
  return value && { name, ...value };
}

function checkRelations(config: Config, origins: ReadonlyMap<OptionKey, string>): void {
  checkAddresses(config, origins);
  checkRelays(config, origins);
  const { minutesMs, hoursMs, daysMs } = config.retention;
  if (minutesMs >= hoursMs || hoursMs >= daysMs) {
    throw new UsageError('retention must grow from minutes to hours to days', {
      where: 'retention',
      hint: 'the defaults are 24h, 30d and 400d',
    });
  }
}

function checkRelays({ relays, maxConnections, dataDir }: Config, origins: ReadonlyMap<OptionKey, string>): void {
  if (relays === 1) return;
  if (maxConnections < relays) {
    throw new UsageError(`${relays} relays share ${maxConnections} connections: some would have none`, {
      where: `${origins.get('relays')}, ${origins.get('maxConnections')}`,
      hint: 'allow more connections, or run fewer relays',
    });
  }
  const socketBytes = Buffer.byteLength(sharedSocketPath(dataDir));
  if (socketBytes > SOCKET_PATH_BYTES_MAX) {
    throw new UsageError(
      `several relays reach their observer at a socket in the data directory, and its path is ${socketBytes} bytes long; the system takes ${SOCKET_PATH_BYTES_MAX}`,
      { where: origins.get('dataDir'), hint: 'name a directory with a shorter path, or run one relay' },
    );
  }
}

/**
 * Warnings for variables that look misspelled. They are no errors, because Kubernetes itself sets
 * PGWITNESS_SERVICE_HOST and the like in every pod beside a Service of that name.
 */
function strangeVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = ['PGWITNESS_CONFIG', ...Object.values(OPTIONS).flatMap(namesOf).map(environmentName)];
  const warnings: string[] = [];
  for (const name of Object.keys(env)) {
    if (!name.startsWith('PGWITNESS_') || known.includes(name)) continue;
    const near = nearestName(
      name.slice('PGWITNESS_'.length),
      known.map((other) => other.slice('PGWITNESS_'.length)),
    );
    if (near !== undefined) warnings.push(`${name} is not an option; did you mean PGWITNESS_${near}?`);
  }
  return warnings;
}
