// Checks docker-compose.fleet.yml as Compose reads it: every part, its image and its secrets.
// Not here: starting it, for which no image of ClickHouse is here (trial.mjs starts docker-compose.yml).

const PARTS = ['postgres', 'clickhouse-1', 'clickhouse-2', 'pgwitness-shop', 'pgwitness-billing', 'serve'];

/** @param {(...args: string[]) => Promise<{ stdout: string }>} compose in a copy of the repository, with its secrets */
export async function checkFleet(compose) {
  const { stdout } = await compose('--file', 'docker-compose.fleet.yml', 'config', '--format', 'json');
  const { services, secrets } = JSON.parse(stdout);
  const found = Object.keys(services).sort().join(', ');
  if (found !== [...PARTS].sort().join(', ')) throw new Error(`docker-compose.fleet.yml has ${found}`);
  for (const [name, service] of Object.entries(services)) {
    if (typeof service.image !== 'string') throw new Error(`${name} of docker-compose.fleet.yml has no image`);
    for (const { source } of service.secrets ?? []) {
      if (secrets[source] === undefined) throw new Error(`${name} of docker-compose.fleet.yml has no secret ${source}`);
    }
  }
}
