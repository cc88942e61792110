// A data directory that cannot be used: the relay relays, and the observer comes later.
// Fault 66, at the first start and at later ones: the observer comes when the fault is mended.
// Not here: disks that fail while the observer runs (test/storage, test/sidecar/observer-failures.test.ts).

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { build } from '../../scripts/lib/setup/build.mjs';
import { startSidecar } from '../../scripts/lib/sidecar.mjs';
import { usePostgres } from '../kit/postgres.js';
import { temporaryDirectory, top, until } from '../kit/sidecar.js';

const postgres = usePostgres();
const undo: Array<() => unknown> = [];
afterEach(async () => {
  for (const act of undo.splice(0).reverse()) await act();
});

async function runOn(data: string, args: readonly string[] = []) {
  await build(() => {});
  const sidecar = await startSidecar({ upstream: postgres(), data, args, unobserved: true });
  undo.push(() => sidecar.stop());
  const ask = async (sql: string) => {
    const client = new pg.Client({ host: sidecar.host, port: sidecar.port, user: 'postgres', database: 'postgres' });
    await client.connect();
    const { rows } = await client.query(sql);
    await client.end();
    return rows;
  };
  return { ...sidecar, ask };
}

/** A small disk of its own, which root alone may make. */
function smallDisk(bytes: number): string {
  const at = temporaryDirectory('disk');
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'none', at]);
  undo.push(() => execFileSync('umount', ['-l', at]));
  return at;
}

interface Fault {
  /** A data directory that cannot be used, and how to mend it. */
  make(): { data: string; mend: () => void };
}

const FAULTS: Record<string, Fault> = {
  'a directory stands where the file should be': {
    make() {
      const data = path.join(temporaryDirectory('data'), 'data');
      mkdirSync(path.join(data, 'witness.db'), { recursive: true });
      return { data, mend: () => rmSync(path.join(data, 'witness.db'), { recursive: true }) };
    },
  },
  'a file stands where the directory should be': {
    make() {
      const data = path.join(temporaryDirectory('data'), 'data');
      writeFileSync(data, '');
      return { data, mend: () => rmSync(data) };
    },
  },
  'the lock is a directory': {
    make() {
      const data = path.join(temporaryDirectory('data'), 'data');
      mkdirSync(path.join(data, 'witness.lock'), { recursive: true });
      return { data, mend: () => rmSync(path.join(data, 'witness.lock'), { recursive: true }) };
    },
  },
};

if (process.getuid?.() === 0) {
  Object.assign(FAULTS, {
    'the disk is full': {
      make() {
        const disk = smallDisk(4 * 1024 * 1024);
        const filler = path.join(disk, 'filler');
        try {
          writeFileSync(filler, Buffer.alloc(8 * 1024 * 1024));
        } catch {
          // Full, as it should be.
        }
        return { data: path.join(disk, 'data'), mend: () => rmSync(filler) };
      },
    },
    'the disk is read-only': {
      make() {
        const disk = smallDisk(16 * 1024 * 1024);
        execFileSync('mount', ['-o', 'remount,ro', disk]);
        return { data: path.join(disk, 'data'), mend: () => execFileSync('mount', ['-o', 'remount,rw', disk]) };
      },
    },
  } satisfies Record<string, Fault>);
} else {
  console.warn('74: full and read-only disks are not tried: only root can mount one');
  FAULTS['the directory may not be written'] = {
    make() {
      const parent = temporaryDirectory('data');
      chmodSync(parent, 0o500);
      return { data: path.join(parent, 'data'), mend: () => chmodSync(parent, 0o700) };
    },
  };
}

describe.each(Object.entries(FAULTS))('74: %s', (_name, fault) => {
  test.each([[[]], [['--relays', '2']]])(
    'run %j relays, counts what it could not observe, and observes once it is mended',
    async (args) => {
      const { data, mend } = fault.make();
      const sidecar = await runOn(data, args);
      expect(await sidecar.ask('select 41 + 1 as n')).toEqual([{ n: 42 }]);
      expect(sidecar.output()).toContain('cannot use its data directory');
      mend();
      let asked = 1;
      await until('an execution that is observed', async () => {
        await sidecar.ask('select 43 as n');
        asked++;
        const metrics = await fetch(`${sidecar.httpUrl}/metrics`).then(
          (response) => response.text(),
          () => '',
        );
        return /^pgwitness_statements_total\{.*\} [1-9]/m.test(metrics);
      });
      await sidecar.stop();
      const { observed } = await top(data);
      expect(observed.statements).toBeGreaterThan(0);
      expect(observed.not_observed).toBeGreaterThan(0);
      expect(observed.statements + observed.not_observed).toBe(asked);
    },
  );
});

test('74: a second run on the same directory ends with exit code 3, and says why', async () => {
  const data = path.join(temporaryDirectory('data'), 'data');
  const first = await runOn(data);
  await until('the first observes', () => first.output().includes('"observing"'));
  const second = startSidecar({ upstream: postgres(), data, unobserved: true });
  await expect(second).rejects.toThrow(/exit code 3[\s\S]*in use by another pgwitness/);
});
