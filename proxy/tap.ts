// The observing side of one connection, behind a wall: what goes wrong in here stays in here.
// Invariant: no call throws and none changes a byte. An error inside ends the observation of this session (it turns opaque), is logged
// once and counted; the relay never learns of it. Not here: sockets, what bytes mean (session/).

import type { Log } from '../config/log.js';
import type { Clock } from './clock.js';
import type { CloseReason, SessionOpened } from './observation.js';
import type { ObserverLink } from './observer-link.js';
import { Session, type SessionShared } from './session/session.js';

export interface TapShared extends SessionShared {
  clock: Clock;
  link: ObserverLink;
  log: Log;
}

/** 'never': the stream is not one to interpret (protocol 2); 'after-login': replication. */
export type Interpret = 'always' | 'after-login' | 'never';

export class Tap {
  readonly session: Session;
  readonly opened: Omit<SessionOpened, 'kind' | 'resumed'>;
  readonly #shared: TapShared;
  readonly #interpret: Interpret;
  /** Observation is switched off: only the login is followed, for its deadline. */
  #off: boolean;
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

  client(chunk: Buffer): void {
    const { clock } = this.#shared;
    const now = clock.now();
    try {
      this.session.client(chunk, now, clock.wall(now));
    } catch (error) {
      this.#broken(error);
    }
  }

  server(chunk: Buffer): void {
    const { clock } = this.#shared;
    const now = clock.now();
    try {
      this.session.server(chunk, now, clock.wall(now));
    } catch (error) {
      this.#broken(error);
    }
    if (this.#interpret === 'after-login' || this.#off) this.#afterLogin();
  }

  /** The upstream is not read because the client does not take what it has. */
  stallBegins(): void {
    this.#stalledSinceMs = this.#shared.clock.now();
  }

  stallEnds(): void {
    if (this.#stalledSinceMs === 0) return;
    this.#guard(() => this.session.stalled(this.#shared.clock.now() - this.#stalledSinceMs));
    this.#stalledSinceMs = 0;
  }

  tick(nowMs: number): void {
    this.#guard(() => {
      const running = this.session.tick(nowMs);
      if (running !== undefined) this.#shared.link.running(this.opened.sessionId, running);
    });
  }

  /** Stop observing while the connection goes on. */
  switchOff(): void {
    if (this.#off) return;
    this.#off = true;
    this.#guard(() => {
      if (!this.session.state.starting) this.session.abandon();
      this.#shared.link.closed(this.opened.sessionId, this.#shared.clock.wall(this.#shared.clock.now()), 'relay');
    });
  }

  closed(by: CloseReason): void {
    const { clock, link } = this.#shared;
    const now = clock.now();
    this.#guard(() => {
      this.session.close(now, clock.wall(now));
      if (!this.#off) link.closed(this.opened.sessionId, clock.wall(now), by);
    });
  }

  #afterLogin(): void {
    if (this.session.state.starting || this.session.opaque) return;
    this.#guard(() => {
      if (this.#off) this.session.abandon();
      else this.session.goOpaque();
    });
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#broken(error);
    }
  }

  #broken(error: unknown): void {
    const where = error instanceof Error ? error.stack : String(error);
    this.#shared.log.error('observing a session failed: it is no longer observed, its traffic goes on', {
      sessionId: this.opened.sessionId,
      error: where,
    });
    try {
      this.session.goOpaque();
    } catch {
      this.session.opaque = true;
    }
  }
}
