// SQL texts of prepared statements, kept once for all connections of a relay.
// Invariant: the table's texts, with what each takes to be kept, are together at most bytesMax; a text that had to go leaves its id
// behind, and an observer that was told the text under that id goes on knowing it. Not here: what a name stands for (names.ts).

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
  /** The link generation that was told this text; see link.ts. */
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
