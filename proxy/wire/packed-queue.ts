// A queue of numbers and texts in few bytes: what goes in comes out in the same order.
//
//   │ read … │ number number text … │ … free │      blocks of bytes; one that was read to its end is let go
//
// Invariant: whoever reads knows what was written. A text is latin1, one byte per character.
// Not here: what the numbers mean (session/outstanding.ts).

const BLOCK_BYTES = 64 * 1024;
const NUMBER_BYTES = 8;

export class PackedQueue {
  #blocks: Buffer[] = [];
  /** Where each full block ends: a value is never cut in two. */
  #ends: number[] = [];
  #writeAt = 0;
  #readAt = 0;
  /** Bytes of all blocks. */
  bytes = 0;

  /** From 0 to 255. */
  byte(value: number): void {
    const block = this.#room(1);
    block[this.#writeAt++] = value;
  }

  /** Any whole number from 0 to 2^53, in one byte if it is small. */
  count(value: number): void {
    const block = this.#room(1 + NUMBER_BYTES);
    if (value < WIDE) {
      block[this.#writeAt++] = value;
      return;
    }
    block[this.#writeAt++] = WIDE;
    this.#writeAt = block.writeDoubleLE(value, this.#writeAt);
  }

  number(value: number): void {
    const block = this.#room(NUMBER_BYTES);
    this.#writeAt = block.writeDoubleLE(value, this.#writeAt);
  }

  text(value: string): void {
    this.count(value.length);
    const block = this.#room(value.length);
    this.#writeAt += block.write(value, this.#writeAt, 'latin1');
  }

  takeByte(): number {
    return this.#readable()[this.#readAt++];
  }

  takeCount(): number {
    const value = this.takeByte();
    return value < WIDE ? value : this.#number(this.#blocks[0]);
  }

  takeNumber(): number {
    return this.#number(this.#readable());
  }

  takeText(): string {
    const length = this.takeCount();
    if (length === 0) return '';
    const block = this.#readable();
    this.#readAt += length;
    return block.toString('latin1', this.#readAt - length, this.#readAt);
  }

  /** Lets go of all blocks. Only when everything was read. */
  clear(): void {
    this.#blocks = [];
    this.#ends = [];
    this.#writeAt = 0;
    this.#readAt = 0;
    this.bytes = 0;
  }

  #number(block: Buffer): number {
    this.#readAt += NUMBER_BYTES;
    return block.readDoubleLE(this.#readAt - NUMBER_BYTES);
  }

  /** The last block, with room for so many bytes. */
  #room(bytes: number): Buffer {
    const last = this.#blocks.length - 1;
    if (last >= 0 && this.#blocks[last].length - this.#writeAt >= bytes) return this.#blocks[last];
    if (last >= 0) this.#ends.push(this.#writeAt);
    const block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes));
    this.#blocks.push(block);
    this.bytes += block.length;
    this.#writeAt = 0;
    return block;
  }

  /** The block in which the next value begins. */
  #readable(): Buffer {
    if (this.#ends.length > 0 && this.#readAt === this.#ends[0]) {
      this.#ends.shift();
      this.bytes -= this.#blocks[0].length;
      this.#blocks.shift();
      this.#readAt = 0;
    }
    return this.#blocks[0];
  }
}

/** In place of a number that takes 8 bytes more. */
const WIDE = 255;
