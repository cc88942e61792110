// Observes one connection behind a wall: an error in here never reaches the traffic.
// Invariant: no call throws and none changes a byte. An error inside ends the observation of this session: it becomes
// opaque, and the error is logged. Switched off, a tap reads only the last bytes of a chunk. Switched on again, it
// observes the session from a moment when nothing runs in it. Chunks of a running session are read a little later
// (waiting-chunks.ts), but always before a tap answers a question or acts.
// Not here: sockets (connection/), what bytes mean (session/).

import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import type { Clock } from '../link/clock.js';
import type { ObserverLink } from '../link/link.js';
import { Session, type SessionShared } from '../session/session.js';
import type { CloseReason, LossReason, SessionOpened } from '../stream/observation.js';
import { clientTable, serverTable } from '../wire/message-codes.js';
import { WaitingChunks } from './waiting-chunks.js';

export interface TapShared extends SessionShared {
  clock: Clock;
  link: ObserverLink;
  waiting: WaitingChunks;
  log: Log;
}

type NeededShared = Pick<TapShared, 'link' | 'clock' | 'texts' | 'counters' | 'log'>;

/** Shared by all taps of a relay; must be one object, because waiting chunks keep a global order. */
export function tapShared(parts: NeededShared & Partial<TapShared>): TapShared {
  return {
    events: parts.link,
    limits,
    clientTable: clientTable({ headBytesMax: limits.textHeadBytesMax, tailBytesMax: limits.textTailBytesMax }),
    serverTable: serverTable(),
    waiting: new WaitingChunks(),
    ...parts,
  };
}

/** 'never': protocol 2, not interpreted at all. 'after-login': replication, interpreted up to the end of the login. */
export type Interpret = 'always' | 'after-login' | 'never';

export class Tap {
  session: Session;
  readonly opened: Omit<SessionOpened, 'kind' | 'resumed'>;
  readonly #shared: TapShared;
  readonly #interpret: Interpret;
  /** Observation is switched off. Only the login is followed, because of its deadline. */
  #off: boolean;
  #offBecause: LossReason = 'observe_off';
  /** Observation ended by a switch, not because the stream is unreadable, so it may begin again. */
  #abandoned = false;
  /** Switched on again, and waiting for a moment when nothing runs. */
  #resuming = false;
  /** For a session that is not followed: the server's last bytes were an idle ReadyForQuery, and no byte came since. */
  #quiet = false;
  #stalledSinceMs = 0;

  constructor(
    opened: Omit<SessionOpened, 'kind' | 'resumed'>,
    options: { shared: TapShared; interpret: Interpret; off: boolean },
  ) {
    this.opened = opened;
    this.#shared = options.shared;
    this.#interpret = options.interpret;
    this.#off = options.off;
    this.session = new Session(opened.sessionId, options.shared);
    this.#guard(() => {
      if (options.interpret === 'never') this.session.goOpaque();
      if (!options.off) this.#shared.link.opened(opened);
    });
  }

  /** True when a new observer must be told of this session. */
  get announced(): boolean {
    return !this.#off;
  }

  get loggedIn(): boolean {
    return this.session.state.authenticated || this.session.opaque;
  }

  /** True when nothing runs and no transaction is open, as far as is known. */
  get idle(): boolean {
    this.#shared.waiting.lookAtAll();
    if (this.session.opaque) return this.#quiet;
    return !this.session.state.adrift && this.session.idle;
  }

  /** True when the server's last message is complete, so that a message of our own may follow it. */
  get atBoundary(): boolean {
    this.#shared.waiting.lookAtAll();
    return this.session.atBoundary;
  }

  client(chunk: Buffer): void {
    this.#came(chunk, false);
  }

  server(chunk: Buffer): void {
    this.#came(chunk, true);
  }

  #came(chunk: Buffer, fromServer: boolean): void {
    const { session } = this;
    if (session.opaque) {
      this.#quiet = fromServer && endsIdle(chunk);
      return;
    }
    const { clock, waiting } = this.#shared;
    const nowMs = clock.now();
    // The connection acts on the login at once, so its bytes cannot wait.
    if (session.state.starting) {
      this.look(chunk, fromServer, nowMs);
    } else if (chunk.length <= limits.waitingChunkBytesMax) {
      waiting.push(this, chunk, fromServer, nowMs);
    } else {
      waiting.lookAtAll();
      this.look(chunk, fromServer, nowMs);
    }
  }

  /** Reads a chunk that came at `nowMs`. Called in the order in which the chunks came. */
  look(chunk: Buffer, fromServer: boolean, nowMs: number): void {
    if (this.session.opaque) {
      this.#quiet = fromServer && endsIdle(chunk);
      return;
    }
    const wallMs = this.#shared.clock.wall(nowMs);
    try {
      if (fromServer) this.session.server(chunk, nowMs, wallMs);
      else this.session.client(chunk, nowMs, wallMs);
    } catch (error) {
      this.#broken(error);
    }
    if (!fromServer) return;
    if (this.#interpret === 'after-login' || this.#off) this.#afterLogin();
    if (this.session.opaque) this.#quiet = endsIdle(chunk);
  }

  /** The upstream is not read from now on, because the client does not take its bytes. */
  stallBegins(): void {
    this.#stalledSinceMs = this.#shared.clock.now();
  }

  stallEnds(): void {
    if (this.#stalledSinceMs === 0) return;
    this.#shared.waiting.lookAtAll();
    this.#guard(() => this.session.stalled(this.#shared.clock.now() - this.#stalledSinceMs));
    this.#stalledSinceMs = 0;
  }

  tick(nowMs: number): void {
    this.#shared.waiting.lookAtAll();
    this.#guard(() => {
      if (this.#resuming && this.#quiet) this.#resume(nowMs);
      const running = this.session.tick(nowMs);
      if (running !== undefined) this.#shared.link.running(this.opened.sessionId, running);
    });
  }

  /** Stops observing while the connection goes on. `why`: the loss reason of executions in flight. */
  switchOff(why: LossReason): void {
    this.#shared.waiting.lookAtAll();
    this.#resuming = false;
    if (this.#off) return;
    this.#off = true;
    this.#guard(() => {
      this.#offBecause = why;
      if (!this.session.state.starting) this.#abandon();
      this.#shared.link.closed(this.opened.sessionId, this.#shared.clock.wall(this.#shared.clock.now()), 'relay');
    });
  }

  /** Observes again: at once when the session was followed all the time, else when nothing runs in it. */
  switchOn(): void {
    this.#shared.waiting.lookAtAll();
    if (!this.#off) return;
    if (this.#abandoned) {
      this.#resuming = true;
      return;
    }
    this.#off = false;
    this.#guard(() => this.#shared.link.opened(this.opened));
  }

  closed(by: CloseReason): void {
    const { clock, link } = this.#shared;
    this.#shared.waiting.lookAtAll();
    const now = clock.now();
    this.#guard(() => {
      this.session.close(now, clock.wall(now));
      if (!this.#off) link.closed(this.opened.sessionId, clock.wall(now), by);
    });
  }

  #afterLogin(): void {
    if (this.session.state.starting || this.session.opaque) return;
    this.#guard(() => {
      if (this.#off) this.#abandon();
      else this.session.goOpaque();
    });
  }

  #abandon(): void {
    if (this.session.opaque) return;
    this.#quiet = this.session.atBoundary && this.idle;
    // Replication is not followed after login, whatever is switched.
    this.#abandoned = this.#interpret === 'always';
    this.session.abandon(this.#offBecause);
  }

  /** Starts a new session with the values that the server reported before. Names of prepared statements are lost. */
  #resume(nowMs: number): void {
    const { clock, link } = this.#shared;
    const before = this.session.state;
    this.session = new Session(this.opened.sessionId, this.#shared);
    const { state } = this.session;
    state.starting = false;
    state.authenticated = true;
    state.takeOver(before);
    state.nowMs = nowMs;
    state.wallMs = clock.wall(nowMs);
    state.finishedMs = nowMs;
    state.transaction.ready(IDLE, state.wallMs);
    this.#resuming = false;
    this.#abandoned = false;
    this.#off = false;
    link.opened(this.opened);
    link.ready(state);
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#broken(error);
    }
  }

  #broken(error: unknown): void {
    try {
      this.session.goOpaque();
    } catch {
      this.session.opaque = true;
    }
    const where = error instanceof Error ? error.stack : String(error);
    try {
      this.#shared.log.error('observing a session failed: it is no longer observed, its traffic goes on', {
        sessionId: this.opened.sessionId,
        error: where,
      });
    } catch {
      // A failing log must not fail here: chunks of other sessions wait behind this one.
    }
  }
}

const IDLE = 0x49; // I
const READY = 0x5a; // Z
const READY_BYTES = 6;

/** True when a chunk ends with an idle ReadyForQuery. Data can look the same, so only waiting may depend on it. */
function endsIdle(chunk: Buffer): boolean {
  const at = chunk.length - READY_BYTES;
  return at >= 0 && chunk[at] === READY && chunk.readInt32BE(at + 1) === READY_BYTES - 1 && chunk[at + 5] === IDLE;
}
