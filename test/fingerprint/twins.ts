// Two fingerprinters, one with skeletons and one without: they must say the same of every text.
// Not here: which texts.

import { expect } from 'vitest';
import { Fingerprinter, type StatementIdentity } from '../../analyzer/fingerprint/fingerprint.js';

const WHOLE = { backslashEscapes: false, missingBytes: 0 };

export class Twins {
  /** No grammar: identity is by key here. */
  readonly #quick = new Fingerprinter({ analyse: () => undefined, readsTokens: () => false });
  readonly #slow = new Fingerprinter({ analyse: () => undefined });
  readonly #pairs = new Map<StatementIdentity, StatementIdentity>();

  check(text: string): void {
    const bytes = Buffer.from(text);
    const slow = this.#slow.identify(bytes, WHOLE);
    const comments = commentsOf(this.#slow);
    for (const turn of ['first', 'again']) {
      const quick = this.#quick.identify(bytes, WHOLE);
      expect({ text, turn, key: quick.key }).toEqual({ text, turn, key: slow.key });
      const before = this.#pairs.get(quick);
      if (before === undefined) this.#pairs.set(quick, slow);
      else expect({ text, same: before === slow }).toEqual({ text, same: true });
      // After a hit the comments are those around the statement, and there are no tokens.
      if (this.#quick.tokens.count === 0)
        expect({ text, comments: commentsOf(this.#quick) }).toEqual({ text, comments });
    }
  }
}

function commentsOf({ tokens }: Fingerprinter): string[] {
  return Array.from({ length: tokens.commentCount }, (_, k) =>
    Buffer.from(tokens.bytes.subarray(tokens.commentStart[k], tokens.commentEnd[k])).toString(),
  );
}
