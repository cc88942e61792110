// Keeps the SQL of prepared statements, each text once for all connections of a relay.
// Invariant: all texts with their overhead take at most bytesMax, unless a single text is larger. An evicted text
// leaves its id behind, because an observer may know the text under that id.
// Not here: what a name stands for (names.ts).

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
  readonly shared: SharedText | undefined;
}

/** Bytes of text that this holder alone keeps: 0 for a shared text. */
export function textBytes(prepared: PreparedText | undefined): number {
  return prepared === undefined ? 0 : prepared.text.length;
}

export class SharedText {
  readonly id: number;
  /** undefined after it was evicted. */
  text: string | undefined;
  readonly missingBytes: number;
  references = 0;
  /** The link generation that was told this text (link/link.ts). */
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
  acquire(text: string, missingBytes: number): SharedText {
    let shared = this.#byText.get(text);
    if (shared === undefined) {
      shared = new SharedText(this.#nextId++, text, missingBytes);
      this.#bytes += text.length + TEXT_ENTRY_BYTES;
    } else {
      this.#byText.delete(text); // it becomes the youngest
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

  /** Checks what must always hold. Throws an Error that names what does not; tests call it. */
  invariants(): void {
    let bytes = 0;
    for (const [text, shared] of this.#byText) {
      bytes += text.length + TEXT_ENTRY_BYTES;
      if (shared.text !== text) throw new Error(`text ${shared.id} lies under another text`);
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
      const [text, shared] = next.value;
      this.#byText.delete(text);
      this.#bytes -= text.length + TEXT_ENTRY_BYTES;
      shared.text = undefined;
      if (shared.references === 0) this.onForgotten(shared);
    }
  }
}
