// The bytes of the observation stream: what is written is what is read, cut anywhere.
// Damage is an error.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameKind, FrameReader } from '../../proxy/stream/frames.js';
import type { Observation } from '../../proxy/stream/observation.js';
import { BatchReader } from '../../proxy/stream/reader.js';
import { TEXT_READINGS, USUAL_READING } from '../../proxy/stream/text-reading.js';
import { BatchWriter, type StatementFields } from '../../proxy/stream/writer.js';

const status = fc.constantFrom('' as const, 'I' as const, 'T' as const, 'E' as const);
const count = fc.oneof(fc.nat(300), fc.maxSafeNat());
const latin1 = fc.array(fc.nat(255), { maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const command = fc.constantFrom('', 'SELECT', 'CREATE TABLE', 'CREATE EVENT TRIGGER', 'SOMETHING NEW');

const statement: fc.Arbitrary<StatementFields> = fc.record({
  sessionId: fc.nat(),
  completedAtMs: fc.double({ min: 0, max: 4e12, noNaN: true }),
  protocol: fc.constantFrom('simple' as const, 'extended' as const),
  statementName: latin1,
  text: fc.option(latin1),
  textMissingBytes: fc.nat(),
  textId: fc.nat(),
  reading: fc.nat(TEXT_READINGS.length - 1),
  completions: fc.array(fc.record({ command, rows: count }), { maxLength: 5 }),
  sqlstate: fc.constantFrom('', '23505', 'XX000'),
  dataRows: count,
  requestBytes: count,
  responseBytes: count,
  serviceNs: count,
  waitNs: count,
  firstRowNs: fc.oneof(fc.constant(-1), fc.nat()),
  clientStallNs: count,
  parameterHash: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  parameterCount: fc.nat(65_535),
  parametersCut: fc.boolean(),
  transactionBefore: status,
  transactionAfter: status,
  suspensions: fc.nat(1000),
  pipelineDepth: fc.nat(100_000),
  batched: fc.boolean(),
  copy: fc.constantFrom('' as const, 'in' as const, 'out' as const, 'both' as const),
});

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const word = fc.string({ unit: 'grapheme', maxLength: 80 });
const momentMs = fc.double({ min: 0, max: 4e12, noNaN: true });

const opened = fc.record({
  sessionId: fc.nat(),
  openedAtMs: momentMs,
  resumed: fc.boolean(),
  clientAddress: word,
  protocolVersion: int32,
  startup: fc.array(fc.tuple(word, word), { maxLength: 20 }),
});

const ready = fc.record({
  sessionId: fc.nat(),
  serverVersion: word,
  applicationName: word,
  clientEncoding: word,
  serverTimeZone: word,
  backslashEscapes: fc.boolean(),
  backendPid: int32,
  transactionStatus: status,
  transactionSinceMs: momentMs,
});

function read(frames: Buffer): Observation[] {
  const found: Observation[] = [];
  const batches = new BatchReader();
  new FrameReader().feed(frames, (kind, body) => {
    expect(kind).toBe(FrameKind.batch);
    batches.read(body, (observation) => found.push({ ...observation }));
  });
  return found;
}

describe('statements', () => {
  test('any statement comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 20 }), (statements) => {
        const writer = new BatchWriter(64);
        for (const fields of statements) writer.statement(fields);
        const found = read(Buffer.from(writer.seal(7, statements.length)));
        expect(found.length).toBe(statements.length);
        statements.forEach((fields, i) => {
          const expected = {
            ...fields,
            kind: 'statement',
            text: fields.text === null ? null : Buffer.from(fields.text, 'latin1'),
            textMissingBytes: fields.text === null ? 0 : fields.textMissingBytes,
            reading: TEXT_READINGS[fields.text === null ? USUAL_READING : fields.reading],
          };
          expect(found[i]).toEqual(expected);
        });
      }),
      { numRuns: 200 },
    );
  });
});

test('texts by an id, running and lost requests come back with their reading', () => {
  const writer = new BatchWriter(64);
  for (const reading of TEXT_READINGS.keys()) {
    writer.textDefined(reading + 1, 'select', { missingBytes: 300, reading });
    writer.running({ sessionId: 1, startedAtMs: 2, text: 'sql', textMissingBytes: 3, textId: 0, reading });
    const lost = { sessionId: 1, minute: 29_000_000, reason: 'connection_closed' } as const;
    writer.lostStatement({ ...lost, text: 'sql', textMissingBytes: 3, textId: 0, reading });
  }
  const found = read(Buffer.from(writer.seal(1, 0)));
  TEXT_READINGS.forEach((reading, i) => {
    const [defined, running, lost] = found.slice(3 * i);
    expect(defined).toMatchObject({ textId: i + 1, textMissingBytes: 300, reading });
    expect(running).toMatchObject({ kind: 'statement-running', textMissingBytes: 3, reading });
    expect(lost).toMatchObject({ kind: 'statement-lost', minute: 29_000_000, reason: 'connection_closed', reading });
    expect(lost).toMatchObject({ text: Buffer.from('sql'), textMissingBytes: 3 });
  });
});

describe('sessions', () => {
  test('any session comes back as it was', () => {
    fc.assert(
      fc.property(opened, ready, (open, tells) => {
        const writer = new BatchWriter(64);
        writer.sessionOpened(open);
        writer.sessionReady(tells);
        expect(read(Buffer.from(writer.seal(1, 0)))).toEqual([
          { kind: 'session-opened', ...open },
          { kind: 'session-ready', ...tells },
        ]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('frames', () => {
  test('are found wherever the stream is cut', () => {
    const writer = new BatchWriter(64);
    const frames: Buffer[] = [];
    for (let i = 1; i <= 5; i++) {
      writer.loss(i, 'adrift', i * 1000);
      frames.push(Buffer.from(writer.seal(i, 0)));
      writer.reset();
    }
    const stream = Buffer.concat(frames);
    for (let cut = 1; cut < stream.length; cut++) {
      const reader = new FrameReader();
      const sequences: number[] = [];
      const batches = new BatchReader();
      for (const piece of [stream.subarray(0, cut), stream.subarray(cut)]) {
        reader.feed(piece, (_kind, body) => {
          batches.read(body, () => {});
          sequences.push(batches.sequence);
        });
      }
      expect(sequences).toEqual([1, 2, 3, 4, 5]);
    }
  });

  test('a damaged stream is a RangeError and nothing else', () => {
    const writer = new BatchWriter(64);
    writer.statement({ ...fc.sample(statement, { numRuns: 1, seed: 1 })[0] });
    writer.sessionOpened(fc.sample(opened, { numRuns: 1, seed: 1 })[0]);
    writer.sessionReady(fc.sample(ready, { numRuns: 1, seed: 1 })[0]);
    const frame = Buffer.from(writer.seal(1, 1));
    fc.assert(
      fc.property(fc.nat(frame.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(frame);
        damaged[at] = byte;
        try {
          const batches = new BatchReader();
          new FrameReader().feed(damaged, (_kind, body) => batches.read(body, () => {}));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
