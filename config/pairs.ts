// Makes the pairs of listener and upstream: one from the options, or several from the config file.
// Invariant: no two listeners share an address, and none forwards to itself. None makes remote clients look local to
// Postgres unless an option allows it.
// Not here: sockets (proxy/listen/listener.ts), certificates (tls-files.ts).

import type { ConfigLists } from './file-schema.js';
import { flagName } from './option.js';
import { OPTIONS, type OptionKey, type OptionValues } from './options.js';
import { type Address, formatAddress, isLoopback } from './values/address.js';
import { UsageError } from './values/errors.js';
import type { UpstreamTlsMode } from './values/option-readers.js';

export interface Pair {
  readonly listen: Address;
  readonly upstream: Address;
  readonly upstreamTls: {
    readonly mode: UpstreamTlsMode;
    /** '' = the public authorities. */
    readonly caFile: string;
    /** '' = the host of the upstream. */
    readonly serverName: string;
  };
  /** Where listen, upstream and the CA file were given, for messages. */
  readonly origin: { readonly listen: string; readonly upstream: string; readonly upstreamTlsCa: string };
}

export interface PairSources {
  readonly listed: ConfigLists['pairs'];
  readonly origins: ReadonlyMap<OptionKey, string>;
  /** The config file, for messages. */
  readonly file: string;
}

/** Throws UsageError where pairs are listed and --listen or --upstream are given beside them. */
export function pairsOf(options: OptionValues, { listed, origins, file }: PairSources): Pair[] {
  const originOf = (key: OptionKey) => origins.get(key) ?? 'default';
  if (listed === undefined) {
    const { listen, upstream } = options;
    const upstreamTls = {
      mode: options.upstreamTls,
      caFile: options.upstreamTlsCa,
      serverName: options.upstreamTlsServerName,
    };
    const origin = {
      listen: originOf('listen'),
      upstream: originOf('upstream'),
      upstreamTlsCa: originOf('upstreamTlsCa'),
    };
    return [{ listen, upstream, upstreamTls, origin }];
  }
  for (const key of ['listen', 'upstream'] as const) {
    if (originOf(key) === 'default') continue;
    throw new UsageError(`${key} is given beside pairs, which have their own`, {
      where: `${originOf(key)}, ${file}`,
      hint: `leave out ${key}, or pairs`,
    });
  }
  return listed.map((pair, index) => {
    const place = (name: string) => `pairs[${index}].${name}`;
    return {
      listen: pair.listen,
      upstream: pair.upstream,
      upstreamTls: {
        mode: pair.upstreamTls ?? options.upstreamTls,
        caFile: pair.upstreamTlsCa ?? options.upstreamTlsCa,
        serverName: pair.upstreamTlsServerName ?? options.upstreamTlsServerName,
      },
      origin: {
        listen: place('listen'),
        upstream: place('upstream'),
        upstreamTlsCa: pair.upstreamTlsCa === undefined ? originOf('upstreamTlsCa') : place('upstreamTlsCa'),
      },
    };
  });
}

/** Throws UsageError for addresses that conflict or are unsafe. */
export function checkAddresses(
  config: OptionValues & { readonly pairs: readonly Pair[] },
  origins: ReadonlyMap<OptionKey, string>,
): void {
  checkTls(config, origins);
  for (const pair of config.pairs) checkPair(pair, config.clientsAppearLocal);
  const taken = new Map<string, { role: string; where: string }>();
  const take = (address: Address, role: string, where: string) => {
    if (address.kind === 'tcp' && address.port === 0) return;
    const place = formatAddress(address);
    const other = taken.get(place);
    if (other !== undefined) {
      throw new UsageError(`${other.role} and ${role} are both ${place}`, {
        where: `${other.where}, ${where}`,
        hint: 'give each an address of its own',
      });
    }
    taken.set(place, { role, where });
  };
  // Several pairs may have the same upstream.
  const upstreams = new Set<string>();
  for (const { upstream, origin } of config.pairs) {
    const place = formatAddress(upstream);
    if (!upstreams.has(place)) take(upstream, 'upstream', origin.upstream);
    upstreams.add(place);
  }
  for (const { listen, origin } of config.pairs) take(listen, 'listen', origin.listen);
  for (const key of ['http', 'health'] as const) take(config[key], key, origins.get(key) ?? 'default');
}

function checkPair({ listen, upstream, upstreamTls, origin }: Pair, clientsAppearLocal: boolean): void {
  if (!isLoopback(listen) && isLoopback(upstream) && !clientsAppearLocal) {
    throw new UsageError(
      `Postgres at ${formatAddress(upstream)} would take every client that reaches ${formatAddress(listen)} for a local one, ` +
        'because it sees the address of pgwitness: rules of pg_hba.conf for this machine (trust, peer) would let the network in',
      {
        where: `${origin.listen}, ${origin.upstream}`,
        hint: 'listen on 127.0.0.1, or say --clients-appear-local when pg_hba.conf asks local clients for a password',
      },
    );
  }
  const { mode, caFile } = upstreamTls;
  if (upstream.kind === 'unix' && mode !== 'disable' && mode !== 'prefer') {
    throw new UsageError(`Postgres speaks no TLS on a Unix socket, and ${mode} asks for it`, {
      where: origin.upstream,
      hint: 'use --upstream-tls disable, or the TCP address of Postgres',
    });
  }
  if (caFile !== '' && mode !== 'verify-ca' && mode !== 'verify-full') {
    throw new UsageError(`authorities are given, but ${mode} verifies nothing`, {
      where: origin.upstreamTlsCa,
      hint: 'use --upstream-tls verify-full, or verify-ca where the name cannot match',
    });
  }
}

function checkTls(config: OptionValues, origins: ReadonlyMap<OptionKey, string>): void {
  if ((config.tlsCert === '') === (config.tlsKey === '')) return;
  const [given, missing] = config.tlsCert === '' ? (['tlsKey', 'tlsCert'] as const) : (['tlsCert', 'tlsKey'] as const);
  throw new UsageError(`${given} is given without ${missing}`, {
    where: origins.get(given),
    hint: `give --${flagName(OPTIONS[missing].name)} too`,
  });
}
