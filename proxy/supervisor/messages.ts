// Declares the messages between the supervisor, its relays and their observer.
// They travel over Node's own channels.
// Invariant: no message is needed to relay. A relay and an observer that lose their supervisor finish their work and
// end.
// Not here: acting on the messages (supervisor.ts, relay-main.ts, observer/supervised.ts), observations (stream/).

import type { Config } from '../../config/config.js';
import type { RelayCounts, RelayFigures } from '../stream/relay-status.js';

/** Environment variable that holds a RelayStart as JSON. */
export const RELAY_START = 'PGWITNESS_RELAY_START';

export interface RelayStart {
  /** Has this relay's share of the caps for all relays. */
  config: Config;
  relayId: string;
  /** The relay's number for the log, from 1. */
  place: number;
  /** The socket at which the observer listens. */
  socket: string;
  connectionsMaxOfAll: number;
}

export type ToRelay =
  /** Carries a connection. `pair`: the index of the listener that accepted it. */
  | { kind: 'client'; pair: number }
  /** `observerAgain`: the observer is started again with this configuration. */
  | { kind: 'reload'; config: Config; connectionsMaxOfAll: number; observerAgain: boolean }
  | { kind: 'observer-listens' }
  /** Drain and end. */
  | { kind: 'stop' };

/** `open`: the relay's open connections. */
export type FromRelay =
  | { kind: 'ready' }
  /** An observer has answered it. */
  | { kind: 'observed' }
  | { kind: 'taken'; open: number }
  | { kind: 'open'; open: number }
  /** `trouble`: what it would say at /readyz beside "ok"; '' = nothing. */
  | { kind: 'status'; status: RelayFigures; trouble: string };

/** Start options of an observer of several relays, besides the configuration. */
export interface SharedStart {
  socket: string;
  relays: number;
  /** Counters of relays that ended before. */
  endedRelays: RelayCounts;
}

export interface SupervisorStatus {
  relayRestartsTotal: number;
  /** Accepted connections that were closed because no relay took them. */
  handoverClosedTotal: number;
  loopLagNs: number;
  cpuNs: number;
  residentBytes: number;
}

export type ToObserver =
  | { kind: 'configure'; changed: object }
  /** A relay was killed or crashed, and what it had not sent is lost. */
  | { kind: 'relay-died'; relayId: string; atMs: number }
  | { kind: 'supervisor'; status: SupervisorStatus }
  /** Store everything, close the links (or wait until the relays close them), and end. */
  | { kind: 'end'; relaysEndLinks: boolean };

export interface FromObserver {
  kind: 'listening';
}
