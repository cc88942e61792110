// Keeps the SQL of prepared statements, each text once for all connections of a relay.
// Invariant: all texts with their overhead take at most bytesMax, unless a single text is larger. An evicted text
// leaves its id behind, because an observer may know the text under that id.
// Not here: what a name stands for (names.ts).

import { USUAL_READING, unsure } from '../stream/text-reading.js';
import type { PackedQueue } from '../wire/packed-queue.js';

/** Overhead of one text in the table, as measured: two objects and a place in a map. */
export const TEXT_ENTRY_BYTES = 160;

/** SQL as latin1: one character per byte. The table shares the texts of named statements. */
export interface PreparedText {
  /** Protocol name of the statement; '' for the unnamed one and for simple Query. */
  readonly name: string;
  /** The SQL; '' when `shared` holds it. */
  readonly text: string;
  /** Bytes left out between head and tail of a very long text; 0 = the text is complete. */
  readonly missingBytes: number;
  shared: SharedText | undefined;
  /**
   * How the server read it (stream/text-reading.ts); a guess until it has. Another one than that of `shared` when that
   * was evicted before it turned out: then the text is as good as unknown.
   */
  reading: number;
  /** The span in which the server read it (settings.ts). */
  readIn: number;
}

/** Bytes of text that this holder alone keeps: 0 for a shared text. */
export function textBytes(prepared: PreparedText | undefined): number {
  return prepared === undefined ? 0 : prepared.text.length;
}

/** Of an unnamed statement or a Query, before the server has read it. */
export function packText(far: PackedQueue, { text, missingBytes, reading }: PreparedText): void {
  far.text(text);
  far.count(missingBytes);
  far.count(reading);
}

export function unpackText(far: PackedQueue): PreparedText {
  return {
    name: '',
    text: far.takeText(),
    missingBytes: far.takeCount(),
    shared: undefined,
    reading: far.takeCount(),
    readIn: 0,
  };
}

interface TextFacts {
  missingBytes: number;
  reading: number;
}

/** The text by itself, in doubt; undefined when it was evicted. */
export function doubtedCopy(prepared: PreparedText): PreparedText | undefined {
  const own = ownCopy(prepared);
  if (own !== undefined) own.reading = unsure(own.reading);
  return own;
}

/** The text by itself, which the table does not share; undefined when it was evicted. */
export function ownCopy(prepared: PreparedText): PreparedText | undefined {
  const { shared } = prepared;
  if (shared === undefined) return { ...prepared };
  return shared.text === undefined ? undefined : { ...prepared, text: shared.text, shared: undefined };
}

export class SharedText {
  readonly id: number;
  /** undefined after it was evicted. */
  text: string | undefined;
  readonly missingBytes: number;
  readonly reading: number;
  references = 0;
  /** The link generation that was told this text (link/link.ts). */
  announcedIn = 0;

  constructor(id: number, text: string, { missingBytes, reading }: TextFacts) {
    this.id = id;
    this.text = text;
    this.missingBytes = missingBytes;
    this.reading = reading;
  }
}

/** One per relay process. */
export class TextTable {
  readonly #bytesMax: number;
  /** By keyOf(). */
  readonly #byText = new Map<string, SharedText>();
  #bytes = 0;
  #nextId = 1;
  /** Stands at the oldest text. Searching the map from its start each time would pass every deleted entry. */
  #oldest: MapIterator<[string, SharedText]> | undefined;
  /** Called for a text that has left the table and that no session refers to. */
  onForgotten: (shared: SharedText) => void = () => {};

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Returns the shared text with one more reference; give it back with release(). */
  acquire(text: string, facts: TextFacts): SharedText {
    const key = keyOf(text, facts.reading);
    let shared = this.#byText.get(key);
    if (shared === undefined) {
      shared = new SharedText(this.#nextId++, text, facts);
      this.#bytes += text.length + TEXT_ENTRY_BYTES;
    } else {
      this.#byText.delete(key); // it becomes the youngest
    }
    this.#byText.set(key, shared);
    shared.references++;
    this.#evict(shared);
    return shared;
  }

  release(shared: SharedText): void {
    shared.references--;
    if (shared.references === 0 && shared.text === undefined) this.onForgotten(shared);
  }

  /** Checks what must always hold. Throws an Error that names what does not; tests call it. */
  invariants(): void {
    let bytes = 0;
    for (const [key, shared] of this.#byText) {
      const { text, reading } = shared;
      bytes += (text?.length ?? 0) + TEXT_ENTRY_BYTES;
      if (text === undefined || keyOf(text, reading) !== key)
        throw new Error(`text ${shared.id} lies under another text`);
      if (shared.references < 0) throw new Error(`text ${shared.id} has ${shared.references} references`);
    }
    if (bytes !== this.#bytes) throw new Error(`the texts take ${bytes} bytes, counted are ${this.#bytes}`);
    if (bytes > this.#bytesMax && this.#byText.size > 1) throw new Error(`${bytes} bytes of texts`);
  }

  /** Oldest first, texts in use included: their executions go on with the id, which the observer may know. */
  #evict(keep: SharedText): void {
    while (this.#bytes > this.#bytesMax && this.#byText.size > 1) {
      this.#oldest ??= this.#byText.entries();
      const next = this.#oldest.next();
      if (next.done || next.value[1] === keep) {
        this.#oldest = undefined;
        continue;
      }
      const [key, shared] = next.value;
      this.#byText.delete(key);
      this.#bytes -= (shared.text?.length ?? 0) + TEXT_ENTRY_BYTES;
      shared.text = undefined;
      if (shared.references === 0) this.onForgotten(shared);
    }
  }
}

/** One text under two readings is two texts. No SQL holds a NUL. */
function keyOf(text: string, reading: number): string {
  return reading === USUAL_READING ? text : `${reading}\0${text}`;
}
