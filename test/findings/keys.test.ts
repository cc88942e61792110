// Statements that share a fingerprint, and even their literals, but not their text.
// They are not the same read.
// Not here: how keys and fingerprints are made (../fingerprint/).

import { expect, test } from 'vitest';
import { UserRules } from '../../analyzer/attribution/rules/rule-user.js';
import { Pipeline } from '../../analyzer/pipeline.js';
import { limits } from '../../config/limits.js';
import { opened, statement, T0 } from '../observer/observing.js';

/** Kinds that are found when one tagged request sends these. */
async function kindsOf(texts: readonly string[]): Promise<string[]> {
  const pipeline = await Pipeline.load({
    limits,
    dimensionKeys: new Set(['route']),
    rules: new UserRules([]),
    networkOf: () => '',
    counted: { recordStatement() {} },
    parameterKey: [1, 2],
  });
  for (const one of opened(1)) pipeline.observe('relay', one);
  texts.forEach((text, at) => {
    const sql = `${text} /*request_id='1',route='a'*/`;
    pipeline.observe('relay', statement(sql, { sessionId: 1, completedAtMs: T0 + at }));
  });
  for (const session of [...pipeline.sessions.all()]) pipeline.close(session, T0 + texts.length);
  pipeline.counting.endAll();
  return [...pipeline.counting.findings.pending()].map(({ kind }) => kind);
}

test('LIMIT 2 and OFFSET 2 have one fingerprint, and are two reads', async () => {
  const limit = 'SELECT a FROM t ORDER BY a LIMIT 2';
  const offset = 'SELECT a FROM t ORDER BY a OFFSET 2';
  expect(await kindsOf([limit, offset, limit, offset])).toEqual([]);
  expect(await kindsOf([limit, offset, limit, limit])).toEqual(['duplicate']);
});
