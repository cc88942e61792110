// Compares what is said of labelled lines with what the sending process said.
// Not here: labels (programs/labels.py), rates that have to be reached (the tests).

import { attributeLines } from '../../analyzer/attribution/attribute-lines.js';
import { UserRules } from '../../analyzer/attribution/rules/rule-user.js';
import { loadLineReader } from '../../analyzer/texts/line-reader.js';
import type { LabelledLine } from './labelled-traffic.js';

export interface Said {
  readonly source: string;
  readonly construct: string;
  readonly confidence: string;
}

export type JudgedLine = LabelledLine & Said;

const read = await loadLineReader(new UserRules([]));

/** As `attribute` judges them, session by session. */
export function judge(lines: readonly LabelledLine[]): JudgedLine[] {
  return attributeLines(
    lines.map((line) => JSON.stringify(line)),
    { read },
  ).map((result) => {
    if ('error' in result) throw new Error(result.error.message);
    return result.output as unknown as JudgedLine;
  });
}

const BY_HAND = new Set(['extra', 'rawsql', 'text']);

/** Whether the source is the one that sent it. What a library looks up for itself may be its own or housekeeping. */
export function isRightSource(label: string, { source }: Said): boolean {
  const [sentBy, construct] = label.split(':');
  if (sentBy === '') return source !== 'raw' && source !== 'unknown';
  return source === sentBy || (source === 'housekeeping' && construct === 'internal');
}

/** Whether what is by hand is called so, and reflection reflection. Of the constructs of generated SQL the wire does
 * not tell all, and nobody has to move them. */
export function isRightConstruct(label: string, said: Said): boolean {
  const [sentBy, construct] = label.split(':');
  if (sentBy === '' || sentBy === 'raw') return !BY_HAND.has(said.construct);
  if (construct === 'reflection') return said.construct === 'reflection' || said.source === 'housekeeping';
  return BY_HAND.has(construct) === BY_HAND.has(said.construct);
}
