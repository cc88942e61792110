// Random conversations in which COPY FROM STDIN fails, and the orders in which a relay may see one.
//
//   client   P B E(copy) S d(bad) P B E S …        the relay sees each reply after the message that caused it, and
//   server      1 2 G       E          Z …          otherwise in any order with the client's messages
//
// Invariant: a conversation is decided by its random numbers, an order by its own.
// Not here: what the server answers (copy-server.mjs).

import { BROKEN, CopyServer } from './copy-server.mjs';
import { client } from './messages.mjs';

/** @import { Random } from './random.mjs' */
/** @import { Said } from './copy-server.mjs' */

/**
 * @typedef {{ bytes: Buffer, cause: number }} Reply `cause`: so many messages of the client came before it
 * @typedef {{ said: Said[], replies: Reply[], expected: string[], skipped: number, closed: boolean }} Conversation
 */

const say = (/** @type {string} */ kind, text = '', statement = '') => ({ kind, text, statement });

const COPIES = ['copy t from stdin', 'copy t from stdin', 'copy once from stdin', 'copy refusing from stdin'];
const OTHERS = ['select 1', 'select 2', 'select fail()', 'begin', 'rollback', 'copy (select 1) to stdout', BROKEN];
const SEVERAL = [
  'copy t from stdin; select 1',
  'select 1; copy t from stdin',
  'copy t from stdin; copy once from stdin',
];
const GOOD = '1\tq\n';
const DATA = [GOOD, GOOD, 'bad\tq\n', 'bad\tq\n', '1\t', 'q\n', 'ba'];

/** @param {Random} random @returns {Said[]} a step of the client */
function step(random) {
  switch (random.below(14)) {
    case 0:
    case 1:
      return unit(random, random.pick(COPIES));
    case 2:
    case 3:
      return unit(random, random.pick(OTHERS));
    case 4:
      return [say('Q', random.pick(random.oneIn(3) ? SEVERAL : COPIES))];
    case 5:
      return [say('Q', random.pick(OTHERS))];
    case 6:
    case 7:
    case 8:
      return [say('S')];
    case 9:
      return [say(random.pick(['H', 'c', 'f']))];
    default:
      return [say('d', random.pick(DATA))];
  }
}

/** @param {Random} random @param {string} text @returns {Said[]} */
function unit(random, text) {
  const said = [say('P', text), say('B', '', random.oneIn(20) ? 'never' : '')];
  if (random.oneIn(4)) said.push(say('D'));
  return [...said, say('E'), ...(random.oneIn(2) ? [say('S')] : [])];
}

/** @param {Random} random @returns {Said[]} */
export function randomSaid(random) {
  /** @type {Said[]} */
  const said = [];
  const server = new CopyServer();
  for (let steps = random.between(2, 9); steps > 0; steps--)
    for (const one of step(random)) {
      // What ends the session is tried now and then.
      if (server.copying && !'SHdcf'.includes(one.kind) && !random.oneIn(60)) continue;
      said.push(one);
      server.take(one);
    }
  if (server.copying) said.push(say(random.oneIn(2) ? 'c' : 'f'));
  return [...said, say('S'), say('Q', 'select 2'), say('X')];
}

/** @param {readonly Said[]} said @returns {Conversation} */
export function conversationOf(said) {
  const server = new CopyServer();
  /** @type {Reply[]} */
  const replies = [];
  said.forEach((one, index) => {
    for (const bytes of server.take(one)) replies.push({ bytes, cause: index + 1 });
  });
  const { expected, skipped } = server;
  return { said: [...said], replies, expected, skipped, closed: said.at(-1)?.kind !== 'X' || endedEarly(said) };
}

/** The server left before the client did. @param {readonly Said[]} said */
function endedEarly(said) {
  const server = new CopyServer();
  return said.slice(0, -1).some((one) => {
    server.take(one);
    return server.closed;
  });
}

/** @param {Said} said @returns {Buffer} */
export function bytesOf({ kind, text, statement }) {
  switch (kind) {
    case 'Q':
      return client.query(text);
    case 'P':
      return client.parse('', text);
    case 'B':
      return client.bind('', statement);
    case 'D':
      return client.describe('P', '');
    case 'E':
      return client.execute('', 0);
    case 'S':
      return client.sync();
    case 'H':
      return client.flush();
    case 'd':
      return client.copyData(text);
    case 'c':
      return client.copyDone();
    case 'f':
      return client.copyFail();
    default:
      return client.terminate();
  }
}

/**
 * An order: for each step, true = the client's next message is shown, false = the server's next reply.
 * @typedef {boolean[]} Order
 */

/** @param {Pick<Conversation, "said" | "replies">} conversation @param {Random} random @returns {Order} */
export function randomOrder({ said, replies }, random) {
  const order = [];
  // How far the server is ahead: some orders are mostly one direction first.
  const eagerness = random.between(1, 9);
  for (let sent = 0, shown = 0; sent < said.length || shown < replies.length; ) {
    const mayShow = shown < replies.length && replies[shown].cause <= sent;
    const client = !mayShow || (sent < said.length && random.below(10) >= eagerness);
    order.push(client);
    if (client) sent++;
    else shown++;
  }
  return order;
}

/**
 * Every causally possible order, or undefined when there are more than `most`.
 * @param {{ said: readonly unknown[], replies: readonly Reply[] }} conversation @param {number} most
 * @returns {Order[] | undefined}
 */
export function allOrders({ said, replies }, most) {
  /** @type {Order[]} */
  const orders = [];
  /** @param {Order} before @param {number} sent @param {number} shown @returns {boolean} */
  const go = (before, sent, shown) => {
    if (sent === said.length && shown === replies.length) return orders.push(before) <= most;
    if (shown < replies.length && replies[shown].cause <= sent && !go([...before, false], sent, shown + 1))
      return false;
    return sent === said.length || go([...before, true], sent + 1, shown);
  };
  return go([], 0, 0) ? orders : undefined;
}
