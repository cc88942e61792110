// Programs on the versions that this machine can have, through a real pgwitness.
// PGWITNESS_RECORD_MATRIX=1 runs all of them and writes the recording.

import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { pythonEnvironment } from '../../scripts/lib/setup/python.mjs';
import { usePostgres } from '../kit/postgres.js';
import type { WitnessedStatement } from '../kit/witness.js';
import { isRightConstruct, isRightSource, judge } from './judged.js';
import { KNOWN, RECORDING } from './recorded.js';
import { nameOf, type Recorded, recorded } from './run.js';
import { ENVIRONMENTS } from './versions.js';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const isRecording = process.env.PGWITNESS_RECORD_MATRIX === '1';
const all: object[] = [];

/** What the sidecar itself stored: its source and construct against the labels in the tag. */
function wronglyStored(statements: readonly WitnessedStatement[]): string[] {
  return statements.flatMap((stored) => {
    const labels = stored.tags.sent_by ?? [];
    // The schema editor sends it behind another statement of the same text, whose label it bears.
    if (stored.query === 'SET CONSTRAINTS ALL IMMEDIATE') return [];
    const isRight = labels.some((label) => isRightSource(label, stored) && isRightConstruct(label, stored));
    if (labels.length === 0 || isRight || KNOWN.some((known) => known.test(stored.query))) return [];
    return [`${labels} stored as ${stored.source}:${stored.construct} ${stored.confidence}: ${stored.query}`];
  });
}

for (const environment of ENVIRONMENTS) {
  const runs = environment.runs.filter(({ live }) => live || isRecording);
  if (runs.length === 0) continue;
  const found = await pythonEnvironment(() => {}, environment.requirements, environment.python);
  if ('missing' in found) {
    // The recording has its statements; a run of its own is what this machine cannot give.
    console.warn(`NOT RUN: ${environment.name} live: ${found.missing}`);
    test.skip(`${environment.name}: ${found.missing}`, () => {});
    continue;
  }

  describe(environment.name, () => {
    const postgres = usePostgres();

    test.each(runs.map((run) => [`${run.program} on ${run.driver}`, run] as const))('%s', async (_, run) => {
      const { lines, report }: Recorded = await recorded(postgres(), { python: found.python, environment, run });
      all.push(...lines);
      expect(report.observed.not_observed).toBe(0);
      expect(lines.length).toBeGreaterThan(10);
      if (isRecording) {
        writeFileSync(RECORDING, gzipSync(all.map((line) => `${JSON.stringify(line)}\n`).join(''), { level: 9 }));
        console.log(`${nameOf(environment, run)}: ${lines.length} statements`);
        return;
      }
      const wrong = judge(lines).filter(
        (line) => !isRightSource(line.label, line) || !isRightConstruct(line.label, line),
      );
      expect(wrong.filter(({ sql }) => !KNOWN.some((known) => known.test(sql)))).toEqual([]);
      expect(wronglyStored(report.statements)).toEqual([]);
    });
  });
}
