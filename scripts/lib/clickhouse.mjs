// Real ClickHouse engines on loopback and free ports; several are the shards of one cluster.
// Invariant: nothing is left behind. A node that is killed can be started again on its data.
// Not here: where the engine comes from (setup/clickhouse-library.mjs), the process itself (clickhouse-server.py).

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.mjs';
import { startService } from './service.mjs';

const SERVER = fileURLToPath(new URL('clickhouse-server.py', import.meta.url));
/** The name of the cluster in the configuration of every node. */
export const CLUSTER = 'fleet';
/** May do everything. */
export const WRITER = { user: 'writer', password: 'writes & 100% secret' };
/** May do in one database what docs/FLEET.md says that a sidecar has to, and no more. */
export const SHIPPER = { user: 'shipper', password: 'ships', database: 'limited' };
/** The same without changing the retention. */
export const SENDER = { user: 'sender', password: 'sends' };
/** May only read. */
export const READER = { user: 'reader', password: 'reads' };

/**
 * @typedef {object} ClickhouseNode
 * @property {number} port of HTTP
 * @property {string} address http://127.0.0.1:port
 * @property {string} directory
 * @property {() => number} pid
 * @property {(sql: string, database?: string) => Promise<string>} query as WRITER; throws the engine's words
 * @property {() => Promise<void>} start again, on the same ports and data; does nothing while it runs
 * @property {() => void} kill as kill -9
 *
 * @typedef {object} Clickhouse
 * @property {ClickhouseNode[]} nodes
 * @property {(sql: string, database?: string) => Promise<string>} query the first node
 * @property {() => Promise<void>} stop
 */

/**
 * @param {{ library: string, shards?: number, directory?: string, hasKeeper?: boolean }} options `directory` stays when
 *   it is given; `hasKeeper`: each node has a keeper of its own in memory, which makes tables with replicas
 *   but no replica of them
 * @returns {Promise<Clickhouse>} after every node answered
 */
export async function startClickhouse({ library, shards = 1, directory, hasKeeper = false }) {
  const root = directory ?? mkdtempSync(path.join(tmpdir(), 'pgwitness-clickhouse-'));
  /** @type {Array<{ http: number, tcp: number }>} */
  const ports = [];
  for (let n = 0; n < shards; n++) ports.push({ http: await freePort(), tcp: await freePort() });
  const nodes = ports.map((own, n) =>
    makeNode({ library, own, all: ports, hasKeeper, directory: path.join(root, `node-${n}`) }),
  );
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    if (directory === undefined) rmSync(root, { recursive: true, force: true });
  };
  try {
    await Promise.all(nodes.map((node) => node.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, query: nodes[0].query, stop };
}

/**
 * @param {{ library: string, own: { http: number, tcp: number }, all: Array<{ tcp: number }>, hasKeeper: boolean,
 *   directory: string }} of
 */
function makeNode({ library, own, all, hasKeeper, directory }) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, 'config.xml'), configOf(own, { all, directory, more: hasKeeper ? KEEPER : '' }));
  writeFileSync(path.join(directory, 'users.xml'), USERS);
  const address = `http://127.0.0.1:${own.http}`;
  /** @type {import('./service.mjs').Service | undefined} */
  let service;
  const start = async () => {
    if (service?.running()) return;
    await service?.stop();
    service = await startService('ClickHouse', {
      program: 'python3',
      args: [SERVER, library, directory],
      cwd: directory,
      ready: async () => (await fetch(`${address}/ping`).catch(() => undefined))?.ok === true,
    });
  };
  const query = async (/** @type {string} */ sql, database = 'default') => {
    // A connection that was kept may be closed by the engine while the next statement is on its way.
    const headers = { 'X-ClickHouse-User': WRITER.user, 'X-ClickHouse-Key': WRITER.password, Connection: 'close' };
    const answer = await fetch(`${address}/?database=${database}`, { method: 'POST', body: sql, headers });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text.trim());
    return text.trimEnd();
  };
  const pid = () => service?.pid ?? 0;
  const kill = () => {
    if (service?.running()) process.kill(service.pid, 'SIGKILL');
  };
  return { port: own.http, address, directory, pid, query, start, kill, stop: async () => service?.stop() };
}

const KEEPER = `<zookeeper><implementation>testkeeper</implementation></zookeeper>
<macros><shard>1</shard><replica>one</replica></macros>`;

/**
 * @param {{ http: number, tcp: number }} own
 * @param {{ all: Array<{ tcp: number }>, directory: string, more: string }} beside
 */
function configOf(own, { all, directory, more }) {
  const shards = all.map(
    ({ tcp }) => `<shard><internal_replication>true</internal_replication><replica><host>127.0.0.1</host>
<port>${tcp}</port><user>${WRITER.user}</user><password>${xml(WRITER.password)}</password></replica></shard>`,
  );
  return `<clickhouse><http_port>${own.http}</http_port><tcp_port>${own.tcp}</tcp_port>
<listen_host>127.0.0.1</listen_host><users_config>${directory}/users.xml</users_config>
<remote_servers><${CLUSTER}>${shards.join('')}</${CLUSTER}></remote_servers>${more}</clickhouse>
`;
}

const LOOPBACK = '<networks><ip>127.0.0.1</ip><ip>::1</ip></networks><quota>default</quota>';
const USERS = `<clickhouse><profiles><default/><reads><readonly>2</readonly></reads></profiles><quotas><default/></quotas><users>
<default><no_password/>${LOOPBACK}<profile>default</profile></default>
<${WRITER.user}><password>${xml(WRITER.password)}</password>${LOOPBACK}<profile>default</profile></${WRITER.user}>
${shipper(SHIPPER, ', ALTER TTL, ALTER MATERIALIZE TTL, ALTER ADD COLUMN')}
${shipper(SENDER, '')}
<${READER.user}><password>${xml(READER.password)}</password>${LOOPBACK}<profile>reads</profile></${READER.user}>
</users></clickhouse>
`;

/** @param {{ user: string, password: string }} who */
function shipper({ user, password }, /** @type {string} */ more) {
  return `<${user}><password>${xml(password)}</password>${LOOPBACK}<profile>default</profile><grants>
<query>GRANT SELECT, INSERT, CREATE TABLE${more} ON ${SHIPPER.database}.*</query>
<query>GRANT TABLE ENGINE ON ReplacingMergeTree, TABLE ENGINE ON Distributed</query></grants></${user}>`;
}

/** @param {string} text */
function xml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
