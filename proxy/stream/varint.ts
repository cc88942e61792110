// Writes numbers of any size in few bytes, and texts behind their length.
// A number is 7 bits a byte, low bits first; the high bit says that another byte follows.
// Invariant: what is written takes at most 10 bytes a number; the caller made room. Not here: reading (reader.ts).

/** Writes a whole number from 0 to 2^53. Returns where it ends. */
export function putVarint(b: Buffer, at: number, value: number): number {
  let rest = value;
  // Bit operators hold 31 bits only, so the high part is cut by division.
  while (rest > 0x7fffffff) {
    b[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 128) {
    b[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  b[at++] = rest;
  return at;
}

/** Writes a text of one byte per character. Returns where it ends. */
export function putLatin1(b: Buffer, at: number, text: string): number {
  const start = putVarint(b, at, text.length);
  return text.length === 0 ? start : start + b.write(text, start, text.length, 'latin1');
}
