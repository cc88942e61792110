// Measures a Prometheus that scrapes every second while 100,000 statements pass.
// `node bench/scrape.mjs [statements]`; the Prometheus is a real one. Prints the number of series at the first and at
// the last scrape, and how long scrapes took. Needs a build and Debian's prometheus.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { queryPrometheus, startPrometheus } from '../scripts/lib/monitoring.mjs';
import { startPostgres } from '../scripts/lib/postgres.mjs';
import { openProgress } from '../scripts/lib/progress.mjs';
import { startSidecar } from '../scripts/lib/sidecar.mjs';
import { connect } from '../scripts/lib/wire/client.mjs';

/** @typedef {ReturnType<typeof import('../dist/reports/forms/status-json.js').statusJson>} Status */

const wanted = Number(process.argv[2] ?? 100_000);
const PER_QUERY = 20;
const OPERATORS = 17;
const PATIENCE_SECONDS = 240;

/** A sum whose signs are the bits of `n`: the same shape for no two numbers. @param {number} n */
function statement(n) {
  let text = 'SELECT a';
  for (let bit = 0; bit < OPERATORS; bit++) text += (n >> bit) & 1 ? '+a' : '-a';
  return `${text} FROM (VALUES (1)) v(a)`;
}

const progress = openProgress();
const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-bench-'));
const rules = path.join(directory, 'pgwitness.yaml');
// As raw, so that each of them asks for a place among the statements with metrics of their own.
writeFileSync(rules, 'rules:\n  - { match: { user: postgres }, set: { source: raw } }\n');
const postgres = await startPostgres({ database: 'bench' });
const sidecar = await startSidecar({
  upstream: postgres,
  data: path.join(directory, 'data'),
  args: ['--config', rules],
});
const prometheus = await startPrometheus({ targets: [new URL(sidecar.httpUrl).host], scrapeSeconds: 1 });
try {
  /** @type {[string, string][]} */
  const startup = [
    ['user', postgres.user],
    ['database', postgres.database],
  ];
  const client = await connect({ host: sidecar.host, port: sidecar.port, startup });
  const bar = progress.bar('Statements', wanted);
  for (let n = 0; n < wanted; n += PER_QUERY) {
    const texts = Array.from({ length: Math.min(PER_QUERY, wanted - n) }, (_, k) => statement(n + k));
    await client.query(texts.join('; '));
    if (n % 1000 === 0) bar.update(n);
  }
  bar.end(`${wanted} statements`);
  client.close();
  const statusNow = async () => /** @type {Status} */ (await (await fetch(`${sidecar.httpUrl}/api/v1/status`)).json());
  // The observer may be behind: scrapes go on until it has accounted for all of them.
  const followed = progress.bar('Observed', wanted);
  for (let waited = 0; waited < PATIENCE_SECONDS; waited++) {
    const { observed } = await statusNow();
    const accounted = observed.executions + observed.not_observed;
    followed.update(Math.min(accounted, wanted));
    if (accounted >= wanted) break;
    await sleep(1000);
  }
  followed.end('');
  await sleep(2000);
  const one = async (/** @type {string} */ expr) => Number((await queryPrometheus(prometheus.url, expr))[0]?.value[1]);
  const status = await statusNow();
  const range = '{job="pgwitness"}[10m]';
  progress.say(`statements known        ${status.statements_known}`);
  progress.say(`executions observed     ${status.observed.executions}, not observed ${status.observed.not_observed}`);
  progress.say(`scrapes                 ${await one(`count_over_time(scrape_duration_seconds${range})`)}`);
  progress.say(
    `series                  median ${await one(`quantile_over_time(0.5, scrape_samples_scraped${range})`)}, most ${await one(`max_over_time(scrape_samples_scraped${range})`)}`,
  );
  progress.say(
    `scrape                  median ${((await one(`quantile_over_time(0.5, scrape_duration_seconds${range})`)) * 1e3).toFixed(1)} ms, longest ${((await one(`max_over_time(scrape_duration_seconds${range})`)) * 1e3).toFixed(1)} ms`,
  );
  const lag = await one(`max_over_time(pgwitness_event_loop_lag_seconds{process="observer"}[10m])`);
  progress.say(`observer's loop          at most ${(lag * 1e3).toFixed(0)} ms late`);
} finally {
  await prometheus.stop();
  await sidecar.stop();
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
}
