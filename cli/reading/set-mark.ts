// Sets a mark at a running pgwitness, over HTTP.
// Invariant: it is told from a mark that was not set: any other answer is an error.
// Not here: marks in a data directory (storage/sqlite/write/mark-writer.ts).

import { refusedBy } from './ask-json.js';
import { httpAsk } from './http-get.js';

const TIMEOUT_MS = 20_000;

/** Throws RuntimeError naming the place. */
export async function setMarkAt(
  base: URL,
  { atMs, name, token }: { atMs: number; name: string; token: string | undefined },
): Promise<void> {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, '')}/api/v1/marks`;
  url.search = new URLSearchParams({ name, at: new Date(atMs).toISOString() }).toString();
  const { status, body } = await httpAsk(url, { method: 'POST', token, timeoutMs: TIMEOUT_MS });
  if (status !== 200) throw refusedBy(url, { status, body });
}
