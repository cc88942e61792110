// Parameters are told apart, over a real relay and a real server, without a value being kept.
// Alike sets give alike hashes whatever the protocol; what was cut proves no likeness.

import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { StatementTexts } from '../../analyzer/texts/statement-texts.js';
import type { Measured } from '../../facts/rollup-row.js';
import { emptyStatement } from '../../proxy/stream/observation.js';
import { compareParameters, KeyedHash, type ParameterSet } from '../../proxy/stream/parameters.js';
import { usePostgres } from '../kit/postgres.js';
import { PARAMETER_KEY, Relayed } from '../kit/relayed.js';

const postgres = usePostgres();

async function setsOf(send: (client: pg.Client) => Promise<void>): Promise<ParameterSet[]> {
  const { host, port, user, database } = postgres();
  const relayed = new Relayed({ host, port });
  await relayed.start();
  const client = new pg.Client({ host: '127.0.0.1', port: relayed.port, user, database });
  await client.connect();
  await send(client);
  await client.end();
  await relayed.settled();
  await relayed.stop();
  return relayed.statements.map(({ parameterHash, parameterCount, parametersCut }) => ({
    parameterHash,
    parameterCount,
    parametersCut,
  }));
}

describe('what is bound', () => {
  const query = (values: unknown[], name?: string) => ({ text: 'SELECT $1::text, $2::bytea', values, name });

  test.each([
    ['unnamed', undefined],
    ['prepared', 'by_name'],
  ])('%s: text and binary values', async (_, name) => {
    const sets = await setsOf(async (client) => {
      await client.query(query(['a', Buffer.from([1, 2, 3])], name));
      await client.query(query(['a', Buffer.from([1, 2, 3])], name));
      await client.query(query(['a', Buffer.from([1, 2, 4])], name));
      await client.query(query(['b', Buffer.from([1, 2, 3])], name));
      await client.query(query(['', null], name));
      await client.query(query([null, null], name));
    });
    expect(sets.map(({ parameterCount }) => parameterCount)).toEqual([2, 2, 2, 2, 2, 2]);
    expect(sets.some(({ parametersCut }) => parametersCut)).toBe(false);
    const answers = sets.slice(1).map((set) => compareParameters(sets[0], set));
    expect(answers).toEqual(['same', 'distinct', 'distinct', 'distinct', 'distinct']);
    expect(compareParameters(sets[4], sets[5])).toBe('distinct');
  });

  test('a long set is cut: it proves that it differs, never that it does not', async () => {
    const sets = await setsOf(async (client) => {
      for (const text of [`${'x'.repeat(5000)}1`, `${'x'.repeat(5000)}2`, `1${'x'.repeat(5000)}`, 'short'])
        await client.query(query([text, null]));
    });
    expect(sets.map(({ parametersCut }) => parametersCut)).toEqual([true, true, true, false]);
    expect(compareParameters(sets[0], sets[0])).toBe('unknown');
    expect(compareParameters(sets[0], sets[1])).toBe('unknown');
    expect(compareParameters(sets[0], sets[2])).toBe('distinct');
    expect(compareParameters(sets[0], sets[3])).toBe('distinct');
  });

  test('a Bind that the server refuses and a portal that is suspended keep theirs', async () => {
    const sets = await setsOf(async (client) => {
      for (let n = 0; n < 2; n++) await expect(client.query('SELECT $1::int', ['no number'])).rejects.toThrow();
      await client.query({ text: 'SELECT generate_series(1, $1::int)', values: ['10'], rows: 3 } as pg.QueryConfig);
    });
    expect(compareParameters(sets[0], sets[1])).toBe('same');
    expect(sets.every(({ parameterHash }) => parameterHash !== 0)).toBe(true);
  });
});

describe('what is written into the text', async () => {
  const rules = { readsSql: false, sqlMatches: () => [] };
  const texts = await StatementTexts.load({ dimensionKeys: new Set(), rules, parameterKey: PARAMETER_KEY });
  const session = { facts: { relayId: 'r' } };

  function setOf(sql: string, more: object = {}): ParameterSet {
    const observation = {
      ...emptyStatement(),
      text: Buffer.from(sql),
      completions: [{ command: 'SELECT', rows: 1 }],
      ...more,
    };
    let found: Measured | undefined;
    texts.each(session, { observation, executions: 1 }, (_, __, measured) => {
      found = measured;
    });
    return found as Measured;
  }

  test.each([
    ['the same literals', 'SELECT 1, $a$x$a$', 'SELECT 1, $a$x$a$', 'same'],
    ['a comment', "SELECT a FROM t WHERE b = 'x' /* n=1 */", "SELECT a FROM t WHERE b = 'x' /* n=2 */", 'same'],
    ['a comment in front', '/* 1 */ SELECT 5', '/* 2 */ SELECT 5', 'same'],
    ['a comment of --', 'SELECT 5 -- 1', 'SELECT 5 -- 2', 'same'],
    ['a number', 'SELECT a FROM t WHERE b = 1', 'SELECT a FROM t WHERE b = 2', 'distinct'],
    ['the order of a list', 'SELECT a FROM t WHERE b IN (1, 2)', 'SELECT a FROM t WHERE b IN (2, 1)', 'distinct'],
    [
      'a list of another length',
      'SELECT a FROM t WHERE b IN (1, 2)',
      'SELECT a FROM t WHERE b IN (1, 2, 3)',
      'distinct',
    ],
    ['where a literal ends', "SELECT 'ab', 'c'", "SELECT 'a', 'bc'", 'distinct'],
    ['a string and a number', "SELECT '1'", 'SELECT 1', 'distinct'],
    ['a string without a skeleton', "SELECT E'a\\n', 1", "SELECT E'b\\n', 1", 'distinct'],
  ])('%s', (_, one, other, expected) => {
    // The second time round the texts are known.
    for (let n = 0; n < 2; n++) expect(compareParameters(setOf(one), setOf(other))).toBe(expected);
  });

  test('a text that is known by its skeleton still gives the hash of its own literals', () => {
    const many = Array.from({ length: 50 }, (_, n) => setOf(`SELECT a FROM t WHERE id = ${n}`));
    expect(new Set(many.map(({ parameterHash }) => parameterHash)).size).toBe(50);
    expect(many.every(({ parameterCount }) => parameterCount === 1)).toBe(true);
  });

  test('literals beside parameters: both count', () => {
    const bound = { protocol: 'extended', parameterHash: 77, parameterCount: 1 };
    const text = 'SELECT a FROM t WHERE b = 1 AND c = $1';
    expect(setOf(text, bound)).toMatchObject({ parameterCount: 2 });
    expect(compareParameters(setOf(text, bound), setOf(text, bound))).toBe('same');
    expect(compareParameters(setOf(text, bound), setOf(text.replace('1', '2'), bound))).toBe('distinct');
    expect(compareParameters(setOf(text, bound), setOf(text, { ...bound, parameterHash: 78 }))).toBe('distinct');
  });

  test('extended, and nobody saw what was bound: unknown', () => {
    const unseen = { protocol: 'extended' };
    expect(compareParameters(setOf('SELECT $1', unseen), setOf('SELECT $1', unseen))).toBe('unknown');
  });

  test('a text of which a part is missing is cut', () => {
    const cut = setOf(`SELECT '${'x'.repeat(9000)}'`, { textMissingBytes: 100 });
    expect(cut.parametersCut).toBe(true);
    expect(compareParameters(cut, cut)).toBe('unknown');
  });

  test('each statement of one text has its own', () => {
    const observation = {
      ...emptyStatement(),
      text: Buffer.from('SELECT 1; SELECT 2; SELECT 1'),
      completions: [1, 2, 3].map(() => ({ command: 'SELECT', rows: 1 })),
    };
    const sets: ParameterSet[] = [];
    texts.each(session, { observation, executions: 3 }, (_, __, measured) => sets.push(measured));
    expect(compareParameters(sets[0], sets[1])).toBe('distinct');
    expect(compareParameters(sets[0], sets[2])).toBe('same');
  });
});

describe('the hash', () => {
  const hashOf = (bytes: Uint8Array, key: readonly [number, number] = PARAMETER_KEY): number => {
    const hash = new KeyedHash();
    hash.use(key);
    hash.begin();
    hash.add(bytes, 0, bytes.length);
    return hash.hash;
  };

  test('of a million near-alike sets no two are alike, and each is a whole number of 53 bits', () => {
    const seen = new Set<number>();
    const bytes = Buffer.alloc(24);
    for (let n = 0; n < 1_000_000; n++) {
      bytes.writeUInt32BE(n, n % 5);
      bytes.writeUInt8(n & 0xff, 12 + (n % 7));
      bytes.writeUInt32LE(n, 20);
      seen.add(hashOf(bytes));
    }
    expect(seen.size).toBe(1_000_000);
    for (const hash of [...seen].slice(0, 1000)) expect(Number.isSafeInteger(hash) && hash > 0).toBe(true);
  });

  test('flipping any bit changes about half of the 53', () => {
    const bytes = Buffer.from('a parameter of some length, 37 bytes!');
    const before = hashOf(bytes);
    let [flips, changed] = [0, 0];
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const other = Buffer.from(bytes);
      other[bit >> 3] ^= 1 << (bit & 7);
      const difference = (BigInt(before) ^ BigInt(hashOf(other))).toString(2).replaceAll('0', '').length;
      expect(difference).toBeGreaterThan(8);
      changed += difference;
      flips++;
    }
    expect(changed / flips).toBeGreaterThan(24);
    expect(changed / flips).toBeLessThan(29);
  });

  test('with another key it is another', () => {
    const bytes = Buffer.from('4242');
    expect(hashOf(bytes, [1, 2])).not.toBe(hashOf(bytes, [1, 3]));
    expect(hashOf(bytes, [1, 2])).not.toBe(hashOf(bytes, [2, 2]));
  });
});
