// Configuration from flags, environment and file: precedence, checks, errors with their place.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../config/config.js';
import { parseConfig } from '../../config/config-file.js';
import { poolNamer } from '../../config/pool-names.js';
import { errorLine, UsageError } from '../../config/values/errors.js';

function fileOf(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'pgwitness-config-')), 'pgwitness.yaml');
  writeFileSync(path, content);
  return path;
}

function faultOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return errorLine(error);
  }
  throw new Error('no error was thrown');
}

describe('precedence', () => {
  const file = fileOf('topSeries: 1\nflushInterval: 2s\nlisten: 127.0.0.1:7001\n');

  test('defaults hold where nothing is said', () => {
    const { config, origins } = loadConfig();
    expect(config.listen).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 6433 });
    expect(config.flushIntervalMs).toBe(1_000);
    expect(config.retention).toEqual({
      minutesMs: 86_400_000,
      hoursMs: 30 * 86_400_000,
      daysMs: 400 * 86_400_000,
      bytesMax: 2 * 2 ** 30,
    });
    expect(origins.get('listen')).toBe('default');
  });

  test('the file wins over defaults and says where a value stands', () => {
    const { config, origins } = loadConfig({ file });
    expect(config.topSeries).toBe(1);
    expect(origins.get('flushIntervalMs')).toBe(`${file}:2:16`);
  });

  test('the environment wins over the file', () => {
    const { config, origins } = loadConfig({ file, env: { PGWITNESS_TOP_SERIES: '2' } });
    expect(config.topSeries).toBe(2);
    expect(config.flushIntervalMs).toBe(2_000);
    expect(origins.get('topSeries')).toBe('PGWITNESS_TOP_SERIES');
  });

  test('a former name works in every layer, with a warning', () => {
    const written = fileOf('maxConnectionsPerSource: 7\n');
    const layers = [
      { where: `${written}:1:26`, loaded: loadConfig({ file: written }) },
      {
        where: 'PGWITNESS_MAX_CONNECTIONS_PER_SOURCE',
        loaded: loadConfig({ env: { PGWITNESS_MAX_CONNECTIONS_PER_SOURCE: '7' } }),
      },
      { where: '--max-connections-per-source', loaded: loadConfig({ flags: { maxConnectionsPerSource: '7' } }) },
    ];
    for (const { where, loaded } of layers) {
      expect(loaded.config.maxConnectionsPerAddress).toBe(7);
      expect(loaded.origins.get('maxConnectionsPerAddress')).toBe(where);
      expect(loaded.warnings).toEqual([`${where}: maxConnectionsPerSource is now called maxConnectionsPerAddress`]);
    }
  });

  test('a former name does not win over the present one of a stronger layer, and not both may be given in one', () => {
    const written = fileOf('maxConnectionsPerSource: 7\n');
    const { config, warnings } = loadConfig({ file: written, flags: { maxConnectionsPerAddress: '8' } });
    expect([config.maxConnectionsPerAddress, warnings]).toEqual([8, []]);
    const both = { maxConnectionsPerAddress: '8', maxConnectionsPerSource: '7' };
    expect(faultOf(() => loadConfig({ flags: both }))).toBe(
      'maxConnectionsPerSource is the former name of maxConnectionsPerAddress, and both are given: ' +
        '--max-connections-per-address, --max-connections-per-source: give maxConnectionsPerAddress alone',
    );
  });

  test('flags win over the environment', () => {
    const { config, origins } = loadConfig({ file, env: { PGWITNESS_TOP_SERIES: '2' }, flags: { topSeries: '3' } });
    expect(config.topSeries).toBe(3);
    expect(origins.get('topSeries')).toBe('--top-series');
  });

  test('an empty variable counts as not set', () => {
    expect(loadConfig({ env: { PGWITNESS_LISTEN: '' } }).config.listen).toMatchObject({ port: 6433 });
  });

  test('PGWITNESS_CONFIG names the file', () => {
    expect(loadConfig({ env: { PGWITNESS_CONFIG: file } }).config.topSeries).toBe(1);
  });
});

describe('the file', () => {
  test('an unknown key is an error with its place and the nearest name', () => {
    expect(faultOf(() => parseConfig('topSeries: 1\nflush_intervall: 1s\n', 'a.yaml'))).toBe(
      'unknown option "flush_intervall": a.yaml:2:1: did you mean flushInterval?',
    );
  });

  test('an unknown key far from all names lists what is known', () => {
    expect(faultOf(() => parseConfig('retention:\n  zebra: 1d\n', 'a.yaml'))).toBe(
      'unknown option "zebra": a.yaml:2:3: known here: minutes, hours, days, size',
    );
  });

  test('broken YAML is told by line and column', () => {
    expect(faultOf(() => parseConfig('listen: "127.0.0.1\nhttp: x\n', 'a.yaml'))).toMatch(
      /: a\.yaml:\d+:\d+: correct the YAML$/,
    );
  });

  test('a key given twice is an error', () => {
    expect(faultOf(() => parseConfig('listen: a:1\nlisten: b:2\n', 'a.yaml'))).toMatch(/unique.*a\.yaml:2:1/);
  });

  test('a value that cannot be read is told by its place', () => {
    const file = fileOf('listen: 127.0.0.1:6433\nflushInterval: soon\n');
    expect(faultOf(() => loadConfig({ file }))).toContain(
      `"soon" is not a duration: ${file}:2:16: write a number and a unit`,
    );
  });

  test('a fault in a list is told by its place', () => {
    const content = 'clientNetworks:\n  - name: office\n    prefix: 10.0.0.0/40\n';
    expect(faultOf(() => parseConfig(content, 'a.yaml'))).toContain('write a network as 10.1.0.0/16: a.yaml:3:13');
  });

  test.each([
    ['sql: "(a"', 'missing closing ): `(a`; the syntax is RE2’s'.replace('’', "'"), '3:14'],
    ['client_network: office', '"office" is neither a network nor the name of one', '3:25'],
    ['client_network: 10.0.0.0/40', 'neither a network', '3:25'],
    ['driver: psycopg2', 'one of asyncpg, psycopg3: others do not show on the wire', '3:17'],
  ])('a rule that matches %s is refused where it stands', (match, what, place) => {
    const content = `rules:\n  - match:\n        ${match}\n    set: { source: x }\n`;
    const fault = faultOf(() => parseConfig(content, 'a.yaml'));
    expect(fault).toContain(what);
    expect(fault).toContain(`a.yaml:${place}`);
  });

  test.each([
    ['thresholds: [{ kind: n-plus-won, least: 9 }]', 'a kind of finding is needed here: n-plus-one', '2:24'],
    ['thresholds: [{ kind: n-plus-one, after: 5s }]', 'after is of idle-in-transaction', '2:43'],
    ['thresholds: [{ kind: n-plus-one }]', 'give either least or after', '2:16'],
    ['accepted: [{ kind: n-plus-one }]', '"reason" is missing', '2:14'],
    ['accepted: [{ route: /a, reason: so }]', 'give the id of a finding, or a kind', '2:14'],
    ['accepted: [{ id: 12345678, reason: so }]', 'write the id in quotes', '2:20'],
    ['accepted: [{ kind: retries, reason: so, until: soon }]', 'write a day as 2027-01-31', '2:50'],
    ['readOnly: [{}]', 'nothing is given here', '2:14'],
    ['migrated: [{ sources: [raw] }]', '"route" is missing', '2:14'],
    ['acepted: []', 'did you mean accepted?', '2:3'],
  ])('findings: %s is refused where it stands', (content, what, place) => {
    const fault = faultOf(() => parseConfig(`findings:\n  ${content}\n`, 'a.yaml'));
    expect(fault).toContain(what);
    expect(fault).toContain(`a.yaml:${place}`);
  });

  test('findings come through, with what was left out', () => {
    const { findings } = loadConfig({
      file: fileOf('findings: { thresholds: [{ kind: idle-in-transaction, after: 5s }], migrated: [{ route: /a }] }\n'),
    }).config;
    expect(findings).toEqual({
      thresholds: [{ kind: 'idle-in-transaction', after: 5_000 }],
      accepted: [],
      readOnly: [],
      migrated: [{ route: '/a', sources: ['raw', 'sqlalchemy'] }],
    });
  });

  test('a network may be named', () => {
    const networks = 'clientNetworks: [{ name: office, prefix: 10.0.0.0/8 }]\n';
    const { lists } = parseConfig(
      `${networks}rules: [{ match: { client_network: office }, set: { pool: desk } }]\n`,
      'a.yaml',
    );
    expect(lists.rules[0].match.client_network).toBe('office');
  });

  test('a pool cannot follow from a statement', () => {
    const content = 'rules:\n  - match: { sql: x }\n    set: { pool: a }\n';
    expect(faultOf(() => parseConfig(content, 'a.yaml'))).toMatch(
      /a pool is set for a whole connection.*: a\.yaml:3:18/,
    );
  });

  test('more rules than can be handed on are refused', () => {
    const rules = Array.from(
      { length: 999 },
      (_, i) => `  - { match: { user: "${'u'.repeat(100)}${i}" }, set: { source: x } }`,
    );
    expect(faultOf(() => parseConfig(`rules:\n${rules.join('\n')}\n`, 'a.yaml'))).toContain('over 98304');
  });

  test('a missing part of a rule is named', () => {
    expect(faultOf(() => parseConfig('rules:\n  - match: { user: etl }\n', 'a.yaml'))).toContain(
      '"set" is missing: a.yaml:2:5',
    );
  });

  test('a retention that is no duration is told', () => {
    expect(faultOf(() => parseConfig('retention:\n  minutes: long\n', 'a.yaml'))).toContain('"long" is not a duration');
  });

  test('a file that is not a map is an error', () => {
    expect(faultOf(() => parseConfig('- 1\n', 'a.yaml'))).toContain('the file is not a map of options: a.yaml:1:1');
  });

  test('a missing file names itself', () => {
    expect(faultOf(() => loadConfig({ file: '/nowhere/pgwitness.yaml' }))).toBe(
      'the config file cannot be read (ENOENT): /nowhere/pgwitness.yaml: check --config',
    );
  });

  test('a bomb of aliases is refused', () => {
    let bomb = 'a: &a [x,x,x,x,x,x,x,x,x]\n';
    for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf'])
      bomb += `${name}: &${name} [*${of},*${of},*${of},*${of},*${of},*${of},*${of},*${of},*${of}]\n`;
    expect(faultOf(() => parseConfig(bomb, 'a.yaml'))).toContain('a.yaml');
  });

  test('rules, pools, networks and tag keys come through', () => {
    const { config } = loadConfig({
      file: fileOf(`
rules:
  - match: { application_name: "celery*", tag: { route: "/books/*" } }
    set: { source: celery }
pools:
  - name: web
    match: { user: shop, owner: django }
clientNetworks:
  - { name: blue, prefix: 10.1.0.0/16 }
dimensionKeys: [route, tenant]
observe: off
`),
    });
    expect(config.rules).toEqual([
      {
        name: 'rules[0]',
        match: { application_name: 'celery*', tag: { route: '/books/*' } },
        set: { source: 'celery' },
      },
    ]);
    expect(config.pools).toEqual([{ name: 'web', match: { user: 'shop', owner: 'django' } }]);
    expect(config.clientNetworks).toEqual([{ name: 'blue', prefix: '10.1.0.0/16' }]);
    expect(config.dimensionKeys).toEqual(['route', 'tenant']);
    expect(config.observe).toBe(false);
  });
});

describe('hosts', () => {
  test('are names and addresses, with commas between them', () => {
    const hosts = (httpHost: string) => loadConfig({ flags: { httpHost } }).config.httpHosts;
    expect(hosts('')).toEqual([]);
    expect(hosts('Witness.Staging.example, 10.0.0.7,[2001:DB8::7]')).toEqual([
      'witness.staging.example',
      '10.0.0.7',
      '2001:db8::7',
    ]);
  });

  test.each(['https://witness.example', 'witness.example:443', 'a,,b', 'a b', '*.example', 'x/y', '-a'])(
    '"%s" is refused with what to write',
    (httpHost) => {
      expect(faultOf(() => loadConfig({ flags: { httpHost } }))).toMatch(
        /is not a host: --http-host: write names or IP addresses without scheme, port or path/,
      );
    },
  );
});

describe('relations', () => {
  test('listening on the upstream address is refused', () => {
    expect(faultOf(() => loadConfig({ flags: { listen: '127.0.0.1:5432' } }))).toBe(
      'upstream and listen are both 127.0.0.1:5432: default, --listen: give each an address of its own',
    );
  });

  test('port 0 may be asked for several times', () => {
    const flags = { listen: '127.0.0.1:0', http: '127.0.0.1:0', health: '127.0.0.1:0' };
    expect(loadConfig({ flags }).config.health.port).toBe(0);
  });

  test('a retention that does not grow is refused', () => {
    expect(faultOf(() => loadConfig({ file: fileOf('retention: { minutes: 40d }\n') }))).toContain('must grow');
  });

  test('a misspelled variable is a warning, one set by Kubernetes is not', () => {
    const env = { PGWITNESS_UPSTRAEM: 'db:5432', PGWITNESS_SERVICE_HOST: '10.0.0.1' };
    expect(loadConfig({ env }).warnings).toEqual([
      'PGWITNESS_UPSTRAEM is not an option; did you mean PGWITNESS_UPSTREAM?',
    ]);
  });
});

describe('pool names', () => {
  const identity = {
    user: 'shop',
    database: 'shop',
    applicationName: 'web-#',
    options: '',
    owner: 'django',
    clientNetwork: '',
  };
  const nameOf = poolNamer([
    { name: 'web', match: { owner: 'django', application_name: 'web-#' } },
    { name: 'anything of shop', match: { user: 'shop' } },
  ]);

  test('all given fields must be equal, and the first entry wins', () => {
    expect(nameOf(identity)).toBe('web');
    expect(nameOf({ ...identity, owner: 'sqlalchemy' })).toBe('anything of shop');
    expect(nameOf({ ...identity, user: 'etl', owner: 'driver' })).toBe('');
  });
});

describe('pairs', () => {
  test('without a list the options make the one pair', () => {
    const { config } = loadConfig({ flags: { listen: 'unix:/run/w.sock', upstream: 'db:5432' } });
    expect(config.pairs).toMatchObject([
      { listen: { kind: 'unix', path: '/run/w.sock' }, upstream: { host: 'db' }, upstreamTls: { mode: 'disable' } },
    ]);
  });

  test('each listed pair may say its own TLS', () => {
    const { config } = loadConfig({
      file: fileOf(`
upstreamTls: require
pairs:
  - { listen: "127.0.0.1:7001", upstream: "primary:5432" }
  - { listen: "127.0.0.1:7002", upstream: "replica:5432", upstreamTls: verify-full }
`),
    });
    expect(config.pairs.map((pair) => pair.upstreamTls.mode)).toEqual(['require', 'verify-full']);
  });

  test('a fault in a pair is told by its place', () => {
    const content = 'pairs:\n  - { listen: "127.0.0.1:7001", upstream: "nowhere" }\n';
    expect(faultOf(() => parseConfig(content, 'a.yaml'))).toContain('"nowhere" is not an address');
    expect(faultOf(() => parseConfig(content, 'a.yaml'))).toContain('a.yaml:2:43');
  });

  test('pairs and --listen together are refused', () => {
    const file = fileOf('pairs:\n  - { listen: "127.0.0.1:7001", upstream: "db:5432" }\n');
    expect(faultOf(() => loadConfig({ file, flags: { listen: '127.0.0.1:1' } }))).toContain(
      'listen is given beside pairs',
    );
  });

  test('two pairs may share an upstream, not a listener', () => {
    const pair = (listen: string) => `  - { listen: "${listen}", upstream: "db:5432" }\n`;
    expect(
      loadConfig({ file: fileOf(`pairs:\n${pair('127.0.0.1:1')}${pair('127.0.0.1:2')}`) }).config.pairs,
    ).toHaveLength(2);
    expect(
      faultOf(() => loadConfig({ file: fileOf(`pairs:\n${pair('127.0.0.1:1')}${pair('127.0.0.1:1')}`) })),
    ).toContain('listen and listen are both 127.0.0.1:1: pairs[0].listen, pairs[1].listen');
  });
});

describe('clients of the network in front of a local Postgres', () => {
  test.each(['127.0.0.1:5432', '[::1]:5432', 'localhost:5432', 'unix:/run/postgresql/.s.PGSQL.5432'])(
    'are refused for %s, with the reason',
    (upstream) => {
      const line = faultOf(() => loadConfig({ flags: { listen: '0.0.0.0:6433', upstream } }));
      expect(line).toContain('would take every client that reaches 0.0.0.0:6433 for a local one');
      expect(line).toContain('--clients-appear-local');
    },
  );

  test('are let in when the user says so', () => {
    expect(loadConfig({ flags: { listen: '0.0.0.0:6433', clientsAppearLocal: true } }).config.clientsAppearLocal).toBe(
      true,
    );
  });

  test('are no matter where Postgres is elsewhere', () => {
    expect(loadConfig({ flags: { listen: '0.0.0.0:6433', upstream: 'db:5432' } }).config.pairs).toHaveLength(1);
  });
});

describe('TLS options', () => {
  test('a certificate needs its key', () => {
    expect(faultOf(() => loadConfig({ flags: { tlsCert: 'a.pem' } }))).toBe(
      'tlsCert is given without tlsKey: --tls-cert: give --tls-key too',
    );
  });

  test('a misspelled mode names the nearest', () => {
    expect(faultOf(() => loadConfig({ flags: { upstreamTls: 'verify-fully' } }))).toContain(
      'did you mean verify-full?',
    );
  });

  test('authorities that nothing uses are refused', () => {
    expect(faultOf(() => loadConfig({ flags: { upstreamTls: 'require', upstreamTlsCa: 'ca.pem' } }))).toContain(
      'require verifies nothing',
    );
  });

  test('TLS on a Unix socket is refused', () => {
    const flags = { upstream: 'unix:/run/postgresql/.s.PGSQL.5432', upstreamTls: 'require' };
    expect(faultOf(() => loadConfig({ flags }))).toContain('no TLS on a Unix socket');
  });
});
