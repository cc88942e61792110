// Whether a link is read: it is while nobody holds it.
// Invariant: each hold is let go once, so that one who waits does not undo another. Not here: who holds it, and why (cpu-share.ts, intake.ts).

import type { Duplex } from 'node:stream';

export class LinkGate {
  readonly #link: Duplex;
  #holds = 0;

  constructor(link: Duplex) {
    this.#link = link;
  }

  hold(): void {
    if (this.#holds++ === 0) this.#link.pause();
  }

  letGo(): void {
    if (--this.#holds === 0) this.#link.resume();
  }
}
