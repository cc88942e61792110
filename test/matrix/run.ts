// Runs a program of programs/ through a pgwitness that records; returns what it sent, labelled.
// Not here: what of it is right (judged.ts).

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { runCommand, runOrThrow } from '../../scripts/lib/run-command.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { startSidecar } from '../../scripts/lib/sidecar.mjs';
import type { Postgres } from '../kit/postgres.js';
import type { WitnessReport } from '../kit/witness.js';
import { type LabelledLine, labelledTraffic } from './labelled-traffic.js';
import type { Environment, Run } from './versions.js';

const PROGRAMS = path.join(import.meta.dirname, 'programs');

export const nameOf = (environment: Environment, { program, driver }: Run): string =>
  `${environment.name} ${program} ${driver}`;

export interface Recorded {
  readonly lines: readonly LabelledLine[];
  /** Of the sidecar that recorded; the labels are in the tag sent_by. */
  readonly report: WitnessReport;
}

/** In a database of its own. Throws with what the program printed where it failed. */
export async function recorded(
  postgres: Postgres,
  { python, environment, run }: { python: string; environment: Environment; run: Run },
): Promise<Recorded> {
  await build(() => {});
  const name = nameOf(environment, run);
  const database = name.replace(/[^a-z0-9]/g, '_');
  await postgres.query(`CREATE DATABASE ${database}`);
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-matrix-'));
  const recording = path.join(directory, 'recording');
  const data = path.join(directory, 'data');
  const config = path.join(directory, 'pgwitness.yaml');
  writeFileSync(config, 'dimensionKeys: [sent_by]\n');
  const args = ['--record', recording, '--config', config];
  const sidecar = await startSidecar({ upstream: postgres, data, args });
  try {
    const env = {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: '1',
      PGHOST: sidecar.host,
      PGPORT: String(sidecar.port),
      PGUSER: postgres.user,
      PGDATABASE: database,
    };
    const { code, stderr } = await runCommand(python, [`${run.program}_program.py`, run.driver], {
      cwd: PROGRAMS,
      env,
    });
    if (code !== 0) throw new Error(`${name} ended with ${code}:\n${stderr.slice(-3000)}`);
  } finally {
    await sidecar.stop();
  }
  try {
    const top = ['dist/cli/main.js', 'top', '--json', '--limit', '0', '--data', data];
    const report = JSON.parse((await runOrThrow(process.execPath, top, { cwd: ROOT })).stdout);
    return { lines: await labelledTraffic(recording, name), report };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
