// Finds what to read where no flag says it: the data directory, else the sidecar that runs.
// Invariant: what was found is said, on standard error; what was named is taken as it is.
// Not here: opening it (place.ts), flags (read-flags.ts).

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../config/config.js';
import { formatAddress } from '../../config/values/address.js';
import { RuntimeError, visible } from '../../config/values/errors.js';
import { DATABASE_FILE } from '../../storage/sqlite/file/data-directory.js';
import { httpGet } from './http-get.js';

export interface FoundPlace {
  readonly directories: readonly string[];
  readonly urls: readonly URL[];
}

/** Long enough for a sidecar under load on this machine. */
const ANSWER_WITHIN_MS = 2_000;
const CONFIGURED = ['PGWITNESS_CONFIG', 'PGWITNESS_DATA', 'PGWITNESS_HTTP'] as const;

/** Throws RuntimeError if there is neither, UsageError for a faulty configuration. */
export async function findPlace(token: string | undefined): Promise<FoundPlace> {
  const { config, origins } = configured();
  const { dataDir, http } = config;
  if (existsSync(join(dataDir, DATABASE_FILE)) || origins.get('dataDir') !== 'default') {
    // In a pipe the default directory is what is expected.
    if (process.stderr.isTTY) say(`data directory ${dataDir}`);
    return { directories: [dataDir], urls: [] };
  }
  const url = new URL(`http://${formatAddress(http)}`);
  if (await isPgwitness(url, token)) {
    say(`pgwitness at ${url.origin}, because there is no data directory ${dataDir} here`);
    return { directories: [], urls: [url] };
  }
  throw new RuntimeError(`there is no data directory ${dataDir}, and no pgwitness answers at ${url.origin}`, {
    where: '--data, --url',
    hint: 'name one of them; pgwitness run makes both',
  });
}

/**
 * The data directory to read where no flag names one: the configured one, else that of the sidecar which runs on this
 * machine. Throws RuntimeError if there is neither.
 */
export async function findDirectory(token: string | undefined): Promise<string> {
  const { directories, urls } = await findPlace(token);
  if (directories.length > 0) return directories[0];
  const { status, body } = await httpGet(new URL('/api/v1/status', urls[0]), { token, timeoutMs: ANSWER_WITHIN_MS });
  const directory = status === 200 ? (JSON.parse(body) as { data_directory?: string }).data_directory : undefined;
  if (directory !== undefined && existsSync(join(directory, DATABASE_FILE))) {
    say(`its data directory ${directory}`);
    return directory;
  }
  throw new RuntimeError('the data directory of that pgwitness is not on this machine', {
    where: urls[0].origin,
    hint: status === 401 ? 'give --data, or PGWITNESS_HTTP_TOKEN_FILE' : 'give --data, or ask where it runs',
  });
}

/** The sidecar of the configured address. Throws RuntimeError if none answers there. */
export async function findSidecar(token: string | undefined): Promise<URL> {
  const { http } = configured().config;
  const url = new URL(`http://${formatAddress(http)}`);
  if (await isPgwitness(url, token)) {
    if (process.stderr.isTTY) say(`pgwitness at ${url.origin}`);
    return url;
  }
  throw new RuntimeError(`no pgwitness answers at ${url.origin}`, {
    where: '--url',
    hint: 'give the address that run --http listens at; only a running pgwitness knows what goes on now',
  });
}

function configured(): ReturnType<typeof loadConfig> {
  return loadConfig({ env: Object.fromEntries(CONFIGURED.map((name) => [name, process.env[name]])) });
}

/** Once a command: a mark's name is looked up at the place, before the place is asked. */
const said = new Set<string>();

function say(what: string): void {
  if (said.has(what)) return;
  said.add(what);
  process.stderr.write(`pgwitness: reading ${visible(what)}\n`);
}

/** One that asks for a token too: then the question itself says so. */
async function isPgwitness(url: URL, token: string | undefined): Promise<boolean> {
  try {
    const { status, body } = await httpGet(new URL('/api/v1/status', url), { token, timeoutMs: ANSWER_WITHIN_MS });
    return status === 401 || (status === 200 && 'schema_version' in JSON.parse(body));
  } catch {
    return false;
  }
}
