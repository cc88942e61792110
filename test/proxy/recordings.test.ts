// Golden traces of a real Postgres's traffic, in the form of `pgwitness trace`.
// scripts/record-wire.mjs records the traffic.
// Invariant: wherever the two streams are cut, the tracker says the same. SQL stands as it was sent, so that one
// literal taken for another shows. UPDATE_TRACES=1 writes the traces anew, to be read before they are committed.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseWireRecording, type WireEvent, type WireRecording } from '../../cli/tracing/wire-recording.js';
import { traceWire } from '../../cli/tracing/wire-trace.js';
import { Tracked } from '../kit/tracked.js';

const FOLDER = path.join(import.meta.dirname, '..', 'recordings');

function traceOf(recording: WireRecording): string {
  const lines: string[] = [];
  traceWire(recording, { mask: ({ bytes }) => Buffer.from(bytes).toString('utf8'), line: (line) => lines.push(line) });
  return `${lines.join('\n')}\n`;
}

/** What the tracker says when every event is cut into the pieces that `cut` gives, each in one call. */
function tracked(events: readonly WireEvent[], cut: (bytes: Buffer, event: number) => Buffer[]): string[] {
  const tracker = new Tracked();
  events.forEach(({ from, bytes }, event) => {
    for (const piece of cut(bytes, event)) {
      // A fresh buffer, overwritten afterwards: the tracker must not keep what it was lent.
      const lent = Buffer.from(piece);
      if (from === 'client') tracker.client(lent);
      else tracker.server(lent);
      lent.fill(0xff);
    }
  });
  tracker.close();
  const { adriftTotal, opaqueTotal, unmatchedReadyTotal, skippedTotal, sessionErrorsTotal } = tracker.counters;
  return [
    ...tracker.lines,
    `end adrift=${adriftTotal} opaque=${opaqueTotal} unmatched=${unmatchedReadyTotal} skipped=${skippedTotal} session-errors=${sessionErrorsTotal}`,
  ];
}

/** The lines of a trace that the tracker said; those about its state are the trace's own. */
function trackerLines(trace: string): string[] {
  const said = trace.split('\n').filter((line) => line.startsWith('tracker '));
  const own = ['tracker adrift', 'tracker found again', 'tracker opaque'];
  return said.filter((line) => !own.includes(line)).map((line) => line.slice('tracker '.length));
}

const bytewise = (bytes: Buffer) => Array.from(bytes, (byte) => Buffer.from([byte]));

describe.each(readdirSync(FOLDER).filter((name) => name.endsWith('.json')))('%s', (name) => {
  const recording = parseWireRecording(readFileSync(path.join(FOLDER, name), 'utf8'), name);
  const { events } = recording;
  const golden = path.join(FOLDER, name.replace('.json', '.trace'));

  test('the trace is the golden one', () => {
    const got = traceOf(recording);
    if (process.env.UPDATE_TRACES) writeFileSync(golden, got);
    expect(got).toBe(readFileSync(golden, 'utf8'));
  });

  test('the same byte by byte', () => {
    const pieces = events.flatMap(({ from, bytes }) => bytewise(bytes).map((byte) => ({ from, bytes: byte })));
    expect(traceOf({ ...recording, events: pieces })).toBe(readFileSync(golden, 'utf8'));
  });

  test('the tracker says the same of whole events and byte by byte', () => {
    const expected = trackerLines(readFileSync(golden, 'utf8'));
    expect(tracked(events, (bytes) => [bytes])).toEqual(expected);
    expect(tracked(events, bytewise)).toEqual(expected);
  });

  test('the tracker says the same with one cut, anywhere', () => {
    const expected = trackerLines(readFileSync(golden, 'utf8'));
    for (let at = 0; at < events.length; at++) {
      for (let cut = 1; cut < events[at].bytes.length; cut++) {
        const got = tracked(events, (bytes, event) =>
          event === at ? [bytes.subarray(0, cut), bytes.subarray(cut)] : [bytes],
        );
        expect(got, `event ${at} cut after ${cut} bytes`).toEqual(expected);
      }
    }
  });
});
