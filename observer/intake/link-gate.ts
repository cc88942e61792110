// Pauses a link while anybody holds it.
// Invariant: each hold is let go once, so that one holder does not undo another. Not here: the holders (cpu-share.ts,
// intake.ts).

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
