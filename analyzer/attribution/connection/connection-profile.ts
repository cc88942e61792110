// Collects what a connection shows of its owner: startup packet, names, texts, transactions.
// Invariant: a clue once seen stays. The owner is derived from all clues, so it may be revised; each revision is
// counted.
// State: one bit per clue and a few counters. Constant size, no text. Not here: verdicts on statements (attribute.ts).

import { Proof } from '../comments/sql-comment.js';
import { CLUES, type Clue, clueBit, clueBits } from '../shape/clues.js';
import type { Framework, StatementShape } from '../shape/shape.js';
import { ASYNCPG, firstBits, isForeignName, nameBits, proofBits, shapeBits, startupBits } from './clue-bits.js';
import { type Siblings, startupKeyOf } from './siblings.js';
import { type Standing, standingOf } from './standing.js';
import { toolOf } from './tool-names.js';

export type { Standing } from './standing.js';

/** What is known of one execution besides its text. */
export interface StatementContext {
  protocol: 'simple' | 'extended';
  /** Prepared-statement name of the protocol, '' for none. */
  statementName: string;
  /** Status byte of ReadyForQuery before the statement; '' = not known: then BEGIN and COMMIT are followed. */
  transactionBefore: '' | 'I' | 'T' | 'E';
}

/** Plain JSON; what `restore` needs. Holds no text. */
export interface ProfileState {
  clues: Clue[];
  first: string;
  framework?: Framework;
  tool: string;
  statements: number;
  revisions: number;
  inTransaction: boolean;
  readsOnly: boolean;
  startupKey: string;
  pings?: number;
}

const EXTENDED = clueBit('extended');
const PSYCOPG3 = clueBit('psycopg3-name') | clueBit('psycopg3-savepoint');
const AUTOCOMMIT = clueBit('autocommit');
const BEGIN_FIRST = clueBit('begin-first');
const SIBLING = clueBit('sibling');
const ROLLBACK_AFTER_READ = clueBit('rollback-after-read');
const PING = clueBit('ping');

/** One may be Django's way to look after an error of the driver, which the wire does not show. */
const PINGS_MIN = 2;

export class ConnectionProfile {
  #bits = 0;
  #standing: Standing;
  /** The library that first spoke strongly. */
  #first = '';
  /** Another framework whose texts or names were seen. */
  #framework: Framework = '';
  #tool: string;
  #statements = 0;
  #revisions = 0;
  #inTransaction = false;
  /** Nothing but reads since BEGIN. */
  #readsOnly = false;
  /** Django pings after an error even where it has no habit of it. */
  #failedSincePing = false;
  /** Pings without an error before them, up to PINGS_MIN. */
  #pings = 0;

  readonly #siblings: Siblings | undefined;
  #startupKey: string;

  /**
   * @param startup parameters of the startup packet, in the order they were sent.
   * @param siblings what other connections of the same server have shown, shared by all of them.
   */
  constructor(startup: ReadonlyArray<readonly [name: string, value: string]>, siblings?: Siblings) {
    this.#siblings = siblings;
    this.#startupKey = siblings === undefined ? '' : startupKeyOf(startup);
    this.#tool = toolOf(startup.find(([name]) => name === 'application_name')?.[1] ?? '');
    this.#bits = startupBits(startup);
    this.#standing = this.#weigh();
  }

  get standing(): Standing {
    if (this.#siblings !== undefined && this.#standing.strength !== 'strong' && (this.#bits & SIBLING) === 0)
      this.#askSiblings();
    return this.#standing;
  }

  get statements(): number {
    return this.#statements;
  }

  /** Times the owner was changed after it had been strong. */
  get revisions(): number {
    return this.#revisions;
  }

  /** As of the last statement observed, before it ran. */
  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  /** Takes in one statement; to be called before its verdict is asked for. @param proof bits of its comment tags. */
  observe(shape: StatementShape, context: StatementContext, proof: number = Proof.none): void {
    if (context.transactionBefore !== '') this.#inTransaction = context.transactionBefore !== 'I';
    const shown = shapeBits(shape);
    let bits = this.#bits | (this.#failedSincePing ? shown & ~PING : shown);
    if ((shown & PING) !== 0) {
      if (!this.#failedSincePing) this.#pings = Math.min(PINGS_MIN, this.#pings + 1);
      this.#failedSincePing = false;
    }
    const inTransaction = this.#inTransaction;
    if (shape.housekeeping === '' && !inTransaction) bits |= AUTOCOMMIT;
    if (this.#statements === 0) bits |= firstBits(shape, inTransaction);
    if (shape.housekeeping === 'begin' && (bits & AUTOCOMMIT) === 0) bits |= BEGIN_FIRST;
    if (context.protocol === 'extended') bits |= EXTENDED | nameBits(context.statementName);
    if (proof !== Proof.none) bits |= proofBits(proof);
    this.#statements++;
    let framework = this.#framework;
    if (shape.framework !== '') framework = surer(framework, shape.framework);
    else if (framework === '' && isForeignName(context.statementName)) framework = 'driver';
    if (bits !== this.#bits || framework !== this.#framework) this.#revise(bits, framework);
  }

  /** The statement is done with: follows BEGIN and COMMIT for when the wire's own status is not known. */
  finish(shape: StatementShape, failed = false): void {
    if (failed) this.#failedSincePing = true;
    if (shape.housekeeping === 'begin') {
      this.#inTransaction = true;
      this.#readsOnly = true;
    } else if (shape.housekeeping === 'end') {
      if (this.#readsOnly && shape.clues.includes('rollback')) this.#bits |= ROLLBACK_AFTER_READ;
      this.#inTransaction = false;
      this.#readsOnly = false;
    } else if (shape.housekeeping === '' && shape.hand !== 'select') {
      this.#readsOnly = false;
    }
  }

  /** The driver, as far as it shows: 'asyncpg', 'psycopg3' or ''. */
  get driver(): string {
    if ((this.#bits & ASYNCPG) !== 0) return 'asyncpg';
    if ((this.#bits & PSYCOPG3) !== 0) return 'psycopg3';
    if (this.#standing.owner === 'unknown' || this.#tool !== '') return '';
    return (this.#bits & EXTENDED) !== 0 ? 'psycopg3' : '';
  }

  /** Changes when something new is seen of it. */
  get clueBits(): number {
    return this.#bits;
  }

  /** Changes when the habits may have. */
  get habitsKey(): number {
    return this.#pings * 2 ** 32 + (this.#bits >>> 0);
  }

  /** Habits of whoever pools the connection, in plain words, sorted. */
  get habits(): readonly string[] {
    const has = (clue: Clue) => (this.#bits & clueBit(clue)) !== 0;
    const words: Partial<Record<Clue, string>> = {
      autocommit: 'statements outside transactions',
      'begin-first': has('autocommit') ? undefined : 'every session begins with BEGIN',
      'discard-all': 'DISCARD ALL on return',
      'asyncpg-reset': 'RESET ALL on return',
      ping: this.#pings >= PINGS_MIN ? 'pre-ping (SELECT 1)' : undefined,
      'rollback-after-read': 'ROLLBACK on return',
    };
    return CLUES.flatMap((clue) => (has(clue) ? (words[clue] ?? []) : [])).sort();
  }

  snapshot(): ProfileState {
    return {
      clues: CLUES.filter((clue) => (this.#bits & clueBit(clue)) !== 0),
      first: this.#first,
      framework: this.#framework,
      tool: this.#tool,
      statements: this.#statements,
      revisions: this.#revisions,
      inTransaction: this.#inTransaction,
      readsOnly: this.#readsOnly,
      startupKey: this.#startupKey,
      pings: this.#pings,
    };
  }

  static restore(state: ProfileState, siblings?: Siblings): ConnectionProfile {
    const profile = new ConnectionProfile([], siblings);
    profile.#startupKey = state.startupKey;
    profile.#bits = clueBits(state.clues.filter((clue) => CLUES.includes(clue)));
    profile.#first = state.first;
    profile.#framework = state.framework ?? '';
    profile.#tool = state.tool;
    profile.#statements = state.statements;
    profile.#revisions = state.revisions;
    profile.#inTransaction = state.inTransaction;
    profile.#readsOnly = state.readsOnly;
    profile.#pings = state.pings ?? 0;
    profile.#standing = profile.#weigh();
    profile.#teachSiblings();
    return profile;
  }

  #revise(bits: number, framework: Framework): void {
    this.#bits = bits;
    this.#framework = framework;
    const before = this.#standing;
    this.#standing = this.#weigh();
    this.#teachSiblings();
    const { owner, strength } = this.#standing;
    if (this.#first === '' && (strength === 'strong' || strength === 'certain')) this.#first = owner;
    if (owner === before.owner) return;
    if (before.strength === 'strong' || before.strength === 'certain') this.#revisions++;
  }

  #teachSiblings(): void {
    const { owner, strength } = this.#standing;
    if (owner === 'sqlalchemy' && strength !== 'weak') this.#siblings?.learn(this.#startupKey);
  }

  /** A later connection of an Engine: everything on it is inside transactions, as on the first. */
  #askSiblings(): void {
    const begins = (this.#bits & BEGIN_FIRST) !== 0 && (this.#bits & AUTOCOMMIT) === 0;
    if (begins && this.#siblings!.isSqlalchemy(this.#startupKey)) this.#revise(this.#bits | SIBLING, this.#framework);
  }

  #weigh(): Standing {
    return standingOf({ bits: this.#bits, tool: this.#tool, first: this.#first, framework: this.#framework });
  }
}

/** Of two frameworks seen on one connection, the one with a name; else the first. */
function surer(known: Framework, seen: Framework): Framework {
  return known === '' || known === 'other' || known === 'driver' ? seen : known;
}
