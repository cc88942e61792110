// Declares the options with one value: name, default, help, and how their text is read.
// Invariant: a value means the same in a flag, a variable and the file, because one `read` serves them all.
// Not here: what an option is (option.ts), how texts are read (values/option-readers.ts), which layer wins (config.ts),
// the lists of the config file (config-file.ts).

import { limits } from './limits.js';
import { type Option, option, written } from './option.js';
import { parseAddress, parseTcpAddress } from './values/address.js';
import {
  LOG_LEVELS,
  readDrainTimeout,
  readFlushInterval,
  readHosts,
  readLogLevel,
  readName,
  readNotEmpty,
  readSamplesDsn,
  readShare,
  readShip,
  readSwitch,
  readUpstream,
  readUpstreamTls,
  UPSTREAM_TLS_MODES,
} from './values/option-readers.js';
import { parseWhole } from './values/units.js';

const TCP_ADDRESS = { value: 'host:port', read: parseTcpAddress } as const;
const NO_FILE = { value: 'file', fallback: '', concern: 'observer', read: (text: string) => text } as const;
const NO_DSN = { value: 'dsn', fallback: '', concern: 'observer', read: readSamplesDsn } as const;
const NAME = { value: 'name', fallback: '', concern: 'observer', read: readName } as const;

/** Keyed by the field of Config each one fills. */
const TABLE = {
  listen: option({
    name: 'listen',
    value: 'host:port',
    fallback: '127.0.0.1:6433',
    help: 'address at which applications connect instead of Postgres; unix:PATH too',
    concern: 'relay',
    read: parseAddress,
  }),
  upstream: option({
    name: 'upstream',
    value: 'host:port',
    fallback: '127.0.0.1:5432',
    help: 'address of the Postgres to forward to; unix:PATH too',
    concern: 'relay',
    read: readUpstream,
  }),
  tlsCert: written({
    name: 'tlsCert',
    value: 'file',
    concern: 'relay',
    help: 'certificate chain (PEM) for clients that ask for TLS; without one they are refused TLS',
  }),
  tlsKey: written({ name: 'tlsKey', value: 'file', concern: 'relay', help: 'private key (PEM) of --tls-cert' }),
  upstreamTls: option({
    name: 'upstreamTls',
    value: 'mode',
    fallback: 'disable',
    help: `TLS to the upstream: ${UPSTREAM_TLS_MODES.join(', ')}`,
    concern: 'relay',
    read: readUpstreamTls,
  }),
  upstreamTlsCa: written({
    name: 'upstreamTlsCa',
    value: 'file',
    concern: 'relay',
    help: 'authorities (PEM) that verify-ca and verify-full trust instead of the public ones',
  }),
  upstreamTlsServerName: written({
    name: 'upstreamTlsServerName',
    value: 'name',
    concern: 'relay',
    help: 'name in the certificate of the upstream, if it is not the host of --upstream',
  }),
  clientsAppearLocal: option({
    name: 'clientsAppearLocal',
    value: '',
    fallback: 'off',
    help: 'allow remote clients with an upstream on this machine, although it sees them as local',
    concern: 'relay',
    read: readSwitch,
  }),
  maxConnections: option({
    name: 'maxConnections',
    value: 'n',
    fallback: String(limits.connectionsMax),
    help: 'client connections at the same time, of all relays together; more are refused with 53300',
    concern: 'relay',
    read: (text, where) => parseWhole(text, { min: 1, max: 100_000, where }),
  }),
  maxConnectionsPerAddress: option({
    name: 'maxConnectionsPerAddress',
    formerName: 'maxConnectionsPerSource',
    value: 'n',
    fallback: String(limits.connectionsPerAddressMax),
    help: 'client connections at the same time from one address, 0 = no such limit; more are refused with 53300',
    concern: 'relay',
    read: (text, where) => parseWhole(text, { min: 0, max: 100_000, where }),
  }),
  relays: option({
    name: 'relays',
    value: 'n',
    fallback: '1',
    help: 'relay processes that share the listening ports and one observer',
    concern: 'relay',
    read: (text, where) => parseWhole(text, { min: 1, max: limits.relaysMax, where }),
  }),
  drainTimeoutMs: option({
    name: 'drainTimeout',
    value: 'duration',
    fallback: '10s',
    help: 'time for busy sessions to finish after SIGTERM',
    concern: 'relay',
    read: readDrainTimeout,
  }),
  socket: option({
    name: 'socket',
    value: 'path',
    fallback: './pgwitness-link/observer.sock',
    help: 'socket at which `observe` listens and `relay` connects, in a directory of its own',
    concern: 'relay',
    read: readNotEmpty,
  }),
  http: option({
    ...TCP_ADDRESS,
    name: 'http',
    fallback: '127.0.0.1:6434',
    help: 'address of /metrics, the JSON API and the page',
    concern: 'observer',
  }),
  httpHosts: option({
    name: 'httpHost',
    value: 'hosts',
    fallback: '',
    help: 'names or addresses by which browsers reach --http besides its own, for instance behind a proxy; commas between them',
    concern: 'observer',
    read: readHosts,
  }),
  health: option({
    ...TCP_ADDRESS,
    name: 'health',
    fallback: '127.0.0.1:6435',
    help: 'address of /livez and /readyz',
    concern: 'relay',
  }),
  dataDir: option({
    name: 'data',
    value: 'dir',
    fallback: './pgwitness-data',
    help: 'data directory, created if it does not exist',
    concern: 'observer',
    read: readNotEmpty,
  }),
  flushIntervalMs: option({
    name: 'flushInterval',
    value: 'duration',
    fallback: '1s',
    help: 'how often observations are stored',
    concern: 'observer',
    read: readFlushInterval,
  }),
  observe: option({
    name: 'observe',
    value: 'on|off',
    fallback: 'on',
    help: 'off only relays, and observes nothing',
    concern: 'relay',
    read: readSwitch,
  }),
  recordFile: option({
    ...NO_FILE,
    name: 'record',
    help: 'also write the observation stream to a file; the file then contains SQL text',
  }),
  httpTokenFile: option({
    ...NO_FILE,
    name: 'httpTokenFile',
    help: 'file with the bearer token for the API and the page, required if --http is not on loopback',
  }),
  ledger: option({
    ...NO_FILE,
    name: 'ledger',
    help: 'ledger of the migration (migration.yaml), read when it changes, for /api/v1/progress, the page and metrics of its places',
  }),
  code: option({
    ...NO_FILE,
    name: 'code',
    help: 'what the code sends (audit.json), read at each question for /api/v1/audit and the page',
  }),
  topSeries: option({
    name: 'topSeries',
    value: 'n',
    fallback: '30',
    help: 'number of statements, and of routes, with metrics of their own, 0 = none',
    concern: 'observer',
    read: (text, where) => parseWhole(text, { min: 0, max: 200, where }),
  }),
  samplesDsn: option({
    ...NO_DSN,
    name: 'samplesDsn',
    help: 'postgres://user@host/database to read generic plans of slow statements from; the password comes from PGPASSWORD',
  }),
  bypassDsn: option({
    ...NO_DSN,
    name: 'bypassDsn',
    help: 'postgres://user@host/database where connections that bypass pgwitness are looked for once a minute; the password comes from PGPASSWORD',
  }),
  service: option({ ...NAME, name: 'service', help: 'application that is observed; reports of a fleet filter by it' }),
  environment: option({ ...NAME, name: 'environment', help: 'where it runs, for instance staging or production' }),
  instance: option({
    ...NAME,
    name: 'instance',
    help: 'name of this sidecar, one for each data directory; without it the name it had, else that of the host',
  }),
  ship: option({
    ...{ ...NO_DSN, name: 'ship', value: 'url', read: readShip },
    help: 'clickhouse://user@host:8123/database to which everything stored is sent, for many sidecars together; the password comes from PGWITNESS_STORE_PASSWORD or PGWITNESS_STORE_PASSWORD_FILE',
  }),
  cluster: option({ ...NAME, name: 'cluster', help: 'cluster of that ClickHouse on which --ship makes its tables' }),
  logLevel: option({
    name: 'logLevel',
    value: 'level',
    fallback: 'info',
    help: `least severe level that is logged: ${LOG_LEVELS.join(', ')}`,
    concern: 'observer',
    read: readLogLevel,
  }),
  observerHeapMb: option({
    name: 'observerHeapMb',
    value: 'mib',
    fallback: '512',
    help: 'heap limit of the observer process in MiB',
    concern: 'observer',
    read: (text, where) => parseWhole(text, { min: 128, max: 65_536, where }),
  }),
  observerCpuShare: option({
    name: 'observerCpuShare',
    value: 'share',
    fallback: '0.5',
    help: 'share of one CPU beyond which the observer drops observations; HTTP and reports are not counted',
    concern: 'observer',
    read: readShare,
  }),
};

export type OptionKey = keyof typeof TABLE;
export type OptionValues = { [K in OptionKey]: ReturnType<(typeof TABLE)[K]['read']> };
export const OPTIONS: { readonly [K in OptionKey]: Option<OptionValues[K]> } = TABLE;
