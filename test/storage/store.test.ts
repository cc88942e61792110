// The store on SQLite: flushes, restarts, the data directory, damaged files.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { reportStatements } from '../../reports/statements.js';
import { leaveNote } from '../../storage/sqlite/file/reserve.js';
import { StoreError } from '../../storage/store-error.js';
import {
  DAY_START_MIN,
  entryOf,
  FINGERPRINT,
  flushOf,
  MINUTE_MS,
  openStore,
  openTestReader,
  rollupOf,
  tagsOf,
  temporaryDirectory,
  verdictOf,
} from './flushes.js';

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof StoreError) return error.code;
    throw error;
  }
  return 'no error';
}

function callsIn(dataDir: string): number {
  return reportStatements(openTestReader(dataDir)).observed.executions;
}

const SQLITE = createRequire(import.meta.url).resolve('better-sqlite3');

/** Another program that has begun a transaction in this database, until it is killed. */
async function holding(path: string, lock: 'IMMEDIATE' | 'EXCLUSIVE') {
  const script = `const db = new (require(${JSON.stringify(SQLITE)}))(process.argv[1]);
    db.exec('BEGIN ${lock}'); console.log('held'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  return holder;
}

describe('a flush', () => {
  it('is stored whole or not at all', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    const broken = flushOf({
      relays: [{ relayId: 'relay-1', lastSequence: 7, ended: false }],
      rollups: [rollupOf({ callsNs: [1000] })],
      // Not a string: the last part of the flush fails.
      counters: [
        ['late', 1n as unknown as number],
        [undefined as unknown as string, 1],
      ],
    });
    expect(() => store.flush(broken)).toThrow();
    expect(store.lastSequence('relay-1')).toBe(0);
    expect(callsIn(dataDir)).toBe(0);
  });

  it('can be stored after an attempt that failed', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    const rollups = [rollupOf({ callsNs: [1000] })];
    expect(() => store.flush(flushOf({ rollups, counters: [['late', 1n as unknown as number]] }))).toThrow();
    store.flush(flushOf({ rollups }));
    expect(callsIn(dataDir)).toBe(1);
  });

  it('adds to what is there', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    store.flush(flushOf({ rollups: [rollupOf({ callsNs: [1000, 3000] })] }));
    store.flush(flushOf({ rollups: [rollupOf({ callsNs: [2000], batchedNs: [500], errors: ['23505'] })] }));
    const [facts] = reportStatements(openTestReader(dataDir)).statements;
    expect(facts).toMatchObject({
      calls: 4,
      batchedCalls: 1,
      errors: 1,
      serviceTotalNs: 7500,
      serviceMinNs: 1000,
      serviceMaxNs: 3000,
    });
    expect(facts.histogram.count).toBe(4);
    expect(facts.errorsBySqlstate).toEqual(new Map([['23505', 1]]));
  });

  it('takes shares of a nanosecond and broken numbers without losing the rest', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    const row = rollupOf({ batchedNs: [333.3] });
    row.waitTotalNs = Number.NaN;
    store.flush(flushOf({ rollups: [row] }));
    expect(reportStatements(openTestReader(dataDir)).statements[0]).toMatchObject({ calls: 1, serviceTotalNs: 333 });
  });

  it('keeps the larger of two loss counts of the same counter, so that sending again changes nothing', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    const loss = { counterId: 'relay-1', minute: DAY_START_MIN, reason: 'queue_full' };
    for (const count of [5, 9, 5]) store.flush(flushOf({ losses: [{ ...loss, count }] }));
    store.flush(flushOf({ losses: [{ ...loss, counterId: 'relay-2', count: 1 }] }));
    expect(reportStatements(openTestReader(dataDir)).observed.notObserved).toBe(10);
  });

  it('keeps twenty variants of a statement and counts the others', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    const catalogue = Array.from({ length: 25 }, (_, n) => entryOf({ keyHash: `key-${n}`, query: `SELECT ${n}` }));
    store.flush(flushOf({ catalogue, rollups: [rollupOf({ callsNs: [1] })] }));
    store.flush(flushOf({ catalogue: catalogue.slice(0, 3) }));
    const [facts] = reportStatements(openTestReader(dataDir)).statements;
    expect(facts.query).toBe('SELECT 0');
    expect(facts.variants).toHaveLength(20);
  });
});

describe('after a restart', () => {
  it('the last sequence, open sessions and counts are where they were', () => {
    const dataDir = temporaryDirectory();
    const first = openStore(dataDir);
    first.flush(
      flushOf({
        relays: [{ relayId: 'relay-1', lastSequence: 41, ended: false }],
        rollups: [rollupOf({ callsNs: [1000] })],
        sessionsOpen: [
          { relayId: 'relay-1', sessionId: 1, state: '{"pool":"a"}' },
          { relayId: 'relay-1', sessionId: 2, state: '{}' },
          { relayId: 'relay-0', sessionId: 9, state: '{}' },
        ],
      }),
    );
    first.flush(flushOf({ sessionsClosed: [{ relayId: 'relay-1', sessionId: 2 }] }));
    first.close();
    const second = openStore(dataDir);
    expect(second.lastSequence('relay-1')).toBe(41);
    expect(second.openSessions('relay-1')).toEqual([
      { relayId: 'relay-1', sessionId: 1, state: '{"pool":"a"}', storedMs: DAY_START_MIN * MINUTE_MS },
    ]);
    second.flush(flushOf({ rollups: [rollupOf({ callsNs: [1000] })] }));
    expect(callsIn(dataDir)).toBe(2);
  });

  it('sessions of relays that are gone are handed over once', () => {
    const store = openStore(temporaryDirectory());
    store.flush(flushOf({ sessionsOpen: [{ relayId: 'relay-0', sessionId: 9, state: '{}' }] }));
    expect(store.takeOrphanSessions(['relay-1'])).toEqual([
      { relayId: 'relay-0', sessionId: 9, state: '{}', storedMs: 0 },
    ]);
    expect(store.takeOrphanSessions(['relay-1'])).toEqual([]);
  });
});

describe('the data directory', () => {
  it('has files for their owner alone', () => {
    const dataDir = join(temporaryDirectory(), 'new');
    openStore(dataDir).flush(flushOf({ rollups: [rollupOf({ callsNs: [1] })] }));
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(dataDir))
      expect([file, statSync(join(dataDir, file)).mode & 0o777]).toEqual([file, 0o600]);
    expect(readdirSync(dataDir)).toContain('witness.db-wal');
  });

  it('has one writer in a process', () => {
    const dataDir = temporaryDirectory();
    openStore(dataDir);
    expect(codeOf(() => openStore(dataDir))).toBe('locked');
  });

  it('has one writer over processes, and is free when that one is killed', async () => {
    const dataDir = temporaryDirectory();
    const holder = await holding(join(dataDir, 'witness.lock'), 'EXCLUSIVE');
    expect(codeOf(() => openStore(dataDir))).toBe('locked');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(codeOf(() => openStore(dataDir))).toBe('no error');
  });

  describe.each([
    ['witness.db', 'unwritable'],
    ['witness.db-wal', 'unwritable'],
    ['witness.db-shm', 'unwritable'],
    ['witness.lock', 'unwritable'],
    // Observing goes on without its reserve.
    ['witness.reserve', 'no error'],
  ])('with a link called %s', (name, code) => {
    const openedBesideLink = (elsewhere: string) => {
      const dataDir = temporaryDirectory();
      symlinkSync(elsewhere, join(dataDir, name));
      expect(codeOf(() => openStore(dataDir))).toBe(code);
      leaveNote(dataDir, { fromMs: 1 });
    };

    it('changes nothing in the file that it leads to', () => {
      const elsewhere = join(temporaryDirectory(), 'elsewhere');
      writeFileSync(elsewhere, 'of somebody else', { mode: 0o644 });
      openedBesideLink(elsewhere);
      expect(readFileSync(elsewhere, 'utf8')).toBe('of somebody else');
      expect(statSync(elsewhere).mode & 0o777).toBe(0o644);
    });

    it('makes no file where it leads to none', () => {
      const elsewhere = join(temporaryDirectory(), 'elsewhere');
      openedBesideLink(elsewhere);
      expect(existsSync(elsewhere)).toBe(false);
    });
  });

  it('that cannot be made is an error that says so', () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    expect(codeOf(() => openStore(file))).toBe('unwritable');
    expect(codeOf(() => openStore(join(file, 'below')))).toBe('unwritable');
  });
});

describe('a file that cannot be used', () => {
  it('is moved aside with its log when it is no database, and a new one is begun', () => {
    const dataDir = temporaryDirectory();
    writeFileSync(join(dataDir, 'witness.db'), 'this is not a database, whatever its name says'.repeat(100));
    writeFileSync(join(dataDir, 'witness.db-wal'), 'log');
    const moved: string[] = [];
    const store = openStore(dataDir, { onMovedAside: (path) => moved.push(path) });
    store.flush(flushOf({ rollups: [rollupOf({ callsNs: [1] })] }));
    expect(callsIn(dataDir)).toBe(1);
    expect(readFileSync(moved[0], 'utf8')).toContain('not a database');
    expect(readFileSync(`${moved[0]}-wal`, 'utf8')).toBe('log');
  });

  it('is moved aside when it is another program’s database', () => {
    const dataDir = temporaryDirectory();
    const other = new Database(join(dataDir, 'witness.db'));
    other.exec('CREATE TABLE theirs (x)');
    other.close();
    const moved: string[] = [];
    openStore(dataDir, { onMovedAside: (path) => moved.push(path) });
    expect(moved.map((path) => existsSync(path))).toEqual([true]);
  });

  it('is replaced while it is in use when its pages are damaged', () => {
    const dataDir = temporaryDirectory();
    const moved: string[] = [];
    const store = openStore(dataDir, { onMovedAside: (path) => moved.push(path) });
    store.flush(flushOf({ rollups: [rollupOf({ callsNs: [1] })] }));
    store.close();
    const path = join(dataDir, 'witness.db');
    const bytes = readFileSync(path);
    bytes.fill(0xff, 4096);
    writeFileSync(path, bytes);
    const again = openStore(dataDir, { onMovedAside: (aside) => moved.push(aside) });
    const flush = flushOf({ rollups: [rollupOf({ callsNs: [1] })] });
    const code = codeOf(() => again.flush(flush));
    if (code !== 'no error') again.flush(flush);
    expect(moved).toHaveLength(1);
    expect(callsIn(dataDir)).toBe(1);
  });

  it('is replaced when upkeep meets a histogram that is damaged, and at an end nothing throws', () => {
    const dataDir = temporaryDirectory();
    const moved: string[] = [];
    const store = openStore(dataDir, { onMovedAside: (aside) => moved.push(aside) });
    const damage = () => {
      store.flush(flushOf({ rollups: [rollupOf({ callsNs: [1] })] }));
      const other = new Database(join(dataDir, 'witness.db'));
      other.prepare("UPDATE rollup SET histogram = x'ff'").run();
      other.close();
    };
    damage();
    expect(codeOf(() => store.maintain(DAY_START_MIN * MINUTE_MS))).toBe('corrupt');
    expect(moved).toHaveLength(1);
    damage();
    store.close();
  });

  it('is replaced when a histogram in it is damaged', () => {
    const dataDir = temporaryDirectory();
    const moved: string[] = [];
    const store = openStore(dataDir, { onMovedAside: (aside) => moved.push(aside) });
    const flush = flushOf({ rollups: [rollupOf({ callsNs: [1] })] });
    store.flush(flush);
    const other = new Database(join(dataDir, 'witness.db'));
    other.prepare("UPDATE rollup SET histogram = x'ff'").run();
    other.close();
    expect(codeOf(() => store.flush(flush))).toBe('corrupt');
    store.flush(flush);
    expect(moved).toHaveLength(1);
    expect(callsIn(dataDir)).toBe(1);
  });

  it('is refused and left alone when a later version wrote it', () => {
    const dataDir = temporaryDirectory();
    openStore(dataDir).close();
    const db = new Database(join(dataDir, 'witness.db'));
    db.pragma('user_version = 99');
    db.close();
    expect(codeOf(() => openStore(dataDir))).toBe('newer-schema');
    expect(codeOf(() => openTestReader(dataDir))).toBe('newer-schema');
    expect(readdirSync(dataDir).filter((file) => file.includes('damaged'))).toEqual([]);
  });

  it('is made anew when somebody removed it while it was in use', () => {
    const dataDir = temporaryDirectory();
    const reasons: string[] = [];
    const store = openStore(dataDir, { onMovedAside: (_, reason) => reasons.push(reason) });
    store.flush(flushOf({ rollups: [rollupOf({ callsNs: [1] })] }));
    rmSync(join(dataDir, 'witness.db'));
    store.maintain(Date.now());
    store.flush(flushOf({ rollups: [rollupOf({ callsNs: [1, 2] })] }));
    expect(reasons).toHaveLength(1);
    expect(callsIn(dataDir)).toBe(2);
  });
});

describe('a full disk', () => {
  it('loses the flush as a whole, keeps what was there, and takes flushes again when there is room', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir, { pagesMax: 80 });
    store.flush(
      flushOf({ relays: [{ relayId: 'r', lastSequence: 1, ended: false }], rollups: [rollupOf({ callsNs: [1000] })] }),
    );
    const big = flushOf({
      relays: [{ relayId: 'r', lastSequence: 2, ended: false }],
      rollups: Array.from({ length: 5000 }, (_, n) =>
        rollupOf({ fingerprint: n.toString(16).padStart(16, '0'), callsNs: [n] }),
      ),
    });
    expect(codeOf(() => store.flush(big))).toBe('full');
    expect(store.lastSequence('r')).toBe(1);
    store.close();
    const roomy = openStore(dataDir);
    roomy.flush(big);
    expect(roomy.lastSequence('r')).toBe(2);
    roomy.writeOutAll();
    expect(callsIn(dataDir)).toBe(5001);
  });
});

describe('a lock', () => {
  it('of another program fails the flush as busy after a short wait, and the next one succeeds', async () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir, { busyMs: 1 });
    const other = await holding(join(dataDir, 'witness.db'), 'IMMEDIATE');
    const flush = flushOf({ rollups: [rollupOf({ callsNs: [1] })] });
    expect(codeOf(() => store.flush(flush))).toBe('busy');
    other.kill('SIGKILL');
    await once(other, 'exit');
    store.flush(flush);
    expect(callsIn(dataDir)).toBe(1);
  });

  it('of this very process fails it as stuck: waiting does not free it', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir, { busyMs: 1 });
    const own = new Database(join(dataDir, 'witness.db'));
    own.exec('BEGIN IMMEDIATE');
    const flush = flushOf({ rollups: [rollupOf({ callsNs: [1] })] });
    expect(codeOf(() => store.flush(flush))).toBe(process.platform === 'linux' ? 'stuck' : 'busy');
    own.exec('ROLLBACK');
    own.close();
    store.flush(flush);
    expect(callsIn(dataDir)).toBe(1);
  });
});

it('says of every stored statement what the flush said', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  store.flush(
    flushOf({
      catalogue: [entryOf()],
      statements: [verdictOf()],
      rollups: [rollupOf({ callsNs: [1000], rows: 3 })],
      tags: [tagsOf({ route: '/books' })],
    }),
  );
  const [facts] = reportStatements(openTestReader(dataDir)).statements;
  expect(facts).toMatchObject({ fingerprint: FINGERPRINT, source: 'raw', rows: 3, summary: 'SELECT shop_book' });
  expect(facts.evidence).toEqual(verdictOf().evidence);
  expect(facts.tags).toEqual(new Map([['route', new Set(['/books'])]]));
});
