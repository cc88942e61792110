// SQL texts of prepared statements: what a name of one connection stands for, and one byte-bounded table of texts for all connections.
// Invariant: the table's texts, with what each takes to be kept, are together at most bytesMax; a text that had to go leaves its id
// behind, and an observer that was told the text under that id goes on knowing it. Effects of Parse, Bind and Close are applied in reply
// order, so names mean what they mean to the server. Not here: reading messages.

import type { Execution } from './execution.js';

/** What a text takes in the table besides its octets (two objects and a place in a map, as measured): short ones are mostly that. */
export const TEXT_ENTRY_BYTES = 160;

/** SQL as latin1 (one character per octet). Of a named statement it is shared through the table. */
export interface PreparedText {
  /** Protocol name of the statement; '' for unnamed and simple. */
  readonly name: string;
  /** The SQL, or '' when it lies in `shared`. */
  readonly text: string;
  readonly missingBytes: number;
  readonly shared: SharedText | undefined;
}

/** Octets of text that belong to this holder alone. */
export function textBytes(prepared: PreparedText | undefined): number {
  return prepared === undefined ? 0 : prepared.text.length;
}

export class SharedText {
  readonly id: number;
  /** undefined when it was evicted. */
  text: string | undefined;
  readonly missingBytes: number;
  references = 0;
  /** The link generation that was told this text; see observer-link.ts. */
  announcedIn = 0;

  constructor(id: number, text: string, missingBytes: number) {
    this.id = id;
    this.text = text;
    this.missingBytes = missingBytes;
  }
}

/** One per relay process. */
export class TextTable {
  readonly #bytesMax: number;
  readonly #byText = new Map<string, SharedText>();
  #bytes = 0;
  #nextId = 1;
  /** Where the oldest is: a map looked through from its start each time would pass all that was deleted there. */
  #oldest: MapIterator<[string, SharedText]> | undefined;
  /** Called when no session refers to a text any more and it left the table. */
  onForgotten: (shared: SharedText) => void = () => {};

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The shared text, with one reference more. */
  acquire(text: string, missingBytes: number): SharedText {
    let shared = this.#byText.get(text);
    if (shared === undefined) {
      shared = new SharedText(this.#nextId++, text, missingBytes);
      this.#bytes += text.length + TEXT_ENTRY_BYTES;
    } else {
      this.#byText.delete(text); // moved to the young end
    }
    this.#byText.set(text, shared);
    shared.references++;
    this.#evict(shared);
    return shared;
  }

  release(shared: SharedText): void {
    shared.references--;
    if (shared.references === 0 && shared.text === undefined) this.onForgotten(shared);
  }

  /** Oldest first, the ones in use included: their id goes on being used where the observer knows it. */
  #evict(keep: SharedText): void {
    while (this.#bytes > this.#bytesMax && this.#byText.size > 1) {
      this.#oldest ??= this.#byText.entries();
      const next = this.#oldest.next();
      if (next.done || next.value[1] === keep) {
        this.#oldest = undefined;
        continue;
      }
      const [text, shared] = next.value;
      this.#byText.delete(text);
      this.#bytes -= text.length + TEXT_ENTRY_BYTES;
      shared.text = undefined;
      if (shared.references === 0) this.onForgotten(shared);
    }
  }
}

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
