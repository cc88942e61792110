// The options that have one value each: name, default, help, and how their text is read. Flags, environment and file share it.
// Invariant: a value means the same wherever it is written, because one `read` serves all layers.
// Not here: which layer wins (config.ts) and the lists of the config file (config-file.ts).

import { limits } from './limits.js';
import { parseAddress, parseTcpAddress } from './values/address.js';
import { UsageError } from './values/errors.js';
import { nearestName } from './values/nearest.js';
import { parseDuration, parseWhole } from './values/units.js';

export interface Option<T> {
  /** Key in the config file. `flushInterval` is --flush-interval and PGWITNESS_FLUSH_INTERVAL. */
  readonly name: string;
  /** Shown in --help; '' for a flag without a value, which means "on". */
  readonly value: string;
  readonly fallback: string;
  readonly help: string;
  readonly read: (text: string, where: string) => T;
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** libpq's names (sslmode), with its meanings; `allow` is left out, because it trusts the network twice. */
export const UPSTREAM_TLS_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type UpstreamTlsMode = (typeof UPSTREAM_TLS_MODES)[number];

function option<T>(definition: Option<T>): Option<T> {
  return definition;
}

/** Keyed by the field of Config each one fills. */
export const OPTIONS = {
  listen: option({
    name: 'listen',
    value: 'host:port',
    fallback: '127.0.0.1:6433',
    help: 'where applications connect instead of to Postgres; unix:PATH too',
    read: parseAddress,
  }),
  upstream: option({
    name: 'upstream',
    value: 'host:port',
    fallback: '127.0.0.1:5432',
    help: 'the Postgres to forward to; unix:PATH too',
    read: readUpstream,
  }),
  tlsCert: option({
    name: 'tlsCert',
    value: 'file',
    fallback: '',
    help: 'certificate chain (PEM) for clients that ask for TLS; without it they are answered N',
    read: (text) => text,
  }),
  tlsKey: option({
    name: 'tlsKey',
    value: 'file',
    fallback: '',
    help: 'private key (PEM) of --tls-cert',
    read: (text) => text,
  }),
  upstreamTls: option({
    name: 'upstreamTls',
    value: 'mode',
    fallback: 'disable',
    help: `TLS to the upstream: ${UPSTREAM_TLS_MODES.join(', ')}`,
    read: readUpstreamTls,
  }),
  upstreamTlsCa: option({
    name: 'upstreamTlsCa',
    value: 'file',
    fallback: '',
    help: 'authorities (PEM) that verify-ca and verify-full trust instead of the public ones',
    read: (text) => text,
  }),
  upstreamTlsServerName: option({
    name: 'upstreamTlsServerName',
    value: 'name',
    fallback: '',
    help: 'name in the certificate of the upstream, where it is not the host of --upstream',
    read: (text) => text,
  }),
  clientsAppearLocal: option({
    name: 'clientsAppearLocal',
    value: '',
    fallback: 'off',
    help: 'clients of the network may reach an upstream on this machine, which takes them for local ones',
    read: readSwitch,
  }),
  maxConnections: option({
    name: 'maxConnections',
    value: 'n',
    fallback: String(limits.connectionsMax),
    help: 'client connections at once, of all relays together; more are refused with 53300',
    read: (text, where) => parseWhole(text, { min: 1, max: 100_000, where }),
  }),
  maxConnectionsPerSource: option({
    name: 'maxConnectionsPerSource',
    value: 'n',
    fallback: String(limits.connectionsPerSourceMax),
    help: 'client connections at once from one address, 0 for as many as --max-connections; more are refused with 53300',
    read: (text, where) => parseWhole(text, { min: 0, max: 100_000, where }),
  }),
  relays: option({
    name: 'relays',
    value: 'n',
    fallback: '1',
    help: 'relay processes that share the listening ports and one observer',
    read: (text, where) => parseWhole(text, { min: 1, max: limits.relaysMax, where }),
  }),
  drainTimeoutMs: option({
    name: 'drainTimeout',
    value: 'duration',
    fallback: '10s',
    help: 'how long busy sessions may finish after SIGTERM',
    read: readDrainTimeout,
  }),
  socket: option({
    name: 'socket',
    value: 'path',
    fallback: './pgwitness-link/observer.sock',
    help: 'where `observe` listens and `relay` connects; in a directory of its own',
    read: readNotEmpty,
  }),
  http: option({
    name: 'http',
    value: 'host:port',
    fallback: '127.0.0.1:6434',
    help: '/metrics, the JSON API and the page',
    read: parseTcpAddress,
  }),
  health: option({
    name: 'health',
    value: 'host:port',
    fallback: '127.0.0.1:6435',
    help: '/livez and /readyz',
    read: parseTcpAddress,
  }),
  dataDir: option({
    name: 'data',
    value: 'dir',
    fallback: './pgwitness-data',
    help: 'data directory, made when it is not there',
    read: readNotEmpty,
  }),
  flushIntervalMs: option({
    name: 'flushInterval',
    value: 'duration',
    fallback: '1s',
    help: 'how often what was seen is stored',
    read: readFlushInterval,
  }),
  observe: option({
    name: 'observe',
    value: 'on|off',
    fallback: 'on',
    help: 'off leaves a plain relay',
    read: readSwitch,
  }),
  recordFile: option({
    name: 'record',
    value: 'file',
    fallback: '',
    help: 'also write the observation stream to a file, which then holds SQL text',
    read: (text) => text,
  }),
  httpTokenFile: option({
    name: 'httpTokenFile',
    value: 'file',
    fallback: '',
    help: 'bearer token for the API and the page, needed when --http is not on loopback',
    read: (text) => text,
  }),
  topSeries: option({
    name: 'topSeries',
    value: 'n',
    fallback: '30',
    help: 'statements with metrics of their own, 0 for none',
    read: (text, where) => parseWhole(text, { min: 0, max: 200, where }),
  }),
  samplesDsn: option({
    name: 'samplesDsn',
    value: 'dsn',
    fallback: '',
    help: 'postgres://user@host/database to ask for generic plans of slow statements, read-only; the password comes from PGPASSWORD',
    read: readSamplesDsn,
  }),
  logLevel: option({
    name: 'logLevel',
    value: 'level',
    fallback: 'info',
    help: LOG_LEVELS.join(', '),
    read: readLogLevel,
  }),
  observerHeapMb: option({
    name: 'observerHeapMb',
    value: 'mib',
    fallback: '512',
    help: 'heap limit of the observer process in MiB',
    read: (text, where) => parseWhole(text, { min: 128, max: 65_536, where }),
  }),
  observerCpuShare: option({
    name: 'observerCpuShare',
    value: 'share',
    fallback: '0.5',
    help: 'share of one CPU beyond which the observer sheds load',
    read: readShare,
  }),
};

export type OptionKey = keyof typeof OPTIONS;
export type OptionValues = { [K in OptionKey]: ReturnType<(typeof OPTIONS)[K]['read']> };

/** `flushInterval` → `flush-interval`. */
export function flagName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => '-' + letter.toLowerCase());
}

/** `flushInterval` → `PGWITNESS_FLUSH_INTERVAL`. */
export function environmentName(name: string): string {
  return 'PGWITNESS_' + flagName(name).replaceAll('-', '_').toUpperCase();
}

export function readUpstream(text: string, where: string) {
  const address = parseAddress(text, where);
  if (address.kind === 'tcp' && address.port === 0) {
    throw new UsageError('the upstream needs a port', {
      where,
      hint: 'give the port Postgres listens on, mostly 5432',
    });
  }
  return address;
}

/** What is in force is printed by check-config and handed to another process: no place for a password. */
function readSamplesDsn(text: string, where: string): string {
  if (text === '') return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^postgres(?:ql)?:$/.test(url.protocol)) {
    throw new UsageError('this is not a Postgres address', { where, hint: 'write postgres://user@host:5432/database' });
  }
  if (url.password !== '') {
    throw new UsageError('the address holds a password', { where, hint: 'leave it out and set PGPASSWORD' });
  }
  return text;
}

function readNotEmpty(text: string, where: string): string {
  if (text === '') throw new UsageError('an empty path', { where, hint: 'name a directory' });
  return text;
}

function readFlushInterval(text: string, where: string): number {
  const ms = parseDuration(text, where);
  if (ms >= 50 && ms <= 60_000) return ms;
  throw new UsageError(`"${text}" is out of range`, { where, hint: 'give 50ms to 60s' });
}

function readDrainTimeout(text: string, where: string): number {
  const ms = parseDuration(text, where);
  if (ms <= 3_600_000) return ms;
  throw new UsageError(`"${text}" is out of range`, { where, hint: 'give 0s to 1h' });
}

export function readUpstreamTls(text: string, where: string): UpstreamTlsMode {
  const mode = UPSTREAM_TLS_MODES.find((known) => known === text);
  if (mode !== undefined) return mode;
  const near = nearestName(text, UPSTREAM_TLS_MODES);
  throw new UsageError(`"${text}" is not a TLS mode`, {
    where,
    hint: near === undefined ? `use one of ${UPSTREAM_TLS_MODES.join(', ')}` : `did you mean ${near}?`,
  });
}

/** Spelled as people spell it in YAML, where 1.2 leaves `off` a string. */
function readSwitch(text: string, where: string): boolean {
  if (text === 'on' || text === 'true') return true;
  if (text === 'off' || text === 'false') return false;
  throw new UsageError(`"${text}" is neither on nor off`, { where, hint: 'write on or off' });
}

function readLogLevel(text: string, where: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level !== undefined) return level;
  const near = nearestName(text, LOG_LEVELS);
  throw new UsageError(`"${text}" is not a log level`, {
    where,
    hint: near === undefined ? `use one of ${LOG_LEVELS.join(', ')}` : `did you mean ${near}?`,
  });
}

function readShare(text: string, where: string): number {
  const share = /^[0-9]{1,2}(?:\.[0-9]{1,4})?$/.test(text) ? Number(text) : 0;
  if (share >= 0.05 && share <= 4) return share;
  throw new UsageError(`"${text}" is not a share of a CPU`, { where, hint: 'give 0.05 to 4; 0.5 is half of one' });
}
