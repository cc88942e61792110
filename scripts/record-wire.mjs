// Records a real Postgres's answers to lists of client messages.
// They are the vectors of the tracker's tests. `node scripts/record-wire.mjs [major]` writes
// test/recordings/<name>.json: who sent which bytes (base64), in order of arrival. Run it again to renew them; the
// server is a fresh one of scripts/lib/postgres.mjs.

import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { serialize } from 'pg-protocol';
import { startPostgres } from './lib/postgres.mjs';

/** @typedef {'S' | 'P'} Named a statement or a portal */
const P = (/** @type {string} */ text, name = '') => serialize.parse({ name, text });
const Bn = (portal = '', statement = '', values = /** @type {string[]} */ ([])) =>
  serialize.bind({ portal, statement, values });
const D = (name = '', type = /** @type {Named} */ ('P')) => serialize.describe({ type, name });
const E = (portal = '', rows = 0) => serialize.execute({ portal, rows });
const C = (/** @type {Named} */ type, /** @type {string} */ name) => serialize.close({ type, name });
const Q = (/** @type {string} */ text) => serialize.query(text);
const S = serialize.sync();
const H = serialize.flush();
const d = (/** @type {string} */ text) => serialize.copyData(Buffer.from(text));
const c = serialize.copyDone();
const f = serialize.copyFail('enough');
const WAIT = 'wait';

/**
 * Steps: bytes to send, or WAIT until the server has been silent for a moment.
 * @type {Record<string, (Buffer | typeof WAIT)[]>}
 */
const VECTORS = {
  simple: [
    Q('select 1'),
    WAIT,
    Q('select 1; select 2; select 1/0; select 3'),
    WAIT,
    Q(''),
    WAIT,
    Q('-- only a comment'),
    WAIT,
    Q('set application_name to renamed'),
  ],
  transaction: [
    Q('begin'),
    WAIT,
    Q('insert into t values (7) '),
    WAIT,
    Q('select broken'),
    WAIT,
    Q('select 1'),
    WAIT,
    Q('rollback'),
  ],
  extended: [
    P('select $1::int + 1'),
    Bn('', '', ['1']),
    D(),
    E(),
    S,
    WAIT,
    P('select 2', 's1'),
    D('s1', 'S'),
    H,
    WAIT,
    Bn('', 's1'),
    E(),
    S,
    WAIT,
    Bn('', 's1'),
    E(),
    S,
  ],
  pipelined: [
    P('select 1'),
    Bn(),
    D(),
    E(),
    S,
    P('select 2'),
    Bn(),
    D(),
    E(),
    S,
    Q('select 3'),
    P('select 4'),
    Bn(),
    E(),
    P('select 5'),
    Bn(),
    E(),
    S,
  ],
  pipeline_error: [
    P('select 1'),
    Bn(),
    E(),
    P('select 1/0'),
    Bn(),
    E(),
    P('select 3'),
    Bn(),
    E(),
    Q('select 4'),
    S,
    Q('select 5'),
  ],
  parse_error: [
    P('selec 1'),
    Bn(),
    D(),
    E(),
    S,
    WAIT,
    P('select 1', 'dup'),
    S,
    WAIT,
    P('select 2', 'dup'),
    S,
    WAIT,
    Bn('', 'dup'),
    E(),
    S,
  ],
  query_in_batch: [P('select 1'), Bn(), E(), Q('select 2'), WAIT, S],
  suspended: [
    Q('begin'),
    WAIT,
    P('select * from generate_series(1, 5)'),
    Bn('c1'),
    E('c1', 2),
    S,
    WAIT,
    E('c1', 2),
    S,
    WAIT,
    E('c1', 2),
    S,
    WAIT,
    E('c1', 2),
    S,
    WAIT,
    Q('commit'),
  ],
  suspended_left: [
    P('select * from generate_series(1, 5)'),
    Bn(),
    E('', 2),
    S,
    WAIT,
    Q('begin'),
    WAIT,
    P('select * from generate_series(1, 9)'),
    Bn('p'),
    E('p', 3),
    S,
    WAIT,
    C('P', 'p'),
    S,
    WAIT,
    Q('rollback'),
  ],
  close_names: [
    P('select 1', 'a'),
    C('S', 'a'),
    C('S', 'never'),
    P('select 2', 'a'),
    Bn('', 'a'),
    E(),
    S,
    WAIT,
    Q('deallocate all'),
    WAIT,
    Bn('', 'a'),
    E(),
    S,
  ],
  copy_in: [
    Q('copy t from stdin'),
    WAIT,
    d('1\n'),
    d('2\n'),
    c,
    WAIT,
    Q('copy t from stdin; select 7'),
    WAIT,
    d('3\n'),
    c,
    WAIT,
    Q('copy t from stdin'),
    WAIT,
    f,
  ],
  copy_in_extended: [P('copy t from stdin'), Bn(), E(), S, WAIT, d('4\n'), c, S, WAIT, Q('select 1')],
  copy_in_blind: [P('copy t from stdin'), Bn(), E(), S, d('5\n'), c, S, Q('select 1')],
  copy_in_bad_row: [P('copy t from stdin'), Bn(), E(), S, d('not a number\n'), c, S, Q('select 1')],
  copy_in_trigger: [P('copy refusing from stdin'), Bn(), E(), S, d('1\n'), c, S, Q('select 1')],
  copy_out: [
    Q('copy (select * from generate_series(1, 3)) to stdout'),
    WAIT,
    P('copy (select 1) to stdout'),
    Bn(),
    E(),
    S,
  ],
  copy_stray: [d('stray'), c, Q('select 1')],
  commit_error: [
    P('insert into deferred values (1), (1)'),
    Bn(),
    E(),
    S,
    WAIT,
    Q('insert into deferred values (2), (2)'),
  ],
  notify: [Q('listen ch'), WAIT, Q("notify ch, 'x'"), WAIT, Q("do $$ begin raise notice 'hm'; end $$")],
  function_call: [Buffer.from('4600000018000003bd00010001000100000004000200000001', 'hex'), WAIT, Q('select 1')],
  terminated: [Q('select pg_terminate_backend(pg_backend_pid())')],
  cursor: [
    Q('begin; declare cur cursor for select * from generate_series(1, 4)'),
    WAIT,
    Q('fetch 3 from cur'),
    WAIT,
    Q('close cur; commit'),
  ],
};

const SCHEMA = `
  create table t (a int);
  create table refusing (a int);
  create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
  create trigger refusing_before before insert on refusing for each statement execute function refuse();
  create table deferred (a int unique deferrable initially deferred);
`;

/** @param {import('./lib/postgres.mjs').Postgres} postgres @param {readonly (Buffer | typeof WAIT)[]} steps */
async function record(postgres, steps) {
  const socket = net.connect(postgres.port, postgres.host);
  /** @type {{ from: 'client' | 'server', bytes: Buffer }[]} */
  const events = [];
  let lastMs = Date.now();
  let closed = false;
  socket.on('data', (chunk) => {
    lastMs = Date.now();
    const last = events.at(-1);
    if (last?.from === 'server') last.bytes = Buffer.concat([last.bytes, chunk]);
    else events.push({ from: 'server', bytes: chunk });
  });
  socket.on('close', () => {
    closed = true;
  });
  const send = (/** @type {Buffer} */ bytes) => {
    const last = events.at(-1);
    if (last?.from === 'client') last.bytes = Buffer.concat([last.bytes, bytes]);
    else events.push({ from: 'client', bytes });
    socket.write(bytes);
  };
  const silence = async () => {
    lastMs = Date.now();
    while (!closed && Date.now() - lastMs < 80) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(serialize.startup({ user: postgres.user, database: postgres.database }));
  await silence();
  for (const step of steps) {
    if (step === WAIT) await silence();
    else send(step);
  }
  await silence();
  if (!closed) send(serialize.end());
  socket.destroy();
  return events.map(({ from, bytes }) => ({ from, bytes: bytes.toString('base64') }));
}

const major = process.argv[2] === undefined ? undefined : Number(process.argv[2]);
const folder = path.join(import.meta.dirname, '..', 'test', 'recordings');
mkdirSync(folder, { recursive: true });
const postgres = await startPostgres({ major });
try {
  await postgres.query(SCHEMA);
  for (const [name, steps] of Object.entries(VECTORS)) {
    const events = await record(postgres, steps);
    const file = path.join(folder, `${name}.json`);
    writeFileSync(file, `${JSON.stringify({ server: postgres.version, events }, null, 1)}\n`);
    console.log(`${name}: ${events.length} turns`);
  }
} finally {
  await postgres.stop();
}
