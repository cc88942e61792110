// SQL as a trace may show it: the analyzer's normalised text, with `?` for every literal.
// Invariant: no literal passes. Not here: what is folded (analyzer/fingerprint/normalize.ts).

import { Fingerprinter } from '../../analyzer/fingerprint/fingerprint.js';

export interface TextToMask {
  /** As on the wire. */
  readonly sql: Uint8Array;
  /** Bytes left out between its head and its tail; 0 = it is whole. */
  readonly missingBytes: number;
  /** The session has standard_conforming_strings = off. */
  readonly backslashEscapes: boolean;
}

/** Makes SQL showable. */
export type Mask = (text: TextToMask) => string;

/** Loads the grammar once (some 20 ms). */
export async function loadMask(): Promise<Mask> {
  const fingerprinter = await Fingerprinter.load({ analyse: () => undefined });
  return ({ sql, missingBytes, backslashEscapes }) =>
    fingerprinter.identify(sql, { missingBytes, backslashEscapes }).query;
}
