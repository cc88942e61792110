// Knows the statement and portal names of one connection and what they stand for.
// Invariant: Parse, Bind and Close take effect in the order of the replies, so a name means what it means to the
// server.
// Not here: the texts that connections share (texts.ts), reading messages (requests.ts, replies.ts).

import { type ParameterSet, takeParameters, UNKNOWN_PARAMETERS } from '../stream/parameters.js';
import { unsure } from '../stream/text-reading.js';
import type { Execution } from './execution.js';
import { type PreparedText, type TextTable, textBytes } from './texts.js';

/** A bound portal: its statement, and while it is suspended, the measurements so far. */
export class Portal {
  readonly prepared: PreparedText | undefined;
  suspended: Execution | undefined = undefined;
  /** It ran to its end: another Execute of it is no other call. */
  done = false;
  /** Savepoints that the session had set before it was bound (Names.savepoints). */
  readonly savepoints: number;
  /** What tells its parameters from others. */
  parameterHash = 0;
  parameterCount = 0;
  parametersCut = false;

  constructor(prepared: PreparedText | undefined, bound: Readonly<ParameterSet>, savepoints: number) {
    this.prepared = prepared;
    this.savepoints = savepoints;
    takeParameters(this, bound);
  }
}

/** How the server reads SQL at this moment: as in TextReadings. */
interface ReadAs {
  readonly now: number;
  readonly span: number;
}

interface NamesLimits {
  /** Statements remembered, and as many named portals. */
  statementNamesMax: number;
  /** Bytes of text that named portals hold. A portal beyond it is known by its name alone. */
  outstandingTextBytesMax: number;
}

/** The unnamed statement and portal are fields, because almost every statement replaces them. */
export class Names {
  readonly #table: TextTable;
  readonly #limits: NamesLimits;
  #unnamedStatement: PreparedText | undefined = undefined;
  #statements: Map<string, PreparedText> | undefined = undefined;
  /** Stands at the oldest name, as in TextTable. */
  #oldestNames: MapIterator<string> | undefined = undefined;
  #unnamedPortal: Portal | undefined = undefined;
  #portals: Map<string, Portal> | undefined = undefined;
  /** Texts of named portals: each keeps the text it was bound to, even after its statement is closed. */
  #portalTextBytes = 0;
  /** SAVEPOINT commands of the session so far. */
  savepoints = 0;

  constructor(table: TextTable, limits: NamesLimits) {
    this.#table = table;
    this.#limits = limits;
  }

  /** What a Parse will define. The name is not valid before define(). */
  prepare(
    name: string,
    text: string,
    { missingBytes, reading }: { missingBytes: number; reading: number },
  ): PreparedText {
    if (name === '') return { name, text, missingBytes, shared: undefined, reading, readIn: 0 };
    const shared = this.#table.acquire(text, { missingBytes, reading });
    return { name, text: '', missingBytes, shared, reading, readIn: 0 };
  }

  /** The same without its name: it had an error. */
  read(prepared: PreparedText, { now, span }: ReadAs): void {
    prepared.readIn = span;
    this.#reread(prepared, now);
  }

  /** What was read in this span may have been read under other settings. */
  doubt(span: number): void {
    for (const prepared of this.#statements?.values() ?? []) this.#doubt(prepared, span);
    if (this.#unnamedStatement !== undefined) this.#doubt(this.#unnamedStatement, span);
  }

  #doubt(prepared: PreparedText, span: number): void {
    if (prepared.readIn === span) this.#reread(prepared, unsure(prepared.reading));
  }

  #reread(prepared: PreparedText, reading: number): void {
    if (prepared.reading === reading) return;
    prepared.reading = reading;
    const { shared } = prepared;
    if (shared?.text === undefined) return;
    prepared.shared = this.#table.acquire(shared.text, { missingBytes: shared.missingBytes, reading });
    this.#table.release(shared);
  }

  /** Lets go of a statement that was not defined, or is no more. */
  discard(prepared: PreparedText): void {
    if (prepared.shared !== undefined) this.#table.release(prepared.shared);
  }

  /** The server has read the text of a Parse, under the settings that hold `now`. */
  define(prepared: PreparedText, readings: ReadAs): void {
    this.read(prepared, readings);
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

  /** Binds a portal and returns the portal that it replaces. */
  bind(name: string, statementName: string, bound: Readonly<ParameterSet> = UNKNOWN_PARAMETERS): Portal | undefined {
    const prepared = this.statement(statementName);
    const old = this.dropPortal(name);
    if (name === '') {
      this.#unnamedPortal = new Portal(prepared, bound, this.savepoints);
      return old;
    }
    this.#portals ??= new Map();
    if (this.#portals.size >= this.#limits.statementNamesMax) return old;
    const room = this.#limits.outstandingTextBytesMax - this.#portalTextBytes;
    const portal = new Portal(textBytes(prepared) <= room ? prepared : undefined, bound, this.savepoints);
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

  /** Calls back for each suspended portal that was bound since the last SAVEPOINT. */
  sinceSavepoint(onSuspended: (portal: Portal) => void): void {
    const unnamed = this.#unnamedPortal;
    if (unnamed?.suspended !== undefined && unnamed.savepoints === this.savepoints) onSuspended(unnamed);
    for (const portal of this.#portals?.values() ?? [])
      if (portal.suspended !== undefined && portal.savepoints === this.savepoints) onSuspended(portal);
  }

  /** Forgets all portals, as at the end of a transaction. Calls back for each one that is suspended. */
  dropPortals(onSuspended: (portal: Portal) => void): void {
    if (this.#unnamedPortal?.suspended !== undefined) onSuspended(this.#unnamedPortal);
    this.#unnamedPortal = undefined;
    if (this.#portals === undefined) return;
    for (const portal of this.#portals.values()) if (portal.suspended !== undefined) onSuspended(portal);
    this.#portals = undefined;
    this.#portalTextBytes = 0;
  }
}
