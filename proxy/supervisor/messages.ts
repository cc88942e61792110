// What the supervisor of several relays, the relays and their observer tell one another over Node's own channels, besides observations.
// Invariant: nothing here is needed to relay: a relay and an observer that lose their supervisor finish what they have and end.
// Not here: who acts on it (supervisor.ts, relay-main.ts, observer/supervised.ts).

import type { Config } from '../../config/config.js';
import type { RelayCounts, RelayFigures } from '../stream/relay-status.js';

/** Environment variable that holds a RelayStart as JSON. */
export const RELAY_START = 'PGWITNESS_RELAY_START';

export interface RelayStart {
  /** With this relay's share of what holds for all. */
  config: Config;
  relayId: string;
  /** Which of them it is, from 1: for the log. */
  place: number;
  /** Where the observer listens. */
  socket: string;
  connectionsMaxOfAll: number;
}

export type ToRelay =
  /** A connection comes with it. `pair`: which listener accepted it. */
  | { kind: 'client'; pair: number }
  /** `observerAgain`: the observer is started again with it. */
  | { kind: 'reload'; config: Config; connectionsMaxOfAll: number; observerAgain: boolean }
  | { kind: 'observer-listens' }
  /** Drain and end. */
  | { kind: 'stop' };

/** `open`: connections that it holds. */
export type FromRelay =
  | { kind: 'ready' }
  /** An observer has answered it. */
  | { kind: 'observed' }
  | { kind: 'taken'; open: number }
  | { kind: 'open'; open: number }
  | { kind: 'status'; status: RelayFigures };

/** What an observer of several relays is started with, besides the configuration. */
export interface SharedStart {
  socket: string;
  relays: number;
  /** Counters of relays that ended before. */
  endedRelays: RelayCounts;
}

export interface SupervisorStatus {
  relayRestartsTotal: number;
  loopLagNs: number;
  cpuNs: number;
  residentBytes: number;
}

export type ToObserver =
  | { kind: 'configure'; changed: object }
  /** It was killed or crashed: what it had not sent is gone with it. */
  | { kind: 'relay-died'; relayId: string; atMs: number }
  | { kind: 'supervisor'; status: SupervisorStatus }
  /** Store what there is, close the links (or wait for the relays to do so), end. */
  | { kind: 'end'; relaysEndLinks: boolean };

export interface FromObserver {
  kind: 'listening';
}
