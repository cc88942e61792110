// Names the settings under which the server read a text, since they decide what in it is a literal.
// Invariant: a reading is a small number on its way to the observer; 0 is the usual one. The list of encodings is only
// appended to. Not here: which reading a text has (session/settings.ts), what it means (analyzer/texts/client-text.ts).

/** The settings under which the server read a text. */
export interface TextReading {
  /** standard_conforming_strings = off: a backslash escapes inside '…'. */
  readonly backslashEscapes: boolean;
  /** client_encoding; '' for those in which every byte of ASCII is a character, except UTF8. */
  readonly clientEncoding: string;
  /** False when the settings may have been others for a moment. */
  readonly isSure: boolean;
}

/** Those whose later bytes may be ASCII, by the server's names. Only ever append. */
const ENCODINGS = ['UTF8', '', 'SJIS', 'SHIFT_JIS_2004', 'BIG5', 'GBK', 'GB18030', 'UHC', 'JOHAB'];

const ESCAPES = 1;
const UNSURE = 2;
const ENCODING_SHIFT = 2;

/** By number. */
export const TEXT_READINGS: readonly TextReading[] = Array.from(
  { length: ENCODINGS.length << ENCODING_SHIFT },
  (_, reading) => ({
    backslashEscapes: (reading & ESCAPES) !== 0,
    clientEncoding: ENCODINGS[reading >> ENCODING_SHIFT],
    isSure: (reading & UNSURE) === 0,
  }),
);

/** UTF8, standard_conforming_strings = on, sure. */
export const USUAL_READING = 0;

/** A server that reports no client_encoding ('') is taken to have UTF8. */
export function textReading({ backslashEscapes, clientEncoding }: Omit<TextReading, 'isSure'>): number {
  const known = clientEncoding === '' ? 0 : ENCODINGS.indexOf(clientEncoding);
  const encoding = known === -1 ? ENCODINGS.indexOf('') : known;
  return (encoding << ENCODING_SHIFT) | (backslashEscapes ? ESCAPES : 0);
}

/** The same settings, unless they were others. */
export function unsure(reading: number): number {
  return reading | UNSURE;
}
