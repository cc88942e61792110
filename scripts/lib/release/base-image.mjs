// Asks a registry for the digest of the image's base.
// Invariant: a digest is one that a registry told just now, never one that is made up or remembered.

import { spawnSync } from 'node:child_process';

const ANSWER_MS = 60_000;

/** @param {readonly string[]} args */
function docker(args) {
  const { status, stdout, stderr, error } = spawnSync('docker', args, { encoding: 'utf8', timeout: ANSWER_MS });
  const said = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  return status === 0 ? { stdout } : { reason: said === '' ? 'docker gave no answer' : said };
}

/**
 * @param {string} base a name with a tag
 * @returns {{ image: string } | { reason: string }} the name with its digest, or why there is none
 */
export function pinned(base) {
  const pulled = docker(['pull', '--quiet', base]);
  if (pulled.reason !== undefined) return { reason: pulled.reason };
  const asked = docker(['image', 'inspect', '--format', '{{json .RepoDigests}}', base]);
  if (asked.stdout === undefined) return { reason: asked.reason ?? '' };
  const name = base.replace(/:[^/:]*$/, '');
  for (const known of JSON.parse(asked.stdout) ?? []) {
    const [of, digest = ''] = known.split('@');
    const same = of === name || of.endsWith(`/${name}`);
    if (same && /^sha256:[0-9a-f]{64}$/.test(digest)) return { image: `${base}@${digest}` };
  }
  return { reason: 'the image has no digest of a registry' };
}
