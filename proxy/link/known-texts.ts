// Decides how the SQL of an observation travels: inline, or by the id of a known text.
// Invariant: an id is used only after its text was sent to the present observer, and no longer after it was forgotten.
// Not here: the table of texts (session/texts.ts), their bytes (stream/writer.ts).

import type { PreparedText, SharedText } from '../session/texts.js';
import { USUAL_READING } from '../stream/text-reading.js';
import type { BatchWriter, TextFields } from '../stream/writer.js';

const UNKNOWN: TextFields = { text: null, textMissingBytes: 0, textId: 0, reading: USUAL_READING };

export class KnownTexts {
  /** A text whose announcedIn equals this was sent to the present observer. */
  #generation = 1;

  /** The observer knows no text any more. */
  reset(): void {
    this.#generation++;
  }

  isKnown(shared: SharedText): boolean {
    return shared.announcedIn === this.#generation;
  }

  /** Hot path. Writes the definition first when the observer does not know a shared text. */
  fieldsOf(prepared: PreparedText | undefined, writer: BatchWriter): TextFields {
    if (prepared === undefined) return UNKNOWN;
    const { shared, reading } = prepared;
    if (shared === undefined)
      return { text: prepared.text, textMissingBytes: prepared.missingBytes, textId: 0, reading };
    if (shared.reading !== reading) return UNKNOWN;
    if (shared.announcedIn !== this.#generation) {
      if (shared.text === undefined) return UNKNOWN;
      writer.textDefined(shared.id, shared.text, shared);
      shared.announcedIn = this.#generation;
    }
    return { text: null, textMissingBytes: 0, textId: shared.id, reading };
  }
}
