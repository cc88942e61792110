// Findings in recorded traffic without a fault: each part of a session as one tagged request.
// The corpus is no part of the repository: PGWITNESS_CORPUS names its folder, else ../shared/corpus is tried.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UserRules } from '../../analyzer/attribution/rules/rule-user.js';
import { Pipeline } from '../../analyzer/pipeline.js';
import { limits } from '../../config/limits.js';
import { opened, statement, T0 } from '../observer/observing.js';

const folder = process.env.PGWITNESS_CORPUS ?? resolve(import.meta.dirname, '../../../shared/corpus');
const file = join(folder, 'sessions.jsonl.gz');
const present = existsSync(file);
const where = present ? folder : `skipped: no sessions.jsonl.gz in ${folder}, set PGWITNESS_CORPUS`;

interface Row {
  readonly session: string;
  readonly protocol: 'simple' | 'extended';
  readonly sql: string;
  readonly section: string;
}

describe.skipIf(!present)(`recorded sessions (${where})`, () => {
  test('hold no finding that is proven', async () => {
    const rows = gunzipSync(readFileSync(file))
      .toString('utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
    const pipeline = await Pipeline.load({
      limits,
      dimensionKeys: new Set(['route']),
      rules: new UserRules([]),
      networkOf: () => '',
      counted: { recordStatement() {} },
      parameterKey: [1, 2],
    });
    const sessions = [...new Set(rows.map(({ session }) => session))];
    for (const session of sessions)
      for (const one of opened(1 + sessions.indexOf(session))) pipeline.observe('relay', one);
    rows.forEach(({ session, sql, section }, at) => {
      const sessionId = 1 + sessions.indexOf(session);
      const tags = `/*request_id='${encodeURIComponent(`${session} ${section}`)}',route='${encodeURIComponent(section || 'start')}'*/`;
      const command = /^\s*(\w+)/.exec(sql)?.[1].toUpperCase() ?? '';
      pipeline.observe(
        'relay',
        statement(`${sql} ${tags}`, { sessionId, completedAtMs: T0 + at, completions: [{ command, rows: 1 }] }),
      );
    });
    for (const session of [...pipeline.sessions.all()]) pipeline.close(session, T0 + rows.length);
    pipeline.counting.endAll();
    const found = [...pipeline.counting.findings.pending()];
    expect(pipeline.counting.units.counters.unitsTotal).toBeGreaterThan(300);
    const strong = found.filter(({ confidence }) => confidence === 'strong');
    expect(strong.map(({ kind, route }) => ({ kind, route }))).toEqual([]);
  });
});
