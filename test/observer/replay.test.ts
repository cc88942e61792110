// Replaying a recording: what it holds is counted in the minutes in which it passed.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../config/config.js';
import { MINUTE_MS } from '../../config/values/minute.js';
import { Recorder } from '../../observer/recording.js';
import { replay } from '../../observer/replay.js';
import { emptyFields } from '../../proxy/link/statement-fields.js';
import { FRAME_HEADER_BYTES, FrameKind } from '../../proxy/stream/frames.js';
import { SCHEMA_VERSION } from '../../proxy/stream/observation.js';
import { BatchWriter } from '../../proxy/stream/writer.js';
import { openReader } from '../../storage/sqlite/read/reader.js';
import { SILENT } from './observing.js';

/** A minute of last week. */
const THEN_MS = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 7 * 24 * 60 * MINUTE_MS;

/** A name without a digit, which a fingerprint leaves as it is. */
function columnOf(number: number): string {
  return [...String(number)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
}

/** Each relay sends one batch a minute, with so many executions in it, all of them different. */
function record(file: string, relayIds: readonly string[], minutes: number, executions = 1): void {
  const recorder = new Recorder(file, (error) => {
    throw error;
  });
  const relays = relayIds.map((relayId) => ({ relayId, source: {}, writer: new BatchWriter(1 << 20) }));
  for (const { relayId, source, writer } of relays) {
    const hello = Buffer.from(JSON.stringify({ relayId, schemaVersion: SCHEMA_VERSION }));
    recorder.frame(source, { kind: FrameKind.hello, body: hello });
    const opened = { sessionId: 1, openedAtMs: THEN_MS, clientAddress: '127.0.0.1', protocolVersion: 196_608 };
    writer.sessionOpened({ ...opened, resumed: false, startup: [['user', 'app']] });
  }
  for (let minute = 0; minute < minutes; minute++) {
    for (const { source, writer } of relays) {
      for (let number = 0; number < executions; number++) {
        const fields = emptyFields();
        fields.sessionId = 1;
        fields.completedAtMs = THEN_MS + minute * MINUTE_MS;
        fields.protocol = 'simple';
        fields.text = `SELECT ${minute} FROM book ORDER BY ${columnOf(number)}`;
        fields.completions = [{ command: 'SELECT', rows: 1 }];
        fields.serviceNs = 1000;
        writer.statement(fields);
      }
      const body = Buffer.from(writer.seal(1 + minute, executions)).subarray(FRAME_HEADER_BYTES);
      recorder.frame(source, { kind: FrameKind.batch, body });
      writer.reset();
    }
  }
  recorder.close();
}

test.each([[['a']], [['a', 'b']]])('of relays %j, into the minutes of the recording, once', async (relays) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-replay-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'recording');
  record(file, relays, 5);
  const dataDir = path.join(directory, 'data');
  const config = { ...loadConfig({ flags: {}, env: {} }).config, dataDir };
  const replayed = await replay(file, { config, log: SILENT });
  expect(replayed).toMatchObject({ batches: 5 * relays.length, executions: 5 * relays.length, skippedBatches: 0 });
  const again = await replay(file, { config, log: SILENT });
  expect(again).toMatchObject({ batches: 0, skippedBatches: 5 * relays.length });
  const reader = openReader(dataDir);
  onTestFinished(() => reader.close());
  const MINUTES =
    'SELECT bucket_min AS minute, sum(calls) AS calls FROM source_rollup WHERE span_s = 60 GROUP BY 1 ORDER BY 1';
  const rows = reader.readRows((tables) => tables.all<{ minute: number; calls: number }>(MINUTES));
  expect(rows).toEqual(
    Array.from({ length: 5 }, (_, i) => ({ minute: THEN_MS / MINUTE_MS + i, calls: relays.length })),
  );
});

test('of many statements, which are rolled up as it goes on', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-replay-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'recording');
  record(file, ['a'], 12, 1_200);
  const dataDir = path.join(directory, 'data');
  const config = { ...loadConfig({ flags: {}, env: {} }).config, dataDir };
  expect(await replay(file, { config, log: SILENT })).toMatchObject({ batches: 12, executions: 12 * 1_200 });
  const reader = openReader(dataDir);
  onTestFinished(() => reader.close());
  const FOLDED = 'SELECT minutes_folded_to_min AS minute FROM fold_state';
  const folded = reader.readRows((tables) => tables.all<{ minute: number }>(FOLDED)[0].minute);
  expect(folded).toBeGreaterThan(THEN_MS / MINUTE_MS + 2);
});

test('a file that is no recording makes no data directory', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-replay-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const dataDir = path.join(directory, 'data');
  const config = { ...loadConfig({ flags: {}, env: {} }).config, dataDir };
  const file = path.join(directory, 'queries.sql');
  for (const text of ['SELECT 1 FROM book WHERE id = 7', '']) {
    writeFileSync(file, text);
    await expect(replay(file, { config, log: SILENT })).rejects.toThrow('this is no recording');
  }
  await expect(replay(path.join(directory, 'missing'), { config, log: SILENT })).rejects.toThrow('(ENOENT)');
  expect(existsSync(dataDir)).toBe(false);
});

test('the data directory says who observed, and keeps the name of its instance', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-replay-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const dataDir = path.join(directory, 'data');
  const replayAs = async (relayId: string, flags: Record<string, string>) => {
    record(path.join(directory, relayId), [relayId], 1);
    const config = { ...loadConfig({ flags, env: {} }).config, dataDir };
    await replay(path.join(directory, relayId), { config, log: SILENT });
    const reader = openReader(dataDir);
    const identity = reader.read((stored) => stored.identities()[0]);
    reader.close();
    return identity;
  };
  expect(await replayAs('a', {})).toEqual({ service: '', environment: '', instance: hostname() });
  const named = { service: 'shop', environment: 'staging', instance: 'shop-1' };
  expect(await replayAs('b', named)).toEqual(named);
  // On another host, for instance: what is not said anew is as before.
  expect(await replayAs('c', { service: 'store' })).toEqual({ service: 'store', environment: '', instance: 'shop-1' });
  expect(() => loadConfig({ flags: { instance: 'a b' }, env: {} })).toThrow('"a b" is not a name');
});
