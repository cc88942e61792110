// A model of Postgres for conversations in which a COPY FROM STDIN fails.
// It answers each message of a client as the server does.
// It makes the list of what must be witnessed, too.
// Invariant: test/proxy/copy-orders.test.ts holds it against a real Postgres, reply by reply.
// Source: src/backend/tcop/postgres.c, src/backend/commands/copyfromparse.c (PostgreSQL 14 and later).
// Not here: choosing what the client says (copy-conversation.mjs).

import { server } from './messages.mjs';

/**
 * A message of the client. `text`: the SQL of Q and P, the data of d.
 * @typedef {{ kind: string, text: string, statement: string }} Said
 * @typedef {{ statement: Statement, read: string, rows: number }} Copy
 * @typedef {{ text: string, left: Statement[], tags: string[] }} Running
 * @typedef {{ text: string, error?: string, tag?: string, rows?: boolean, copy?: 'in' | 'out', refuses?: boolean,
 *   unique?: boolean }} Statement
 */

/** Run once on a real server, it behaves like the model. */
export const SCHEMA = `
  create table t (a int, b text);
  create table once (a int primary key, b text);
  insert into once values (1, 'there');
  create table refusing (a int, b text);
  create function fail() returns int language plpgsql volatile as $$ begin raise exception 'no'; end $$;
  create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
  create trigger refusing_before before insert on refusing for each statement execute function refuse();
`;

/** @type {Record<string, Omit<Statement, 'text'>>} */
const STATEMENTS = {
  'select 1': { tag: 'SELECT 1', rows: true },
  'select 2': { tag: 'SELECT 1', rows: true },
  'select fail()': { error: 'P0001', rows: true },
  begin: { tag: 'BEGIN' },
  rollback: { tag: 'ROLLBACK' },
  'copy (select 1) to stdout': { tag: 'COPY 1', copy: 'out' },
  'copy t from stdin': { copy: 'in' },
  'copy once from stdin': { copy: 'in', unique: true },
  'copy refusing from stdin': { copy: 'in', refuses: true },
};
export const BROKEN = 'selec 1';

/** @param {string} text @returns {Statement[]} */
const statementsOf = (text) =>
  text.split('; ').map((part) => {
    const known = STATEMENTS[part];
    if (known === undefined) throw new Error(`the model does not know ${part}`);
    return { text: part, ...known };
  });

/** It failed: the rest of the statement, or up to Sync, is not run. */
class Failure extends Error {
  /** @param {string} sqlstate */
  constructor(sqlstate) {
    super(sqlstate);
    this.sqlstate = sqlstate;
  }
}

export class CopyServer {
  /** @type {Buffer[]} */ #replies = [];
  /** @type {string | undefined} */ #prepared;
  /** @type {string | undefined} */ #bound;
  #skipping = false;
  #status = 'I';
  /** The COPY that reads the client's data. @type {Copy | undefined} */
  #copy;
  /** What is left of the Query that runs. @type {Running | undefined} */
  #query;
  /** What must be witnessed, in order: protocol, text, command tags, SQLSTATE. @type {string[]} */
  expected = [];
  skipped = 0;
  /** It closed the connection. */
  closed = false;

  get copying() {
    return this.#copy !== undefined;
  }

  get skipping() {
    return this.#skipping;
  }

  /** @param {Said} said @returns {Buffer[]} what it answers */
  take(said) {
    this.#replies = [];
    if (this.closed) return [];
    if (this.#copy !== undefined) this.#guard(() => this.#inCopy(said));
    else if (said.kind === 'X') this.closed = true;
    else if (said.kind === 'S') {
      this.#skipping = false;
      this.#ready();
    } else if (this.#skipping) {
      if (said.kind === 'Q' || said.kind === 'E') this.skipped++;
    } else if (said.kind === 'Q') this.#simple(said.text);
    else if (!'Hdcf'.includes(said.kind)) this.#guard(() => this.#extended(said));
    return this.#replies;
  }

  /** @param {string} text */
  #simple(text) {
    this.#bound = undefined;
    this.#query = { text, left: [], tags: [] };
    this.#guard(() => {
      if (text === BROKEN) throw new Failure('42601');
      /** @type {Running} */ (this.#query).left = statementsOf(text);
      this.#queryGoesOn();
    });
  }

  #queryGoesOn() {
    const query = /** @type {Running} */ (this.#query);
    for (let next = query.left.shift(); next !== undefined; next = query.left.shift()) {
      this.#refuseWhenFailed(next);
      if (next.rows) this.#say(server.rowDescription());
      this.#run(next);
      if (this.#copy !== undefined) return;
    }
    this.#witness('simple', query.text, query.tags, '');
    this.#query = undefined;
    this.#ready();
  }

  /** @param {Said} said */
  #extended({ kind, text, statement }) {
    switch (kind) {
      case 'P':
        this.#prepared = undefined;
        this.#failing = { text };
        if (text === BROKEN) throw new Failure('42601');
        this.#refuseWhenFailed(statementsOf(text)[0]);
        this.#prepared = text;
        this.#say(server.parseComplete());
        break;
      case 'B':
        this.#failing = { text: statement === '' ? (this.#prepared ?? null) : null };
        if (statement !== '' || this.#prepared === undefined) throw new Failure('26000');
        this.#refuseWhenFailed(statementsOf(this.#prepared)[0]);
        this.#bound = this.#prepared;
        this.#say(server.bindComplete());
        break;
      case 'D': {
        const [bound] = statementsOf(this.#needBound());
        this.#say(bound.rows ? server.rowDescription() : server.noData());
        break;
      }
      case 'E': {
        const [bound] = statementsOf(this.#needBound());
        this.#refuseWhenFailed(bound);
        this.#run(bound);
        break;
      }
    }
  }

  /** The text that an error of an extended request stands for; null = unknown. @type {{ text: string | null }} */
  #failing = { text: null };

  #needBound() {
    this.#failing = { text: this.#bound ?? null };
    if (this.#bound === undefined) throw new Failure('34000');
    return this.#bound;
  }

  /** @param {Statement} statement */
  #refuseWhenFailed({ text }) {
    if (this.#status === 'E' && text !== 'rollback') throw new Failure('25P02');
  }

  /** @param {Statement} statement */
  #run(statement) {
    if (statement.copy === 'in') {
      this.#say(server.copyIn());
      if (statement.refuses) throw new Failure('P0001');
      this.#copy = { statement, read: '', rows: 0 };
      return;
    }
    if (statement.error !== undefined) throw new Failure(statement.error);
    if (statement.copy === 'out') this.#say(server.copyOut(), server.copyData(), server.copyDone());
    else if (statement.rows) this.#say(server.row());
    if (statement.text === 'begin') this.#status = 'T';
    if (statement.text === 'rollback') this.#status = 'I';
    this.#completed(/** @type {string} */ (statement.tag), statement.text);
  }

  /** @param {string} tag @param {string} text */
  #completed(tag, text) {
    this.#say(server.complete(tag));
    if (this.#query !== undefined) this.#query.tags.push(tag);
    else this.#witness('extended', text, [tag], '');
  }

  /** @param {Said} said */
  #inCopy({ kind, text }) {
    const copy = /** @type {Copy} */ (this.#copy);
    switch (kind) {
      case 'S':
      case 'H':
        return;
      case 'd': {
        copy.read += text;
        const lines = copy.read.split('\n');
        copy.read = /** @type {string} */ (lines.pop());
        for (const line of lines) this.#line(line);
        return;
      }
      case 'c': {
        if (copy.read !== '') this.#line(copy.read);
        // Rows are inserted many at a time: what is there already is found at the end.
        if (copy.statement.unique && copy.rows > 0) throw new Failure('23505');
        this.#copy = undefined;
        this.#completed(`COPY ${copy.rows}`, copy.statement.text);
        if (this.#query !== undefined) this.#queryGoesOn();
        return;
      }
      case 'f':
        throw new Failure('57014');
      default:
        this.closed = true;
        throw new Failure('08P01');
    }
  }

  /** @param {string} line */
  #line(line) {
    const copy = /** @type {Copy} */ (this.#copy);
    if (!/^\d+\t[^\t]*$/.test(line)) throw new Failure(/^\d+$/.test(line) ? '22P04' : '22P02');
    copy.rows++;
  }

  /** Runs, and answers an error as the server does. @param {() => void} work */
  #guard(work) {
    try {
      work();
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      const text = this.#copy?.statement.text ?? this.#failing.text;
      this.#copy = undefined;
      this.#say(server.error(failure.sqlstate));
      if (this.#status === 'T') this.#status = 'E';
      // An aborted transaction takes its portals along.
      this.#bound = undefined;
      if (this.#query !== undefined) {
        this.#witness('simple', this.#query.text, this.#query.tags, failure.sqlstate);
        this.#query = undefined;
        if (!this.closed) this.#ready();
      } else {
        this.#witness('extended', text, [], failure.sqlstate);
        this.#skipping = true;
      }
      if (this.closed) this.#say(server.error('08P01', 'FATAL'));
    }
  }

  /** @param {...Buffer} replies */
  #say(...replies) {
    this.#replies.push(...replies);
  }

  #ready() {
    if (this.#status === 'I') this.#bound = undefined;
    this.#say(server.ready(this.#status));
  }

  /**
   * @param {'simple' | 'extended'} protocol @param {string | null} text @param {string[]} tags
   * @param {string} sqlstate
   */
  #witness(protocol, text, tags, sqlstate) {
    this.expected.push(witnessLine({ protocol, text, tags, sqlstate }));
  }
}

/** @param {{ protocol: string, text: string | null, tags: readonly string[], sqlstate: string }} facts */
export function witnessLine({ protocol, text, tags, sqlstate }) {
  return `${protocol} ${JSON.stringify(text)} [${tags.join(', ')}]${sqlstate === '' ? '' : ` !${sqlstate}`}`;
}
