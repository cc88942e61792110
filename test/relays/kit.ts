// A sidecar with several relays, and clients whose relay is known. Not here: what is tested.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import pg from 'pg';
import { familyOf, type Sidecar } from '../kit/sidecar.js';

export interface Client extends pg.Client {
  /** SQLSTATE or message of the first failure; pending while there is none. */
  failed: Promise<string>;
  hasFailed: () => boolean;
}

export async function connect(sidecar: { host: string; port: number }): Promise<Client> {
  const { host, port } = sidecar;
  const it = new pg.Client({ host, port, user: 'postgres', database: 'postgres' });
  let seen = false;
  const failed = new Promise<string>((resolve) =>
    it.on('error', (error: Error & { code?: string }) => {
      seen = true;
      resolve(error.code ?? error.message);
    }),
  );
  await it.connect();
  return Object.assign(it, { failed, hasFailed: () => seen });
}

/** Connections from clients at `port` that each relay holds, in the order of `relays`. */
export function heldBy(relays: readonly number[], port: number): number[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    if (local?.endsWith(`:${hex}`) && state === '01') inodes.add(inode);
  }
  return relays.map((pid) => readdirSync(`/proc/${pid}/fd`).filter((fd) => inodes.has(inodeOf(pid, fd))).length);
}

function inodeOf(pid: number, fd: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? '';
  } catch {
    return '';
  }
}

export function relaysOf(sidecar: Sidecar): number[] {
  return familyOf(sidecar.pid).relays;
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The value of a metric, with its labels as they are written. */
export async function metric(sidecar: Sidecar, sample: string): Promise<number | undefined> {
  const text = await (await fetch(`${sidecar.httpUrl}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.split(' ')[1]);
}
