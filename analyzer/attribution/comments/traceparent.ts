// Reads the trace id of a traceparent: one string for statements of a trace that is still known.
// Every statement brings its id anew, and each text that is cut out of another is slow to compare. So an id is known
// again by four numbers, and later it is compared with itself.
// Invariant: an id reads as it was written, whether it is remembered or not. Constant memory; no id keeps its comment.
// Not here: other tags that name a request (request-tags.ts).

const DASH = 0x2d;
const ID_START = 3;
const ID_END = 35;
/** Of an id: 32 digits, as numbers of 32 bits. */
const WORDS = 4;
const WORD_DIGITS = 8;

/** Traces that are remembered, by their last bits: a power of two. */
const PLACES = 256;
const known = new Int32Array(PLACES * WORDS);
const knownIds = new Array<string>(PLACES).fill('');

const words = new Int32Array(WORDS);
const written = Buffer.alloc(ID_END);

/** '' = it is none. */
export function traceIdOf(traceparent: string): string {
  if (traceparent.charCodeAt(2) !== DASH || traceparent.charCodeAt(ID_END) !== DASH) return '';
  if (digitAt(traceparent, 0) < 0 || digitAt(traceparent, 1) < 0) return '';
  for (let word = 0, at = ID_START; word < WORDS; word++) {
    let bits = 0;
    for (const end = at + WORD_DIGITS; at < end; at++) {
      const digit = digitAt(traceparent, at);
      if (digit < 0) return '';
      bits = (bits << 4) | digit;
    }
    words[word] = bits;
  }
  const place = words[WORDS - 1] & (PLACES - 1);
  return knownIds[place] !== '' && isKnown(place) ? knownIds[place] : remembered(place, traceparent);
}

function isKnown(place: number): boolean {
  for (let word = 0; word < WORDS; word++) if (known[place * WORDS + word] !== words[word]) return false;
  return true;
}

function remembered(place: number, traceparent: string): string {
  known.set(words, place * WORDS);
  // A slice would keep the whole comment.
  written.write(traceparent, 'latin1');
  const id = written.toString('latin1', ID_START, ID_END);
  knownIds[place] = id;
  return id;
}

/** A hexadecimal digit in lower case; -1 = anything else. */
function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : -1;
}
