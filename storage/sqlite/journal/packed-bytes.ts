// Bytes of the journal: numbers and texts, one behind the other.
// Invariant: what is written is read back as it was; reading beyond the end throws DamagedJournal.
// Not here: what they mean (packed-row.ts).

import { DamagedJournal } from '../file/failures.js';

const BIT_7 = 0x80;
const HEX_DIGITS = 16;
const IS_HEX = 1;
const IS_TEXT = 0;
/** Of a whole number with at most this many digits of 7 bits. */
const SCALE_MAX = 2 ** 49;

export class ByteWriter {
  #bytes: Buffer;
  #view: DataView;
  length = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(capacity);
    this.#view = viewOf(this.#bytes);
  }

  /** Makes room for so many bytes; each number takes at most 8, a text 3 per character and 8. */
  reserve(bytes: number): void {
    if (this.length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.length + bytes));
    this.#bytes.copy(larger, 0, 0, this.length);
    this.#bytes = larger;
    this.#view = viewOf(larger);
  }

  /** A whole number from 0 to 2^53 - 1. */
  whole(value: number): void {
    let rest = value;
    const bytes = this.#bytes;
    while (rest >= BIT_7) {
      bytes[this.length++] = (rest % BIT_7) | BIT_7;
      rest = Math.floor(rest / BIT_7);
    }
    bytes[this.length++] = rest;
  }

  float(value: number): void {
    this.#view.setFloat64(this.length, value);
    this.length += 8;
  }

  text(value: string): void {
    this.whole(Buffer.byteLength(value));
    this.length += this.#bytes.write(value, this.length);
  }

  /** A text, of which one of 16 hexadecimal digits takes half as many bytes. */
  fingerprint(value: string): void {
    const bytes = this.#bytes;
    if (value.length === HEX_DIGITS) {
      let at = this.length + 1;
      let place = 0;
      for (; place < HEX_DIGITS; place += 2) {
        const digits = digitOf(value.charCodeAt(place)) * 16 + digitOf(value.charCodeAt(place + 1));
        if (!(digits >= 0)) break;
        bytes[at++] = digits;
      }
      if (place === HEX_DIGITS) {
        bytes[this.length] = IS_HEX;
        this.length = at;
        return;
      }
    }
    bytes[this.length++] = IS_TEXT;
    this.text(value);
  }

  /** On loan until more is written. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }
}

export class ByteReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = viewOf(bytes);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  whole(): number {
    const bytes = this.#bytes;
    let value = 0;
    for (let scale = 1; ; scale *= BIT_7) {
      if (this.#at >= bytes.length || scale > SCALE_MAX) throw new DamagedJournal();
      const byte = bytes[this.#at++];
      value += (byte & 0x7f) * scale;
      if (byte < BIT_7) return value;
    }
  }

  float(): number {
    const at = this.#at;
    if (at + 8 > this.#bytes.length) throw new DamagedJournal();
    this.#at = at + 8;
    return this.#view.getFloat64(at);
  }

  text(): string {
    const size = this.whole();
    const at = this.#at;
    if (at + size > this.#bytes.length) throw new DamagedJournal();
    this.#at = at + size;
    return this.#bytes.toString('utf8', at, this.#at);
  }

  fingerprint(): string {
    if (this.whole() !== IS_HEX) return this.text();
    const at = this.#at;
    this.#at = at + HEX_DIGITS / 2;
    if (this.#at > this.#bytes.length) throw new DamagedJournal();
    return this.#bytes.toString('hex', at, this.#at);
  }
}

/** NaN for anything but 0 to 9 and a to f. */
function digitOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : Number.NaN;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
