// The evidence of a verdict as it is stored: JSON, made once per verdict.
// Invariant: nobody changes evidence that a verdict was made with. Not here: what is evidence (facts/verdict.ts).

import type { Evidence } from '../../../facts/verdict.js';

/** Verdicts are made once and shared by all executions that they fit (analyzer/attribution/attribute.ts). */
const texts = new WeakMap<readonly Evidence[], string>();

export function evidenceText(evidence: readonly Evidence[]): string {
  let text = texts.get(evidence);
  if (text === undefined) {
    text = JSON.stringify(evidence.map(({ rule, saw }) => ({ rule, saw })));
    texts.set(evidence, text);
  }
  return text;
}
