// The time in which nobody observed, of one sidecar or of many.
// Invariant: a service is watched while any of its instances runs, and each instance between its first and its last
// minute; sidecars come and go with what they observe. Not here: judging it (reports/check/doubts.ts).

import { MINUTE_MS } from '../../config/values/minute.js';
import type { Window } from '../../facts/answers.js';
import type { Identity } from '../../facts/fleet/identity.js';
import type { WatchedTime } from '../../facts/flush.js';
import type { InstanceRuns } from '../../storage/reading/other-rows.js';

export interface Unwatched extends Window {
  /** Who did not observe: a service in an environment, or one instance of it. Left out where nobody is named. */
  readonly by?: Omit<Identity, 'instance'> & Partial<Identity>;
}

/** Of [since, end), all in minutes; in the order of their ends. */
export function unwatchedIn(instances: readonly InstanceRuns[], since: number, end: number): Unwatched[] {
  if (instances.length === 0) return holesIn([], since, end);
  const services = new Map<string, InstanceRuns[]>();
  for (const one of instances) {
    const key = `${one.service}\0${one.environment}`;
    services.set(key, [...(services.get(key) ?? []), one]);
  }
  const isNamed = instances.length > 1 || instances[0].service !== '' || instances[0].environment !== '';
  return [...services.values()]
    .flatMap((all) => unwatchedOf(all, since, end))
    .map(({ by, ...window }) => (isNamed ? { ...window, by } : window))
    .sort((a, b) => a.untilMs - b.untilMs);
}

/** Minutes of [since, end) in which each instance was there, added up: from its first to its last. */
export function minutesOf(instances: readonly InstanceRuns[], since: number, end: number): number {
  return instances.reduce(
    (sum, { firstMinute, lastMinute }) =>
      sum + Math.max(0, Math.min(end, lastMinute + 1) - Math.max(since, firstMinute)),
    0,
  );
}

/** Of the instances of one service. */
function unwatchedOf(all: readonly InstanceRuns[], since: number, end: number): Unwatched[] {
  const [{ service, environment, instance }] = all;
  const runs = all.flatMap((one) => one.runs).sort((a, b) => a.fromMinute - b.fromMinute);
  const holes = holesIn(runs, since, end);
  if (all.length === 1) return holes.map((hole) => ({ ...hole, by: { service, environment, instance } }));
  const own = all.flatMap((one) =>
    holesIn(one.runs, Math.max(since, one.firstMinute), Math.min(end, one.lastMinute + 1))
      .filter((hole) => !holes.some(({ sinceMs, untilMs }) => sinceMs <= hole.sinceMs && untilMs >= hole.untilMs))
      .map((hole) => ({ ...hole, by: { service, environment, instance: one.instance } })),
  );
  return [...holes.map((hole) => ({ ...hole, by: { service, environment } })), ...own];
}

/** What the runs leave of [since, end), all in minutes. */
function holesIn(runs: readonly WatchedTime[], since: number, end: number): Window[] {
  const holes: Window[] = [];
  let at = since;
  for (const { fromMinute, untilMinute } of runs) {
    if (fromMinute > at) holes.push({ sinceMs: at * MINUTE_MS, untilMs: Math.min(fromMinute, end) * MINUTE_MS });
    at = Math.max(at, untilMinute + 1);
  }
  if (at < end) holes.push({ sinceMs: at * MINUTE_MS, untilMs: end * MINUTE_MS });
  return holes;
}
