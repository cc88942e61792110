// Reads the texts of options into values.
// Each reader throws UsageError with the place of the text and what to write instead.
// Not here: the options (options.ts), values that not only options have (the other files of this folder).

import { isIP } from 'node:net';
import { parseAddress } from './address.js';
import { UsageError } from './errors.js';
import { nearestName } from './nearest.js';
import { parseDuration } from './units.js';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Names and meanings are those of libpq's sslmode. `allow` is left out: it trusts the network twice. */
export const UPSTREAM_TLS_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type UpstreamTlsMode = (typeof UPSTREAM_TLS_MODES)[number];

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

/** Throws for a password: check-config prints the configuration, and other processes get it in their environment. */
export function readSamplesDsn(text: string, where: string): string {
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

export function readShip(text: string, where: string): string {
  if (text === '') return text;
  const hint = 'write clickhouse://user@host:8123/database, or clickhouses:// for TLS';
  if (!/^clickhouses?:\/\/[^/?#]/.test(text))
    throw new UsageError('this is not an address of ClickHouse', { where, hint });
  if (/^\w+:\/\/[^@/?#]*:[^@/?#]*@/.test(text)) {
    const instead = 'leave it out and set PGWITNESS_STORE_PASSWORD or PGWITNESS_STORE_PASSWORD_FILE';
    throw new UsageError('the address holds a password', { where, hint: instead });
  }
  return text;
}

export function readNotEmpty(text: string, where: string): string {
  if (text === '') throw new UsageError('an empty path', { where, hint: 'name a file or a directory' });
  return text;
}

/** Of a service, an environment or an instance; '' = none. */
export function readName(text: string, where: string): string {
  if (text === '' || /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,63}$/.test(text)) return text;
  throw new UsageError(`"${text}" is not a name`, {
    where,
    hint: 'write up to 64 letters, digits and . _ : / @ -, a letter or a digit first, for instance shop',
  });
}

/** Host names and IP addresses, in lower case and without the brackets of IPv6. */
export function readHosts(text: string, where: string): readonly string[] {
  if (text.trim() === '') return [];
  return text.split(',').map((part) => {
    const host = /^\[(.+)\]$/.exec(part.trim())?.[1] ?? part.trim();
    if (isIP(host) !== 0 || HOST_NAME.test(host)) return host.toLowerCase();
    throw new UsageError(`"${part.trim()}" is not a host`, {
      where,
      hint: 'write names or IP addresses without scheme, port or path, for instance pgwitness.staging.example,10.0.0.7',
    });
  });
}

/** Labels of letters, digits, - and _, at most 253 characters in all. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/i;

export function readFlushInterval(text: string, where: string): number {
  const ms = parseDuration(text, where);
  if (ms >= 50 && ms <= 60_000) return ms;
  throw new UsageError(`"${text}" is out of range`, { where, hint: 'give 50ms to 60s' });
}

export function readDrainTimeout(text: string, where: string): number {
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

/** Takes what people write in YAML. YAML 1.2 reads `off` as a string, so the text is compared. */
export function readSwitch(text: string, where: string): boolean {
  if (text === 'on' || text === 'true') return true;
  if (text === 'off' || text === 'false') return false;
  throw new UsageError(`"${text}" is neither on nor off`, { where, hint: 'write on or off' });
}

export function readLogLevel(text: string, where: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level !== undefined) return level;
  const near = nearestName(text, LOG_LEVELS);
  throw new UsageError(`"${text}" is not a log level`, {
    where,
    hint: near === undefined ? `use one of ${LOG_LEVELS.join(', ')}` : `did you mean ${near}?`,
  });
}

export function readShare(text: string, where: string): number {
  const share = /^[0-9]{1,2}(?:\.[0-9]{1,4})?$/.test(text) ? Number(text) : 0;
  if (share >= 0.05 && share <= 4) return share;
  throw new UsageError(`"${text}" is not a share of a CPU`, { where, hint: 'give 0.05 to 4; 0.5 is half of one' });
}
