// The example of a finding: a unit that shows it, through a store on disk to `findings ID`.
// Not here: real traffic (live.test.ts), examples of routes (../storage/unit-samples.test.ts).

import { describe, expect, test } from 'vitest';
import { Findings } from '../../analyzer/findings/findings.js';
import { findingText } from '../../cli/views/findings.js';
import { limits } from '../../config/limits.js';
import type { FindingSample } from '../../facts/finding.js';
import type { WorkUnit } from '../../facts/work/unit.js';
import { reportFindings } from '../../reports/findings.js';
import { findingDetailsJson, findingSampleFromJson } from '../../reports/forms/findings-json.js';
import { mergeFindingSamples, reportFindingSample } from '../../reports/units/finding-sample.js';
import { entryOf, flushOf, openStore, openTestReader, poolOf, temporaryDirectory } from '../storage/flushes.js';
import { item, type Sent, times, unit } from './units.js';

const HOUR_MS = 3_600_000;
const T0 = 1_800_000_000_000;
const SCREEN = { width: 160, colours: false };
const NOW = { nowMs: T0, idleSessions: new Set(['one']) };

/** A list, then an item for each row of it. */
const LOOP: readonly Sent[] = [{ sql: 'SELECT list', rows: 7 }, ...times(7, item)];

/** The unit of `sent`, so many ms after T0. */
function at(ms: number, sent: readonly Sent[], id: string): WorkUnit {
  const { statements, ...of } = unit(sent, { id });
  const moved = statements.map((one) => ({ ...one, startMs: one.startMs + T0 + ms, endMs: one.endMs + T0 + ms }));
  return { ...of, statements: moved, firstMs: moved[0].startMs, lastMs: moved[moved.length - 1].endMs };
}

const examplesOf = (findings: Findings): Array<string | undefined> =>
  [...findings.pending()].map(({ sample }) => sample?.request);

describe('the example of a finding', () => {
  test('is told with the part of each statement, in text and JSON', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    const findings = new Findings();
    findings.unitEnded(at(0, [{ sql: 'SELECT user' }, ...LOOP], 'r1'));
    const catalogue = ['list', 'item', 'user'].map((table) =>
      entryOf({ fingerprint: `SELECT ${table}`, query: `SELECT * FROM ${table} WHERE id = ?` }),
    );
    store.flush(
      flushOf({ atMs: T0, findings: findings.pending(), catalogue, pools: [poolOf('pool-a', 'django:app@shop')] }),
    );
    const reader = openTestReader(dataDir);
    const window = { sinceMs: T0 - HOUR_MS, untilMs: T0 + HOUR_MS };
    const [finding] = reportFindings(reader, window).findings;
    for (const { fingerprint } of finding.statements)
      expect(reportFindings(reader, window, { about: new Set([fingerprint]) }).findings).toEqual([finding]);
    expect(reportFindings(reader, window, { about: new Set(['SELECT other']) }).findings).toEqual([]);
    const sample = reportFindingSample(reader, finding.id);
    const text = findingText(finding, { sample, screen: SCREEN });
    expect(text).toMatch(/A request that shows it: .*9 statements in 9\.00 ms over 9\.00 ms, request r1/);
    const lines = text.slice(text.indexOf('A request that')).split('\n').slice(3);
    expect(lines.map((line) => line.replace(/ {2,}/g, ' '))).toEqual([
      expect.stringMatching(/^ 0 µs .*user WHERE id = \?$/),
      expect.stringMatching(/^caused-by 1\.00 ms .*list WHERE id = \?$/),
      expect.stringMatching(/^repeated 2\.00 ms .* 7× .*item WHERE id = \?$/),
    ]);
    const narrow = findingText(finding, { sample, screen: { width: 80, colours: false } });
    for (const line of narrow.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const json = findingDetailsJson(finding, sample);
    expect(json.sample?.statements.map(({ role, pool }) => [role, pool])).toEqual([
      [null, 'django:app@shop'],
      ['caused-by', 'django:app@shop'],
      ...times(7, () => ['repeated', 'django:app@shop']),
    ]);
    expect(findingSampleFromJson(JSON.parse(JSON.stringify(json)))).toEqual(sample);
    expect(findingSampleFromJson(null)).toBeUndefined();
    expect(findingDetailsJson(finding, undefined).sample).toBeNull();
    expect(reportFindingSample(reader, 'nobody')).toBeUndefined();
  });

  test('is a unit that ended, if there is one, and another an hour later', () => {
    const findings = new Findings();
    findings.unitGoesOn(at(0, LOOP, 'goes-on'), NOW);
    expect(examplesOf(findings)).toEqual(['goes-on']);
    findings.unitEnded(at(1_000, LOOP, 'ended'));
    findings.unitEnded(at(2_000, LOOP, 'later'));
    expect(examplesOf(findings)).toEqual(['ended']);
    findings.stored();
    findings.unitEnded(at(3_000, LOOP, 'soon'));
    expect(examplesOf(findings)).toEqual([undefined]);
    findings.unitEnded(at(HOUR_MS + 1_000, LOOP, 'another'));
    expect(examplesOf(findings)).toEqual(['another']);
  });

  test('is given again to a store that began anew', () => {
    const findings = new Findings();
    findings.unitEnded(at(0, LOOP, 'first'));
    findings.stored();
    findings.storeAgain();
    findings.unitEnded(at(1_000, LOOP, 'again'));
    expect(examplesOf(findings)).toEqual(['again']);
  });

  test('is a part of a long unit: where what it is about begins', () => {
    const findings = new Findings();
    const before = times(300, (n) => ({ sql: `SELECT other${n}` }));
    findings.unitEnded(at(0, [...before, ...LOOP], 'long'));
    const [{ sample }] = findings.pending();
    expect(sample).toMatchObject({ executions: 308, durationMs: 308 });
    expect(sample?.statements.map(({ fingerprint }) => fingerprint)).toEqual([
      ...times(10, (n) => `SELECT other${290 + n}`),
      'SELECT list',
      ...times(7, () => 'SELECT item'),
    ]);
    expect(sample?.statements[0].startMs).toBe(290);
    findings.unitEnded(at(HOUR_MS, [...LOOP, ...before], 'longer'));
    expect([...findings.pending()][0].sample?.statements).toHaveLength(limits.unitSampleStatementsMax);
  });

  test('is given to so many findings; the oldest is given another', () => {
    const findings = new Findings();
    for (let route = 0; route <= limits.findingSamplesMax; route++) {
      findings.unitEnded({ ...at(route, LOOP, 'first'), tagSet: `{"route":"/${route}"}` });
      findings.stored();
    }
    for (const route of [0, 2]) findings.unitEnded({ ...at(9_000, LOOP, 'again'), tagSet: `{"route":"/${route}"}` });
    expect(examplesOf(findings)).toEqual(['again', undefined]);
  });

  test('is not taken beyond the statements that may wait for a flush', () => {
    const findings = new Findings();
    const long = [...LOOP, ...times(92, (n) => ({ sql: `SELECT other${n}` }))];
    const fits = limits.unitSamplesStatementsMax / limits.unitSampleStatementsMax;
    for (let route = 0; route <= fits; route++)
      findings.unitEnded({ ...at(route, long, 'kept'), tagSet: `{"route":"/${route}"}` });
    expect(examplesOf(findings)).toEqual([...times(fits, () => 'kept'), undefined]);
    expect(findings.samplesDroppedTotal).toBe(1);
  });

  test('stays until another comes, and in the store with the newest findings alone', () => {
    const dataDir = temporaryDirectory();
    const store = openStore(dataDir);
    const findings = new Findings();
    findings.unitEnded(at(0, LOOP, 'kept'));
    const [delta] = findings.pending();
    store.flush(flushOf({ atMs: T0, findings: [delta] }));
    store.flush(flushOf({ atMs: T0, findings: [{ ...delta, sample: undefined }] }));
    const reader = openTestReader(dataDir);
    expect(reportFindingSample(reader, delta.id)?.unit.request).toBe('kept');
    const newer = times(1_000, (n) => ({ ...delta, id: `newer${n}`, lastMs: delta.lastMs + 1 + n }));
    store.flush(flushOf({ atMs: T0, findings: newer }));
    store.maintain(T0 + 1_000);
    expect(reportFindingSample(reader, delta.id)).toBeUndefined();
    expect(reportFindingSample(reader, 'newer0')?.unit.request).toBe('kept');
  });

  test('of several sidecars is the newest', () => {
    const of = (atMs: number) => ({ unit: { atMs }, queries: new Map() }) as unknown as FindingSample;
    expect(mergeFindingSamples([of(1), undefined, of(3), of(2)])).toEqual(of(3));
    expect(mergeFindingSamples([undefined])).toBeUndefined();
  });
});
