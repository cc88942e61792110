// The processes that a changed option reaches.
// The relay alone, a running observer, or an observer that is started again.

import { describe, expect, test } from 'vitest';
import { concernOf, partOf } from '../../config/changes.js';
import { type Config, loadConfig } from '../../config/config.js';
import { createLog } from '../../config/log.js';
import { ObserverProcess, PairedLauncher } from '../../proxy/link/observer-process.js';

const RELAY_ALONE: ReadonlyArray<keyof Config> = [
  'clientsAppearLocal',
  'drainTimeoutMs',
  'health',
  'listen',
  'maxConnections',
  'maxConnectionsPerAddress',
  'observe',
  'pairs',
  'relays',
  'socket',
  'tlsCert',
  'tlsKey',
  'upstream',
  'upstreamTls',
  'upstreamTlsCa',
  'upstreamTlsServerName',
];
const LIVE: ReadonlyArray<keyof Config> = ['clientNetworks', 'findings', 'rules'];

const { config } = loadConfig();
const keys = Object.keys(config) as Array<keyof Config>;

function changed(key: keyof Config): Config {
  return { ...config, [key]: { changed: config[key] } };
}

function observerOf(given: Config): ObserverProcess {
  const link = { onLive: () => {}, attach: () => {}, configure: () => {} };
  const launcher = new PairedLauncher(link as unknown as ConstructorParameters<typeof PairedLauncher>[0]);
  return new ObserverProcess(given, { launcher, log: createLog({ level: 'silent' }) });
}

describe('every key of the configuration', () => {
  test('has one concern', () => {
    expect(keys.filter((key) => concernOf(key) === 'relay').sort()).toEqual(RELAY_ALONE);
    expect(keys.filter((key) => concernOf(key) === 'live').sort()).toEqual(LIVE);
    const parts = (['relay', 'live', 'observer'] as const).flatMap((concern) => Object.keys(partOf(config, concern)));
    expect(parts.sort()).toEqual([...keys].sort());
  });

  test.each(keys)('%s starts the observer again, or does not', (key) => {
    const isStartedAgain = observerOf(config).isStartedAgainFor(changed(key));
    expect(isStartedAgain).toBe(!RELAY_ALONE.includes(key) && !LIVE.includes(key));
  });
});
