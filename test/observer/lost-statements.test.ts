// Lost executions whose text is known get a verdict, and no other do.
// Not here: what becomes of it (test/check/judge.test.ts), the way of a text to here (test/check/false-proof.test.ts).

import { describe, expect, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { TEXT_READINGS, USUAL_READING } from '../../proxy/stream/text-reading.js';
import { type Observing, opened, RELAY, startObserving, statement, T0 } from './observing.js';

/** Django's alone: people do not make up its names. */
const DJANGO = 'SELECT COUNT(*) AS "__count" FROM "store_book" WHERE "store_book"."id" = 7';
/** Letters alone: tables with numbers are one statement. */
const lettersOf = (i: number): string => [...String(i)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
const MINUTE = Math.floor(T0 / 60_000);

function lose({ observer }: Observing, sql: string | null, { sessionId = 1, textId = 0 } = {}): void {
  const reading = TEXT_READINGS[USUAL_READING];
  const text = sql === null ? null : Buffer.from(sql);
  const what = { kind: 'statement-lost', sessionId, minute: MINUTE, reason: 'connection_closed' } as const;
  observer.observe(RELAY, { ...what, text, textMissingBytes: 0, textId, reading });
}

async function withSession(): Promise<Observing> {
  const observing = await startObserving();
  for (const observation of opened(1)) observing.observer.observe(RELAY, observation);
  for (let i = 0; i < limits.settlingStatementsMax + 1; i++)
    observing.observer.observe(RELAY, statement(DJANGO, { sessionId: 1, completedAtMs: T0 + i }));
  return observing;
}

function stored(observing: Observing): readonly unknown[] {
  observing.observer.flush(T0 + 10_000);
  return observing.store.taken.flatMap(({ lostStatements }) => lostStatements);
}

describe('a lost execution', () => {
  test('has the source, the pool and the text of its statement, without literals', async () => {
    const observing = await withSession();
    lose(observing, DJANGO);
    lose(observing, DJANGO.replace('7', '8'));
    expect(stored(observing)).toEqual([
      expect.objectContaining({
        minute: MINUTE,
        reason: 'connection_closed',
        source: 'django-orm',
        query: expect.stringContaining('"store_book"."id" = ?'),
        count: 2,
      }),
    ]);
    expect(stored(observing)).toHaveLength(1);
  });

  test('waits until its session has a verdict, which it has at its end', async () => {
    const observing = await startObserving();
    for (const observation of opened(1)) observing.observer.observe(RELAY, observation);
    observing.observer.observe(RELAY, statement(DJANGO, { sessionId: 1, completedAtMs: T0 }));
    lose(observing, DJANGO);
    observing.observer.observe(RELAY, { kind: 'session-closed', sessionId: 1, closedAtMs: T0 + 5, by: 'client' });
    expect(stored(observing)).toEqual([expect.objectContaining({ source: 'django-orm', count: 1 })]);
  });

  test('whose source is weakly known stays a loss alone', async () => {
    const observing = await startObserving();
    for (const observation of opened(1)) observing.observer.observe(RELAY, observation);
    lose(observing, 'select * from shelf');
    observing.observer.observe(RELAY, { kind: 'session-closed', sessionId: 1, closedAtMs: T0 + 5, by: 'client' });
    expect(stored(observing)).toEqual([]);
  });

  test.each([
    ['whose text is not known', null],
    ['of several statements', `${DJANGO}; DELETE FROM store_book`],
    ['that runs what another text says', 'EXECUTE by_title(1)'],
    ['of a cursor', 'FETCH 100 FROM c'],
  ])('%s stays a loss alone', async (_, sql) => {
    const observing = await withSession();
    lose(observing, sql, { textId: sql === null ? 99 : 0 });
    expect(stored(observing)).toEqual([]);
  });

  test('of a session that nobody announced stays a loss alone', async () => {
    const observing = await withSession();
    lose(observing, DJANGO, { sessionId: 77 });
    expect(stored(observing)).toEqual([]);
  });

  test('beyond so many of one flush stays a loss alone', async () => {
    const observing = await withSession();
    for (let i = 0; i < limits.lostStatementsMax + 5; i++)
      lose(observing, `SELECT COUNT(*) AS "__count" FROM "table_${lettersOf(i)}"`);
    expect(stored(observing)).toHaveLength(limits.lostStatementsMax);
  });
});
