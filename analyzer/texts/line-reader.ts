// Takes texts apart for `pgwitness attribute`, by the same steps as texts from the wire.
// Invariant: fingerprints, the statements of one text, and the owner of an EXECUTE or FETCH are those that the sidecar
// would give if the server had run each text without an error. Not here: verdicts (attribution/attribute-lines.ts),
// files (cli/commands/attribute.ts).

import { limits } from '../../config/limits.js';
import type { LineReader, LineStatement } from '../attribution/attribute-lines.js';
import type { UserRules } from '../attribution/rules/rule-user.js';
import { StatementTexts } from './statement-texts.js';

export async function loadLineReader(rules: UserRules): Promise<LineReader> {
  const texts = await StatementTexts.load({ dimensionKeys: new Set(), rules });
  return (session, sql) => {
    const statements: LineStatement[] = [];
    texts.eachIn(session, keptOf(Buffer.from(sql)), (statement, { query, summary }) =>
      statements.push({ ...statement, query, summary }),
    );
    return statements;
  };
}

/** A long text as the relay would have kept it. */
function keptOf(text: Buffer): { text: Buffer; missingBytes: number } {
  const { textHeadBytesMax: head, textTailBytesMax: tail } = limits;
  if (text.length <= head + tail) return { text, missingBytes: 0 };
  const kept = Buffer.concat([text.subarray(0, head), text.subarray(text.length - tail)]);
  return { text: kept, missingBytes: text.length - kept.length };
}
