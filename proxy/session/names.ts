// The statement and portal names of one connection, and what they stand for.
// Invariant: effects of Parse, Bind and Close are applied in the order of the replies, so a name means what it means to the server.
// Not here: the texts that connections share (texts.ts), reading messages (requests.ts, replies.ts).

import type { Execution } from './execution.js';
import { type PreparedText, type TextTable, textBytes } from './texts.js';

/** A bound portal: what it runs, and what was measured of it while it is suspended. */
export class Portal {
  readonly prepared: PreparedText | undefined;
  suspended: Execution | undefined = undefined;
  /** Ran to its end: a further Execute of it is not a further call. */
  done = false;

  constructor(prepared: PreparedText | undefined) {
    this.prepared = prepared;
  }
}

export interface NamesLimits {
  /** Statements remembered, and as many named portals. */
  statementNamesMax: number;
  /** Octets of texts that named portals hold; beyond it a portal is known by its name alone. */
  outstandingTextBytesMax: number;
}

/** Statement and portal names of one connection. The unnamed ones are fields: they are replaced with almost every statement. */
export class Names {
  readonly #table: TextTable;
  readonly #limits: NamesLimits;
  #unnamedStatement: PreparedText | undefined = undefined;
  #statements: Map<string, PreparedText> | undefined = undefined;
  /** As in the table of texts. */
  #oldestNames: MapIterator<string> | undefined = undefined;
  #unnamedPortal: Portal | undefined = undefined;
  #portals: Map<string, Portal> | undefined = undefined;
  /** Of named portals: each keeps the text it was bound to alive, whatever became of the statement. */
  #portalTextBytes = 0;

  constructor(table: TextTable, limits: NamesLimits) {
    this.#table = table;
    this.#limits = limits;
  }

  /** What a Parse will define; not valid as a name before define(). */
  prepare(name: string, text: string, missingBytes: number): PreparedText {
    if (name === '') return { name, text, missingBytes, shared: undefined };
    return { name, text: '', missingBytes, shared: this.#table.acquire(text, missingBytes) };
  }

  /** A Parse that never came to be. */
  discard(prepared: PreparedText): void {
    if (prepared.shared !== undefined) this.#table.release(prepared.shared);
  }

  define(prepared: PreparedText): void {
    if (prepared.name === '') {
      this.#unnamedStatement = prepared;
      return;
    }
    this.#statements ??= new Map();
    this.dropStatement(prepared.name);
    this.#statements.set(prepared.name, prepared);
    if (this.#statements.size > this.#limits.statementNamesMax) {
      this.#oldestNames ??= this.#statements.keys();
      const oldest = this.#oldestNames.next();
      if (oldest.done) this.#oldestNames = undefined;
      else this.dropStatement(oldest.value);
    }
  }

  statement(name: string): PreparedText | undefined {
    return name === '' ? this.#unnamedStatement : this.#statements?.get(name);
  }

  dropStatement(name: string): void {
    if (name === '') {
      this.#unnamedStatement = undefined;
      return;
    }
    const old = this.#statements?.get(name);
    if (old === undefined) return;
    this.#statements?.delete(name);
    this.discard(old);
  }

  /** DEALLOCATE ALL, DISCARD ALL, or the end of the session. */
  dropStatements(): void {
    if (this.#statements === undefined) return;
    for (const prepared of this.#statements.values()) this.discard(prepared);
    this.#statements = undefined;
    this.#oldestNames = undefined;
  }

  /** Binds a portal; returns the one it replaces. */
  bind(name: string, statementName: string): Portal | undefined {
    const prepared = this.statement(statementName);
    const old = this.dropPortal(name);
    if (name === '') {
      this.#unnamedPortal = new Portal(prepared);
      return old;
    }
    this.#portals ??= new Map();
    if (this.#portals.size >= this.#limits.statementNamesMax) return old;
    const room = this.#limits.outstandingTextBytesMax - this.#portalTextBytes;
    const portal = new Portal(textBytes(prepared) <= room ? prepared : undefined);
    this.#portalTextBytes += textBytes(portal.prepared);
    this.#portals.set(name, portal);
    return old;
  }

  portal(name: string): Portal | undefined {
    return name === '' ? this.#unnamedPortal : this.#portals?.get(name);
  }

  dropPortal(name: string): Portal | undefined {
    const old = this.portal(name);
    if (name === '') this.#unnamedPortal = undefined;
    else if (old !== undefined) {
      this.#portalTextBytes -= textBytes(old.prepared);
      this.#portals?.delete(name);
    }
    return old;
  }

  /** Calls back for every portal that was left suspended, and forgets all portals (they end with the transaction). */
  dropPortals(left: (suspended: Portal) => void): void {
    if (this.#unnamedPortal?.suspended !== undefined) left(this.#unnamedPortal);
    this.#unnamedPortal = undefined;
    if (this.#portals === undefined) return;
    for (const portal of this.#portals.values()) if (portal.suspended !== undefined) left(portal);
    this.#portals = undefined;
    this.#portalTextBytes = 0;
  }
}
