// Samples of connections that went past pgwitness, over a window.
// Invariant: minutes without a sample are told by their number; of each kind of client the most stays.
// Not here: taking samples (observer/bypass-sampler.ts), looking now (own-queries/activity.ts).

import type { BypassClient } from '../../facts/flush.js';
import type { StoredFacts } from '../../storage/reading/stored-facts.js';

export interface BypassedReport {
  /** Minutes of the window. */
  readonly minutes: number;
  /** Of those, minutes with a sample that could tell. */
  readonly sampled: number;
  /** Of those, minutes in which something went past pgwitness. */
  readonly bypassed: number;
  /** Why a sample could not tell, the last reason; '' = every one could. */
  readonly reason: string;
  /** Each kind with its most connections at once. */
  readonly clients: readonly BypassClient[];
}

/** Of the minutes [since, until), `minutes` of which have passed; null where there is no sample. */
export function bypassedIn(
  stored: StoredFacts,
  { since, until, minutes }: { since: number; until: number; minutes: number },
): BypassedReport | null {
  const samples = stored.bypassSamples({ since, until });
  if (samples.length === 0) return null;
  const told = samples.filter(({ connections }) => connections !== null);
  return {
    minutes: Math.max(minutes, samples.length),
    sampled: told.length,
    bypassed: told.filter(({ connections }) => connections !== 0).length,
    reason: samples.findLast(({ reason }) => reason !== '')?.reason ?? '',
    clients: mostOfEach(told.flatMap(({ clients }) => clients)),
  };
}

/** Where one place was sampled, all have to be. */
export function mergeBypassed(all: ReadonlyArray<BypassedReport | null>): BypassedReport | null {
  const known = all.filter((one) => one !== null);
  if (known.length === 0) return null;
  const sum = (of: (one: BypassedReport) => number): number => known.reduce((total, one) => total + of(one), 0);
  return {
    minutes: Math.max(...known.map(({ minutes }) => minutes)) * all.length,
    sampled: sum(({ sampled }) => sampled),
    bypassed: sum(({ bypassed }) => bypassed),
    reason: known.find(({ reason }) => reason !== '')?.reason ?? '',
    clients: mostOfEach(known.flatMap(({ clients }) => clients)),
  };
}

function mostOfEach(clients: readonly BypassClient[]): BypassClient[] {
  const most = new Map<string, BypassClient>();
  for (const client of clients) {
    const key = `${client.user}\0${client.applicationName}`;
    if ((most.get(key)?.connections ?? 0) < client.connections) most.set(key, client);
  }
  return [...most.values()].sort((a, b) => b.connections - a.connections);
}
