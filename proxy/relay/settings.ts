// Makes the listeners' settings from the configuration: reads files, fits caps to descriptors.
// Invariant: it gives settings for every pair or throws a UsageError, so that a reload holds as a whole.
// Not here: when the configuration is read (relay.ts).

import type { Config } from '../../config/config.js';
import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import { readTlsFiles } from '../../config/tls-files.js';
import type { ListenerSettings } from '../listen/listener.js';
import { connectionCaps } from './descriptors.js';

/**
 * In the order of the pairs. `connectionsMaxOfAll`: the cap of all relays, where the configuration has one relay's
 * share.
 */
export function listenerSettings(
  config: Config,
  { log, connectionsMaxOfAll }: { log: Log; connectionsMaxOfAll?: number },
): ListenerSettings[] {
  const { certificate, authorities } = readTlsFiles(config);
  if (certificate !== undefined && certificate.validToMs < Date.now())
    log.warn('the certificate has expired: clients that verify it will not connect', { file: config.tlsCert });
  const caps = connectionCaps(config.maxConnections);
  const lowered = caps.connectionsMax < config.maxConnections;
  if (lowered) {
    log.info('the limit of open files allows fewer connections than --max-connections (ulimit -n raises it)', {
      connectionsMax: caps.connectionsMax,
      maxConnections: config.maxConnections,
    });
  }
  return config.pairs.map(({ upstream, upstreamTls: { mode, serverName } }, index) => ({
    target: { address: upstream, tls: { mode, serverName, authorities: authorities[index] } },
    certificate,
    limits: {
      ...limits,
      ...caps,
      connectionsPerAddressMax: config.maxConnectionsPerAddress,
      connectionsMaxOfAll: lowered ? undefined : connectionsMaxOfAll,
    },
  }));
}
