// A small model of Postgres: a random client, and the server's answers to it.
// It makes the list of what must be witnessed, too.
// Invariant: the replies are those of src/backend/tcop/postgres.c for these requests, so the tracker has no excuse:
// it must be exact.
// Not here: damage (mutate.mjs), checking (cases.mjs).
//
// Left out, because not even the server's own client could tell: COPY FROM STDIN that fails before the client ends it.

import { client, server } from './messages.mjs';

/** @import { Random } from './random.mjs' */
/** @import { Part } from './messages.mjs' */

/**
 * What must be witnessed of one execution: its text (null = unknown), calls and SQLSTATE.
 * @typedef {{ text: string | null, calls: number, sqlstate: string }} Expected
 * @typedef {{ text: string, rows: number, select: boolean, empty: boolean }} Statement
 * @typedef {{ statement: Statement, left: number, suspended: boolean, done: boolean }} Portal
 */

const NAMES = ['', '', 'a', 'b', 'long'.repeat(20)];
const ROWS = [0, 0, 1, 2, 5];

class Model {
  /** @type {Random} */ #random;
  /** @type {Map<string, Statement>} */ #statements = new Map();
  /** @type {Map<string, Portal>} */ #portals = new Map();
  #status = 'I';
  #discarding = false;
  #texts = 0;
  /** @type {Expected[]} */ expected = [];
  skipped = 0;

  /** @param {Random} random */
  constructor(random) {
    this.#random = random;
  }

  /** One request and its replies. @returns {{ request: Buffer, replies: Buffer[] }[]} */
  step() {
    const random = this.#random;
    switch (random.below(15)) {
      case 0:
      case 1:
        return [this.#query()];
      case 2:
      case 3:
        return [this.#parse(this.#unused(this.#statements), random.oneIn(12))];
      case 4:
      case 5:
        return [this.#bind(this.#unused(this.#portals), this.#used(this.#statements))];
      case 6:
        return [
          random.oneIn(2)
            ? this.#describe('S', this.#used(this.#statements))
            : this.#describe('P', this.#used(this.#portals)),
        ];
      case 7:
      case 8:
      case 9:
      case 10:
        return [this.#execute(this.#used(this.#portals), random.pick([0, 0, 1, 2]))];
      case 11:
        return [random.oneIn(2) ? this.#close('S', random.pick(NAMES)) : this.#close('P', random.pick(NAMES))];
      case 12:
        return random.pick([
          () => [this.#functionCall()],
          () => this.#copyIn(),
          () => this.#copyInExtended(),
          () => [this.#flush()],
        ])();
      default:
        return [this.sync()];
    }
  }

  /** A name that means something, most of the time. @param {Map<string, unknown>} names */
  #used(names) {
    if (names.size === 0 || this.#random.oneIn(15)) return this.#random.pick(NAMES);
    return this.#random.pick([...names.keys()]);
  }

  /** A name that is free, most of the time. @param {Map<string, unknown>} names */
  #unused(names) {
    const name = this.#random.pick(NAMES);
    return name !== '' && names.has(name.slice(0, 63)) && !this.#random.oneIn(15) ? '' : name;
  }

  sync() {
    this.#discarding = false;
    return { request: client.sync(), replies: this.#ready() };
  }

  #flush() {
    return { request: client.flush(), replies: [] };
  }

  #text(kind = 'select') {
    return `${kind} ${this.#texts++}`;
  }

  #ready() {
    if (this.#status === 'I') for (const name of [...this.#portals.keys()]) this.#drop(name);
    return [server.ready(this.#status)];
  }

  /** @param {string} name */
  #drop(name) {
    const portal = this.#portals.get(name);
    if (portal?.suspended) this.expected.push({ text: portal.statement.text, calls: 1, sqlstate: '' });
    this.#portals.delete(name);
  }

  /** The connection ends, or the transaction is rolled back: what was suspended is no call. */
  cutOff() {
    for (const portal of this.#portals.values()) portal.suspended = false;
  }

  /** It ran into an error. */
  #abort() {
    this.cutOff();
    if (this.#status === 'T') this.#status = 'E';
  }

  /** @param {string | null} text @param {string} sqlstate @param {Portal} [portal] */
  #fail(text, sqlstate, portal) {
    if (portal) portal.suspended = false;
    this.expected.push({ text, calls: 0, sqlstate });
    this.#abort();
    this.#discarding = true;
    return [server.error(sqlstate)];
  }

  #query() {
    const random = this.#random;
    const kinds = ['select', 'begin', 'begin', 'commit', 'several', 'empty', 'fails', 'copy out'];
    const kind = this.#status === 'E' && random.oneIn(2) ? 'commit' : random.pick(kinds);
    const text = kind === 'empty' ? '' : this.#text(kind);
    const request = client.query(text);
    if (this.#discarding) {
      this.skipped++;
      return { request, replies: [] };
    }
    /** @type {Buffer[]} */
    const replies = [];
    let calls = 0;
    let sqlstate = '';
    const isRefused = kind === 'fails' || (this.#status === 'E' && kind !== 'commit' && kind !== 'empty');
    // It replaces the unnamed portal and statement even when it fails; one that is not read rolls the portal back.
    if (isRefused) this.#abort();
    this.#drop('');
    this.#statements.delete('');
    if (isRefused) sqlstate = '42601';
    else if (kind === 'empty') replies.push(server.emptyQuery());
    else if (kind === 'begin' || kind === 'commit') {
      calls = 1;
      this.#status = kind === 'begin' ? 'T' : 'I';
      replies.push(server.complete(kind.toUpperCase()));
    } else if (kind === 'copy out') {
      calls = 1;
      replies.push(server.copyOut(), server.copyData(), server.copyDone(), server.complete('COPY 1'));
    } else {
      calls = kind === 'several' ? random.between(2, 4) : 1;
      for (let i = 0; i < calls; i++) replies.push(...this.#rows(random.pick(ROWS)));
      if (kind === 'several' && random.oneIn(3)) {
        sqlstate = '22012';
        this.#abort();
      }
    }
    if (sqlstate) replies.push(server.error(sqlstate));
    if (calls > 0 || sqlstate) this.expected.push({ text, calls, sqlstate });
    return { request, replies: [...replies, ...this.#ready()] };
  }

  /** @param {number} rows */
  #rows(rows) {
    return [server.rowDescription(), ...Array(rows).fill(server.row()), server.complete(`SELECT ${rows}`)];
  }

  /** @param {string} name @param {boolean} fails */
  #parse(name, fails) {
    const random = this.#random;
    const empty = random.oneIn(12);
    const statement = { text: empty ? '' : this.#text(), rows: random.pick(ROWS), select: random.below(4) > 0, empty };
    const request = client.parse(name, statement.text);
    if (this.#discarding) return { request, replies: [] };
    const key = name.slice(0, 63);
    const taken = name !== '' && this.#statements.has(key);
    // The unnamed statement goes before the new one is looked at.
    if (name === '') this.#statements.delete('');
    if (fails || taken || this.#status === 'E') return { request, replies: this.#fail(statement.text, '42601') };
    this.#statements.set(key, statement);
    return { request, replies: [server.parseComplete()] };
  }

  /** @param {string} portalName @param {string} name */
  #bind(portalName, name) {
    const request = client.bind(portalName, name);
    if (this.#discarding) return { request, replies: [] };
    const statement = this.#statements.get(name.slice(0, 63));
    const key = portalName.slice(0, 63);
    const taken = key !== '' && this.#portals.has(key);
    if (!statement || taken || this.#status === 'E')
      return { request, replies: this.#fail(statement?.text ?? null, '26000') };
    this.#drop(key);
    this.#portals.set(key, { statement, left: statement.rows, suspended: false, done: false });
    return { request, replies: [server.bindComplete()] };
  }

  /** @param {'S' | 'P'} kind @param {string} name */
  #describe(kind, name) {
    const request = client.describe(kind, name);
    if (this.#discarding) return { request, replies: [] };
    const key = name.slice(0, 63);
    const statement = kind === 'S' ? this.#statements.get(key) : this.#portals.get(key)?.statement;
    if (!statement || this.#status === 'E') return { request, replies: this.#fail(statement?.text ?? null, '34000') };
    const rows = statement.select && !statement.empty ? server.rowDescription() : server.noData();
    return { request, replies: kind === 'S' ? [server.parameterDescription(), rows] : [rows] };
  }

  /** @param {string} name @param {number} max */
  #execute(name, max) {
    const request = client.execute(name, max);
    if (this.#discarding) {
      this.skipped++;
      return { request, replies: [] };
    }
    const portal = this.#portals.get(name.slice(0, 63));
    if (!portal || this.#status === 'E')
      return { request, replies: this.#fail(portal?.statement.text ?? null, '34000', portal) };
    const { statement } = portal;
    if (statement.empty) return { request, replies: [server.emptyQuery()] };
    if (!statement.select) {
      if (portal.done) return { request, replies: this.#fail(statement.text, '55000') };
      return { request, replies: this.#ran(portal, 0, `INSERT 0 ${statement.rows}`) };
    }
    if (max === 0 || portal.left < max) return { request, replies: this.#ran(portal, portal.left, '') };
    if (this.#random.oneIn(12)) return { request, replies: this.#fail(statement.text, '57014', portal) };
    portal.left -= max;
    portal.suspended = true;
    return { request, replies: [...Array(max).fill(server.row()), server.suspended()] };
  }

  /** @param {Portal} portal @param {number} rows @param {string} tag */
  #ran(portal, rows, tag) {
    if (!portal.done) this.expected.push({ text: portal.statement.text, calls: 1, sqlstate: '' });
    portal.done = true;
    portal.suspended = false;
    portal.left = 0;
    return [...Array(rows).fill(server.row()), server.complete(tag || `SELECT ${rows}`)];
  }

  /** @param {'S' | 'P'} kind @param {string} name */
  #close(kind, name) {
    const request = client.close(kind, name);
    if (this.#discarding) return { request, replies: [] };
    if (kind === 'S') this.#statements.delete(name.slice(0, 63));
    else this.#drop(name.slice(0, 63));
    return { request, replies: [server.closeComplete()] };
  }

  #functionCall() {
    const request = client.functionCall();
    if (this.#discarding) return { request, replies: [] };
    const answer = this.#status === 'E' ? server.error('25P02') : server.functionResult();
    return { request, replies: [answer, ...this.#ready()] };
  }

  /** COPY FROM STDIN by Parse, Bind, Execute; a Sync before its end is swallowed. */
  #copyInExtended() {
    if (this.#discarding || this.#status === 'E') return [this.sync()];
    const text = this.#text('copy');
    this.#drop('');
    this.#statements.set('', { text, rows: 1, select: false, empty: false });
    this.#portals.set('', {
      statement: /** @type {Statement} */ (this.#statements.get('')),
      left: 0,
      suspended: false,
      done: true,
    });
    this.expected.push({ text, calls: 1, sqlstate: '' });
    const swallowed = this.#random.oneIn(2) ? [{ request: client.sync(), replies: [] }] : [];
    return [
      { request: client.parse('', text), replies: [server.parseComplete()] },
      { request: client.bind('', ''), replies: [server.bindComplete()] },
      { request: client.execute('', 0), replies: [server.copyIn()] },
      ...swallowed,
      { request: client.copyData(), replies: [] },
      { request: client.copyDone(), replies: [server.complete('COPY 1')] },
      this.sync(),
    ];
  }

  /** COPY FROM STDIN by a simple Query, its data sent blindly or not. */
  #copyIn() {
    if (this.#discarding || this.#status === 'E') return [this.#query()];
    const text = this.#text('copy');
    const fails = this.#random.oneIn(3);
    this.#drop('');
    this.#statements.delete('');
    this.expected.push({ text, calls: fails ? 0 : 1, sqlstate: fails ? '57014' : '' });
    if (fails) this.#abort();
    const data = Array.from({ length: this.#random.below(4) }, () => ({ request: client.copyData(), replies: [] }));
    return [
      { request: client.query(text), replies: [server.copyIn()] },
      ...data,
      {
        request: fails ? client.copyFail() : client.copyDone(),
        replies: [fails ? server.error('57014') : server.complete('COPY 1'), ...this.#ready()],
      },
    ];
  }
}

/**
 * A whole session. Replies follow their requests at any distance: pipelined as far as a client would.
 * @param {Random} random
 * @returns {{ parts: Part[], expected: Expected[], skipped: number }}
 */
export function conversation(random) {
  const model = new Model(random);
  /** @type {Part[]} */
  const parts = server.greeting().map((bytes) => ({ from: 'server', bytes }));
  /** @type {Buffer[]} */
  const waiting = [];
  const answer = (/** @type {number} */ count) => {
    for (const bytes of waiting.splice(0, count)) {
      parts.push({ from: 'server', bytes });
      if (random.oneIn(30)) parts.push({ from: 'server', bytes: random.pick(server.unasked()) });
    }
  };
  const eager = random.oneIn(2);
  const send = (/** @type {{ request: Buffer, replies: Buffer[] }} */ { request, replies }) => {
    parts.push({ from: 'client', bytes: request });
    waiting.push(...replies);
    answer(eager ? waiting.length : random.below(waiting.length + 1));
  };
  for (let i = random.between(1, 25); i > 0; i--) model.step().forEach(send);
  send(model.sync());
  parts.push({ from: 'client', bytes: client.terminate() });
  answer(waiting.length);
  model.cutOff();
  return { parts, expected: model.expected, skipped: model.skipped };
}
