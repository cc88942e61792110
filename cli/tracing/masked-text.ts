// SQL as a trace may show it: the analyzer's normalised text, with `?` for every literal.
// Invariant: no literal passes. Not here: what is folded (analyzer/fingerprint/make-key.ts).

import { Fingerprinter } from '../../analyzer/fingerprint/fingerprint.js';
import { type ClientText, readableText } from '../../analyzer/texts/client-text.js';

/** Makes SQL showable. */
export type Mask = (text: ClientText) => string;

/** Loads the grammar once (some 20 ms). */
export async function loadMask(): Promise<Mask> {
  const fingerprinter = await Fingerprinter.load({ analyse: () => undefined });
  return (sent) => {
    const text = readableText(sent);
    return fingerprinter.identify(text.bytes, text).query;
  };
}
