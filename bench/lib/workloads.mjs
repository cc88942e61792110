// The workloads of the load generator, by name.
// A workload is closed: each client sends its next request when the last one was answered.
// Invariant: every request of a workload is answered by exactly one ReadyForQuery, last, and by no error.
// Not here: connections and clocks (load.mjs), how much of it is run (scenarios.mjs).

import { bind, COPY_DONE, copyData, DESCRIBE, EXECUTE, parse, query, SYNC } from './messages.mjs';

/**
 * @typedef {object} Workload
 * @property {number} statements executions of one request
 * @property {boolean} [reconnect] each request runs on a connection of its own
 * @property {Buffer} [prepare] sent once after login, answered by one ReadyForQuery
 * @property {(client: number) => () => Buffer} requests makes the source of one client's requests
 */

const COLUMNS = ['id', 'title', 'price', 'stock', 'author_id', 'published'].map((name) => `"shop_book"."${name}"`);
/** As Django writes a look-up by key. */
const SELECT = `SELECT ${COLUMNS.join(', ')} FROM "shop_book" WHERE "shop_book"."id" =`;
const FROM = `SELECT ${COLUMNS.join(', ')} FROM "shop_book"`;
const PREPARED = [
  '"id" = $1',
  '"stock" > $1',
  '"author_id" = $1',
  '"price" < $1 LIMIT 5',
  '"title" = $1 ORDER BY "id"',
];
const PIPELINED = 100;
/** One in so many batches ends in an error. */
const ERROR_EVERY = 4;
const MIXED_BATCHES = 40;
const FLOOD_BATCHES = 20;
const COPY_MIB = 4;
const COPY_CHUNK_BYTES = 8 * 1024;
/** A million of them before one comes again. */
const DIGITS = 6;
/** Digits that are written anew for each request. */
const PLACE = '111111';
const PER_REQUEST = 10;
const ROUTES = 50;

export const SCHEMA = `
  CREATE TABLE shop_book (id int PRIMARY KEY, title text, price numeric(8,2), stock int, author_id int, published date);
  INSERT INTO shop_book SELECT i, 'Title ' || i, 12.50, 3, i % 50, '2024-05-06' FROM generate_series(1, 10000) i;
  CREATE TABLE bulk_out AS SELECT i AS id, i % 97 AS kind, repeat(md5(i::text), 2) AS filler FROM generate_series(1, 100000) i;
  CREATE UNLOGGED TABLE bulk_in (id int, filler text);
  VACUUM ANALYZE shop_book; VACUUM ANALYZE bulk_out`;

const always = (/** @type {Buffer} */ request) => () => () => request;

/** @type {Record<string, () => Workload>} */
export const WORKLOADS = {
  simple: () => ({ statements: 1, requests: always(query(`${SELECT} 4242 LIMIT 21`)) }),
  extended: () => ({
    statements: 1,
    requests: always(
      Buffer.concat([parse('', `${SELECT} $1::int LIMIT 21`), bind('', ['4242']), DESCRIBE, EXECUTE, SYNC]),
    ),
  }),
  prepared: () => ({
    statements: 1,
    prepare: Buffer.concat([parse('s1', `${SELECT} $1::int LIMIT 21`), SYNC]),
    requests: always(Buffer.concat([bind('s1', ['4242']), EXECUTE, SYNC])),
  }),
  pipelined: () => ({
    statements: PIPELINED,
    prepare: Buffer.concat([parse('s1', `${SELECT} $1::int LIMIT 21`), SYNC]),
    requests: always(
      Buffer.concat([...Array.from({ length: PIPELINED }, () => Buffer.concat([bind('s1', ['4242']), EXECUTE])), SYNC]),
    ),
  }),
  distinct: () => ({ statements: 1, requests: distinct }),
  'rows-1000': () => ({
    statements: 1,
    requests: always(query('SELECT id, kind, filler FROM bulk_out LIMIT 1000')),
  }),
  'copy-out': () => ({ statements: 1, requests: always(query('COPY bulk_out TO STDOUT')) }),
  'copy-in': () => ({ statements: 1, requests: always(copyIn()) }),
  connect: () => ({ statements: 1, reconnect: true, requests: always(query(`${SELECT} 4242 LIMIT 21`)) }),
  flood: () => ({ statements: PIPELINED, requests: flood }),
  fingerprints: () => ({ statements: PIPELINED, requests: manyFingerprints }),
  'requests-tagged': () => ({ statements: PER_REQUEST, requests: requestsTagged }),
  'requests-untagged': () => ({ statements: PER_REQUEST, requests: requestsUntagged }),
  mixed: () => ({
    statements: PIPELINED,
    prepare: Buffer.concat([...PREPARED.map((where, i) => parse(`s${i}`, `${FROM} WHERE ${where}`)), SYNC]),
    requests: mixed,
  }),
};

/** Every text with literals of its own, as a driver sends them that binds on the client. @param {number} client */
function distinct(client) {
  const request = query(
    `${SELECT} ${'1'.repeat(DIGITS)} AND "shop_book"."title" <> 'title ${'1'.repeat(DIGITS)}' LIMIT 21`,
  );
  const first = request.indexOf('111111');
  const second = request.indexOf('111111', first + DIGITS);
  let number = client * 7919;
  return () => {
    number++;
    // The last request was answered, so that its bytes are not needed any more.
    writeDigits(request, first, number);
    writeDigits(request, second, number);
    return request;
  };
}

/** Many texts at once, each with literals of its own; for the stub server. @param {number} client */
function flood(client) {
  const batches = Array.from({ length: FLOOD_BATCHES }, (_, batch) => {
    const parts = Array.from({ length: PIPELINED }, (_, i) => {
      const number = String((client * FLOOD_BATCHES + batch) * PIPELINED + i);
      return Buffer.concat([
        parse('', `${SELECT} ${number} AND "shop_book"."title" <> 'title ${number}'`),
        bind('', []),
        EXECUTE,
      ]);
    });
    return Buffer.concat([...parts, SYNC]);
  });
  let turn = 0;
  return () => batches[turn++ % batches.length];
}

/**
 * What an application sends, many at once: prepared statements, literals in the text, comments with a trace, a
 * transaction, an error now and then
 * (never in the first batch). For the stub server.
 * @param {number} client
 */
function mixed(client) {
  let number = client * 1_000_003;
  const unnamed = (/** @type {string} */ sql) => Buffer.concat([parse('', sql), bind('', []), EXECUTE]);
  const statement = (/** @type {number} */ i) => {
    number++;
    const trace = number.toString(16).padStart(32, '0');
    if (i === 0) return unnamed('BEGIN');
    if (i === PIPELINED - 2) return unnamed('COMMIT');
    if (i % 2 === 0) return Buffer.concat([bind(`s${i % PREPARED.length}`, [String(number)]), EXECUTE]);
    const sql = `${FROM} WHERE "stock" = ${number} AND "title" <> 'title ${number}' ORDER BY "${'abcdefghijklmnopqrst'[i % 20]}"`;
    return unnamed(i % 10 === 1 ? `${sql} /*route='/books/',traceparent='00-${trace}-b7ad6b7169203331-01'*/` : sql);
  };
  const batches = Array.from({ length: MIXED_BATCHES }, (_, batch) => {
    const parts = Array.from({ length: PIPELINED - 1 }, (_, i) => statement(i));
    parts.push(unnamed(batch % ERROR_EVERY === 1 ? 'SELECT 1/0' : 'SELECT 1'));
    return Buffer.concat([...parts, SYNC]);
  });
  let turn = 0;
  return () => batches[turn++ % batches.length];
}

/**
 * Requests as a tagged application sends them: an id of its own each, one of 50 routes, a list and a statement for
 * each of its rows. For the stub server. @param {number} client
 */
function requestsTagged(client) {
  return requestsWith(client, (route) => ` /*request_id='c${client}-${PLACE}',route='${letters(route)}/'*/`);
}

/** The same without tags: what one request is shows by its pauses alone. @param {number} client */
function requestsUntagged(client) {
  return requestsWith(client, () => '');
}

/** @param {number} client @param {(route: number) => string} comment with PLACE where the request's number goes */
function requestsWith(client, comment) {
  const routes = Array.from({ length: ROUTES }, (_, route) => {
    const item = (/** @type {number} */ n) =>
      `${SELECT} ${PLACE} AND "shop_book"."stock" <> ${n} LIMIT 21${comment(route)}`;
    const texts = [`${FROM} ORDER BY "${'abcdefghijklmnopqrst'[route % 20]}"${comment(route)}`];
    for (let n = 1; n < PER_REQUEST; n++) texts.push(item(n));
    const bytes = Buffer.concat([...texts.flatMap((text) => [parse('', text), bind('', []), EXECUTE]), SYNC]);
    return { bytes, places: placesIn(bytes) };
  });
  let number = client * 7919;
  return () => {
    number++;
    const { bytes, places } = routes[number % ROUTES];
    // The last request was answered, so that its bytes are not needed any more.
    for (const at of places) writeDigits(bytes, at, number);
    return bytes;
  };
}

/** @param {Buffer} bytes @returns {number[]} where PLACE stands in them */
function placesIn(bytes) {
  const places = [];
  for (let at = bytes.indexOf(PLACE); at >= 0; at = bytes.indexOf(PLACE, at + DIGITS)) places.push(at);
  return places;
}

/** @param {Buffer} bytes @param {number} at @param {number} number */
function writeDigits(bytes, at, number) {
  let rest = number;
  for (let i = DIGITS - 1; i > 0; i--) {
    bytes[at + i] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

/** @returns {Buffer} */
function copyIn() {
  const line = `4242\t${'abcdefghijklmnopqrstuvwxyz012345'.repeat(30)}\n`;
  const chunk = copyData(Buffer.from(line.repeat(Math.floor(COPY_CHUNK_BYTES / line.length))));
  const chunks = Array.from({ length: Math.ceil((COPY_MIB * 2 ** 20) / chunk.length) }, () => chunk);
  return Buffer.concat([query('TRUNCATE bulk_in; COPY bulk_in FROM STDIN'), ...chunks, COPY_DONE]);
}

/**
 * As many statements as PGWITNESS_BENCH_FINGERPRINTS says, one after another, each with an identity of its own; for
 * the stub server.
 */
function manyFingerprints() {
  const count = Number(process.env.PGWITNESS_BENCH_FINGERPRINTS ?? 20_000);
  /** @type {Buffer[]} */
  const batches = [];
  for (let at = 0; at < count; at += PIPELINED) {
    const parts = [];
    for (let i = at; i < Math.min(count, at + PIPELINED); i++)
      parts.push(parse('', `SELECT ${COLUMNS.join(', ')} FROM ${letters(i)} WHERE id = $1`), bind('', ['1']), EXECUTE);
    batches.push(Buffer.concat([...parts, SYNC]));
  }
  let next = 0;
  return () => batches[next++ % batches.length];
}

/** A name without digits: numbered tables would share an identity. @param {number} number */
function letters(number) {
  let name = '';
  for (let rest = number + 1; rest > 0; rest = Math.floor(rest / 26)) name += String.fromCharCode(97 + (rest % 26));
  return `t_${name}`;
}
