// The observing side of one connection, behind a wall: what goes wrong in here stays in here.
// Invariant: no call throws and none changes a byte. An error inside ends the observation of this session (it turns opaque), is logged
// once and counted; the relay never learns of it. Switched off it looks at the last octets of a chunk and no more; switched on again it
// observes a session anew from a moment when nothing runs in it. What comes while a session runs is looked at a little later
// (waiting-chunks.ts), but before anything is asked or done here. Not here: sockets, what bytes mean (session/).

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

/** What the taps of one relay share: made once, because of what waits. The link is told what sessions say, unless `events` is given. */
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

/** 'never': the stream is not one to interpret (protocol 2); 'after-login': replication. */
export type Interpret = 'always' | 'after-login' | 'never';

export class Tap {
  session: Session;
  readonly opened: Omit<SessionOpened, 'kind' | 'resumed'>;
  readonly #shared: TapShared;
  readonly #interpret: Interpret;
  /** Observation is switched off: only the login is followed, for its deadline. */
  #off: boolean;
  #offBecause: LossReason = 'observe_off';
  /** Observation ended by switching off, so that it may begin again; not because the stream is unreadable. */
  #abandoned = false;
  /** Switched on again, waiting for a moment when nothing runs. */
  #resuming = false;
  /** Of a session that is not followed: the server's last octets were an idle ReadyForQuery and the client was silent since. */
  #quiet = false;
  #stalledSinceMs = 0;

  constructor(
    opened: Omit<SessionOpened, 'kind' | 'resumed'>,
    how: { shared: TapShared; interpret: Interpret; off: boolean },
  ) {
    this.opened = opened;
    this.#shared = how.shared;
    this.#interpret = how.interpret;
    this.#off = how.off;
    this.session = new Session(opened.sessionId, how.shared);
    this.#guard(() => {
      if (how.interpret === 'never') this.session.goOpaque();
      if (!how.off) this.#shared.link.opened(opened);
    });
  }

  /** Announced to an observer that takes over. */
  get announced(): boolean {
    return !this.#off;
  }

  get loggedIn(): boolean {
    return this.session.state.authenticated || this.session.opaque;
  }

  /** Nothing runs and no transaction is open, as far as can be known. */
  get idle(): boolean {
    this.#shared.waiting.lookAtAll();
    if (this.session.opaque) return this.#quiet;
    return !this.session.state.adrift && this.session.idle;
  }

  /** The server's last message is whole: a message of our own may follow it. */
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
    // What the relay does at a login hangs on what was said.
    if (session.state.starting) {
      this.look(chunk, fromServer, nowMs);
    } else if (chunk.length <= limits.waitingChunkBytesMax) {
      waiting.push(this, chunk, fromServer, nowMs);
    } else {
      waiting.lookAtAll();
      this.look(chunk, fromServer, nowMs);
    }
  }

  /** A chunk that came at `nowMs`; called in the order of coming. */
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

  /** The upstream is not read because the client does not take what it has. */
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

  /** Stop observing while the connection goes on; `why` is said of what is in flight. */
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

  /** Observe again: at once where the session was never left, else when nothing runs in it. */
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

  /** What the server reported before is taken over; names of prepared statements are not known any more. */
  #resume(nowMs: number): void {
    const { clock, link } = this.#shared;
    const before = this.session.state;
    this.session = new Session(this.opened.sessionId, this.#shared);
    const { state } = this.session;
    state.starting = false;
    state.authenticated = true;
    state.serverVersion = before.serverVersion;
    state.applicationName = before.applicationName;
    state.clientEncoding = before.clientEncoding;
    state.serverTimeZone = before.serverTimeZone;
    state.backslashEscapes = before.backslashEscapes;
    state.backendPid = before.backendPid;
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
      // A log that fails is no reason to fail: what waits behind this chunk is other sessions'.
    }
  }
}

const IDLE = 0x49; // I
const READY = 0x5a; // Z
const READY_BYTES = 6;

/** Whether a chunk ends with ReadyForQuery, idle. Data may look like it, so nothing but waiting may hang on this. */
function endsIdle(chunk: Buffer): boolean {
  const at = chunk.length - READY_BYTES;
  return at >= 0 && chunk[at] === READY && chunk.readInt32BE(at + 1) === READY_BYTES - 1 && chunk[at + 5] === IDLE;
}
