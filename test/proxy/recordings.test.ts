// What a real Postgres was asked and answered (scripts/record-wire.mjs), and what the tracker says of it, as golden traces.
// Wherever the two streams are cut, it says the same. UPDATE_TRACES=1 writes the traces anew, to be read before they are committed.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { Tracked } from '../kit/tracked.js';

const FOLDER = path.join(import.meta.dirname, '..', 'recordings');

interface Turn {
  from: 'client' | 'server';
  octets: Buffer;
}

function recording(name: string): Turn[] {
  const { events } = JSON.parse(readFileSync(path.join(FOLDER, name), 'utf8')) as {
    events: Array<{ from: Turn['from']; octets: string }>;
  };
  return events.map(({ from, octets }) => ({ from, octets: Buffer.from(octets, 'base64') }));
}

/** The trace with every turn cut into the pieces that `cut` gives. */
function trace(turns: Turn[], cut: (octets: Buffer, turn: number) => Buffer[]): string {
  const tracked = new Tracked();
  turns.forEach(({ from, octets }, turn) => {
    for (const piece of cut(octets, turn)) {
      // A fresh buffer, overwritten afterwards: the tracker must not keep what it was lent.
      const lent = Buffer.from(piece);
      if (from === 'client') tracked.client(lent);
      else tracked.server(lent);
      lent.fill(0xff);
    }
  });
  tracked.close();
  const { adriftTotal, opaqueTotal, unmatchedReadyTotal, skippedTotal, sessionErrorsTotal } = tracked.counters;
  const counters = `adrift=${adriftTotal} opaque=${opaqueTotal} unmatched=${unmatchedReadyTotal} skipped=${skippedTotal} session-errors=${sessionErrorsTotal}`;
  return `${tracked.lines.join('\n')}\n${counters}\n`;
}

const whole = (octets: Buffer) => [octets];
const octetwise = (octets: Buffer) => Array.from(octets, (octet) => Buffer.from([octet]));

describe.each(readdirSync(FOLDER).filter((name) => name.endsWith('.json')))('%s', (name) => {
  const turns = recording(name);
  const golden = path.join(FOLDER, name.replace('.json', '.trace'));

  test('the trace is the golden one', () => {
    const got = trace(turns, whole);
    if (process.env.UPDATE_TRACES) writeFileSync(golden, got);
    expect(got).toBe(readFileSync(golden, 'utf8'));
  });

  test('the same octet by octet', () => {
    expect(trace(turns, octetwise)).toBe(readFileSync(golden, 'utf8'));
  });

  test('the same with one cut, anywhere', () => {
    const expected = readFileSync(golden, 'utf8');
    for (let at = 0; at < turns.length; at++) {
      for (let cut = 1; cut < turns[at].octets.length; cut++) {
        const got = trace(turns, (octets, turn) =>
          turn === at ? [octets.subarray(0, cut), octets.subarray(cut)] : [octets],
        );
        expect(got, `turn ${at} cut after ${cut} octets`).toBe(expected);
      }
    }
  });
});
