// The client encodings in which a byte of ASCII may be the end of another character.
// It knows the lengths of their characters, as PostgreSQL has them, and their UTF-8.
// Invariant: no such character becomes ASCII.
// Not here: whole texts (client-text.ts).
// Sources: src/common/wchar.c of PostgreSQL 18 (pg_sjis_mblen and its like), docs chapter "Character Set Support".

/** Leads of characters; 0 = ASCII. */
const SINGLE = 1;
const LEAD = 2;

/** Decoders differ in what they put there. */
const PRIVATE_USE = /[\ue000-\uf8ff]/;

/** Code points in Unicode's private planes, for characters that no decoder knows: plane 15 and the two bytes. */
const PRIVATE = 0xf0000;

export class ClientEncoding {
  /** WHATWG's name; '' = no decoder knows it. */
  readonly #label: string;
  readonly #leads = new Uint8Array(256);
  readonly #trails = new Uint8Array(256);
  /** Second and fourth byte of a character may be digits. */
  readonly #hasFour: boolean;
  /** Characters that the server may turn into ASCII before it reads the text, as numbers of two bytes. */
  readonly #ambiguous: ReadonlySet<number>;
  #decoder: { decode(bytes: Uint8Array): string } | undefined;
  readonly #known = new Map<number, Uint8Array>();

  constructor(label: string, { singles = '', trails, hasFour = false, ambiguous = [] }: EncodingParts) {
    this.#label = label;
    this.#ambiguous = new Set(ambiguous);
    this.#hasFour = hasFour;
    this.#leads.fill(LEAD, 0x80);
    eachByte(singles, (byte) => {
      this.#leads[byte] = SINGLE;
    });
    eachByte(trails, (byte) => {
      this.#trails[byte] = 1;
    });
  }

  /** Bytes of the character at `at`, 0 if there is none to rely on. The end of the text may cut the last one short. */
  lengthAt(bytes: Uint8Array, at: number): number {
    if (this.#leads[bytes[at]] !== LEAD) return 1;
    if (at + 1 >= bytes.length) return 1;
    if (this.#ambiguous.has((bytes[at] << 8) | bytes[at + 1])) return 0;
    if (this.#trails[bytes[at + 1]] === 1) return 2;
    if (!this.#hasFour || !isDigit(bytes[at + 1])) return 0;
    const left = bytes.length - at;
    if (left > 2 && this.#leads[bytes[at + 2]] !== LEAD) return 0;
    if (left > 3 && !isDigit(bytes[at + 3])) return 0;
    return Math.min(left, 4);
  }

  /** UTF-8 of the character of `length` bytes at `at`, which is not ASCII. */
  utf8At(bytes: Uint8Array, at: number, length: number): Uint8Array {
    let code = 0;
    for (let i = 0; i < length; i++) code = code * 256 + bytes[at + i];
    let known = this.#known.get(code);
    if (known === undefined) {
      known = Buffer.from(
        this.#decoded(bytes.subarray(at, at + length)) ?? String.fromCodePoint(PRIVATE + (code & 0xffff)),
      );
      // Two bytes give 24,000 characters at most; four give a million.
      if (length < 4) this.#known.set(code, known);
    }
    return known;
  }

  #decoded(bytes: Uint8Array): string | undefined {
    if (this.#label === '') return undefined;
    try {
      this.#decoder ??= new TextDecoder(this.#label, { fatal: true });
      const text = this.#decoder.decode(bytes);
      // What a decoder takes for more than one character is none of the server's.
      const [first, ...more] = text;
      const isOne = more.length === 0 && first > '\x7f' && !PRIVATE_USE.test(first);
      return isOne ? text : undefined;
    } catch {
      return undefined;
    }
  }
}

interface EncodingParts {
  /** Ranges of bytes, in hexadecimal digits. */
  singles?: string;
  trails: string;
  hasFour?: boolean;
  ambiguous?: readonly number[];
}

function eachByte(ranges: string, take: (byte: number) => void): void {
  for (const range of ranges.split(' ').filter(Boolean)) {
    const [from, to] = range.split('-').map((digits) => Number.parseInt(digits, 16));
    for (let byte = from; byte <= to; byte++) take(byte);
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

const sjis = { singles: 'a1-df', trails: '40-7e 80-fc' };

/**
 * By the name that the server reports as client_encoding. Trails of UHC are letters, and PostgreSQL up to 18 knows none
 * below a1 in JOHAB: those two are here for texts that the server refuses.
 */
export const CLIENT_ENCODINGS: ReadonlyMap<string, ClientEncoding> = new Map([
  ['SJIS', new ClientEncoding('shift_jis', sjis)],
  // For a server in UTF8 these two are a backslash and a tilde, for one in EUC_JIS_2004 they are not.
  ['SHIFT_JIS_2004', new ClientEncoding('shift_jis', { ...sjis, ambiguous: [0x815f, 0x81b0] })],
  ['BIG5', new ClientEncoding('big5', { trails: '40-7e a1-fe' })],
  ['GBK', new ClientEncoding('gbk', { trails: '40-7e 80-fe' })],
  ['GB18030', new ClientEncoding('gb18030', { trails: '40-7e 80-fe', hasFour: true })],
  ['UHC', new ClientEncoding('euc-kr', { trails: '41-5a 61-7a 81-fe' })],
  ['JOHAB', new ClientEncoding('', { trails: '31-7e 91-fe' })],
]);
