// A small run of `npm run fuzz` against the sources, and every case that ever failed, again.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { Session } from '../../proxy/session/session.js';
import { TrackerCounters } from '../../proxy/session/session-state.js';
import { TextTable } from '../../proxy/session/texts.js';
import { FrameKind, FrameReader } from '../../proxy/stream/frames.js';
import { executionCount } from '../../proxy/stream/observation.js';
import { BatchReader } from '../../proxy/stream/reader.js';
import { clientTable, serverTable } from '../../proxy/wire/message-codes.js';
import { readFirstPacket } from '../../proxy/wire/startup-packet.js';
import { runCase } from '../../scripts/lib/fuzz/cases.mjs';
import { CRASHERS, parseCrasher, runCases } from '../../scripts/lib/fuzz/run.mjs';

const subject = {
  Session,
  TextTable,
  TrackerCounters,
  executionCount,
  clientTable,
  serverTable,
  readFirstPacket,
  BatchReader,
  FrameKind,
  FrameReader,
};

test.each([1, 2, 3])('5,000 cases of seed %i', (seed) => {
  const failures: string[] = [];
  const { ends } = runCases(subject, {
    seed,
    cases: 5_000,
    onCrash: (name, error) => failures.push(`${name}: ${error.message}`),
  });
  expect(failures).toEqual([]);
  // Each way to end is reached: a run in which nothing was damaged would prove nothing.
  for (const end of ['exact', 'recovered', 'opaque', 'waiting', 'codec refused', 'startup startup', 'startup garbage'])
    expect(ends.get(end), end).toBeGreaterThan(0);
});

describe('cases that failed once', () => {
  test.each(readdirSync(CRASHERS).filter((name) => name.endsWith('.json')))('%s', (name) => {
    const crasher = parseCrasher(readFileSync(path.join(CRASHERS, name), 'utf8'));
    expect(() => runCase(subject, crasher)).not.toThrow();
  });
});
