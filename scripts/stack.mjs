// `npm run stack`: the stack of docker-compose.yml without containers.
// Postgres, pgwitness, Prometheus and Alertmanager on free loopback ports, and the example shop's recorded traffic
// again and again. Stays up until Ctrl-C; what it stored is removed then.
// Not here: how each part starts (lib/stack.mjs). Grafana has no package in Debian: its dashboards are in
// dashboards/grafana.

import { setTimeout as sleep } from 'node:timers/promises';
import { openProgress } from './lib/progress.mjs';
import { build } from './lib/setup/build.mjs';
import { install } from './lib/setup/install.mjs';
import { startStack } from './lib/stack.mjs';
import { Interrupted, openTeardown } from './lib/teardown.mjs';

const progress = openProgress();
const teardown = openTeardown();
const PAUSE_MS = 2000;
let exitCode = 0;
try {
  await progress.step('Packages', install);
  await progress.step('Build', build);
  const stack = await progress.step('Postgres, pgwitness, Prometheus, Alertmanager', startStack);
  teardown.add(stack.stop);
  const { sidecar, prometheus, alertmanager, postgres } = stack;
  process.stdout.write(
    `\nPage          ${sidecar.httpUrl}/\nPrometheus    ${prometheus.url}\nAlertmanager  ${alertmanager.url}\n` +
      `Postgres      through pgwitness on ${sidecar.host}:${sidecar.port}, user ${postgres.user}, database ${postgres.database}\n\nCtrl-C ends it.\n`,
  );
  while (!teardown.signal.aborted) {
    await stack.play(teardown.signal);
    await sleep(PAUSE_MS, undefined, { signal: teardown.signal }).catch(() => {});
  }
  throw teardown.signal.reason;
} catch (error) {
  const cause = teardown.signal.aborted ? teardown.signal.reason : error;
  exitCode = cause instanceof Interrupted ? cause.exitCode : 1;
  if (!(cause instanceof Interrupted)) progress.say(cause instanceof Error ? cause.message : String(cause));
}
await teardown.close();
process.exit(exitCode);
