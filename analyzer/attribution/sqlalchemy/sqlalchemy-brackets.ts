// Keeps the stack of open parentheses during a walk, and what each of them holds.
// Invariant: bounded; parentheses nested deeper than the bound count as one level.

/** What a parenthesis, or the whole text, holds. */
export const Frame = { plain: 0, call: 1, select: 2, insert: 3, update: 4, remove: 5, names: 6 } as const;

const DEPTH_MAX = 128;

export class Frames {
  #frames = new Uint8Array(DEPTH_MAX + 1);
  #depth = 0;

  get current(): number {
    return this.#frames[Math.min(this.#depth, DEPTH_MAX)];
  }

  /** The innermost parenthesis turns out to hold this. */
  become(frame: number): void {
    this.#frames[Math.min(this.#depth, DEPTH_MAX)] = frame;
  }

  open(frame: number): void {
    this.#depth++;
    this.become(frame);
  }

  close(): void {
    if (this.#depth > 0) this.#depth--;
  }
}
