// Reads one relay's link: frames in, observations to the pipeline, acknowledgements out.
// Invariant: a batch is acknowledged only after a flush that holds all of it was committed; batches come in order, each
// once. A damaged frame ends the link, and the relay counts what was not stored. Not here: what observations mean
// (analyzer/pipeline.ts).

import type { Duplex } from 'node:stream';
import type { Log } from '../../config/log.js';
import { ackFrame, controlFrame, FrameKind, FrameReader, type Hello, type Welcome } from '../../proxy/stream/frames.js';
import { type Observation, SCHEMA_VERSION } from '../../proxy/stream/observation.js';
import type { ParameterKey } from '../../proxy/stream/parameters.js';
import { BatchReader } from '../../proxy/stream/reader.js';
import type { LinkGate } from './link-gate.js';

/** After so much work timers, scrapes and acknowledgements have their turn: one read may bring a second's work. */
const SLICE_MS = 10;

/** Takes the observations of relays. */
export interface IntakeTarget {
  /** A relay gives its id. Stores everything in memory, then returns the last stored batch of this relay. */
  relayBegins(relayId: string): number;
  observe(relayId: string, observation: Observation): void;
  /** All observations of this batch were passed on. */
  batchTaken(relayId: string, sequence: number, executions: number): void;
  /** The relay has nothing left to say. Stores everything in memory, so that the relay hears of it. */
  relayLeaves(relayId: string): void;
  /** The link ended. `orderly`: the relay said that it has nothing left to say. */
  relayEnds(relayId: string, orderly: boolean): void;
}

export interface IntakeOptions {
  link: Duplex;
  gate: LinkGate;
  target: IntakeTarget;
  log: Log;
  /** One for all relays, so that parameters are told apart over relays. */
  parameterKey: ParameterKey;
  /** Is given each frame as it came, when the stream is recorded. */
  record?: (kind: number, body: Buffer) => void;
  /** Takes the configuration that a relay sends; throws when it cannot be used. */
  configure?: (changed: object) => void;
}

export class Intake {
  readonly #options: IntakeOptions;
  readonly #frames = new FrameReader();
  readonly #batches = new BatchReader();
  #relayId = '';
  #acknowledged = 0;
  #ended = false;
  #saidGoodbye = false;
  /** Work since others had their turn. */
  #workedMs = 0;
  #yielding = false;
  readonly ended: Promise<void>;

  constructor(options: IntakeOptions) {
    this.#options = options;
    const { link } = options;
    this.ended = new Promise((resolve) => {
      const end = () => {
        if (this.#ended) return;
        this.#ended = true;
        if (this.#relayId !== '') options.target.relayEnds(this.#relayId, this.#saidGoodbye);
        resolve();
      };
      link.on('end', end);
      link.on('close', end);
      link.on('error', end);
    });
    link.on('data', (chunk: Buffer) => this.#data(chunk));
  }

  get relayId(): string {
    return this.#relayId;
  }

  /** Everything up to this batch is stored. */
  acknowledge(sequence: number): void {
    if (this.#ended || sequence <= this.#acknowledged) return;
    this.#acknowledged = sequence;
    this.#options.link.write(ackFrame(sequence));
  }

  /** Acknowledges the last stored batch again: storing fails for now, but this process is alive. */
  heartbeat(): void {
    if (!this.#ended) this.#options.link.write(ackFrame(this.#acknowledged));
  }

  #data(chunk: Buffer): void {
    const beganMs = performance.now();
    this.#read(chunk);
    this.#workedMs += performance.now() - beganMs;
    if (this.#yielding || this.#workedMs < SLICE_MS) return;
    this.#yielding = true;
    this.#options.gate.hold();
    setImmediate(this.#goOn);
  }

  readonly #goOn = (): void => {
    this.#yielding = false;
    this.#workedMs = 0;
    this.#options.gate.letGo();
  };

  #read(chunk: Buffer): void {
    try {
      this.#frames.feed(chunk, (kind, body) => this.#frame(kind, body));
    } catch (error) {
      this.#options.log.error('the relay sent a damaged frame: the link is closed', { error: String(error) });
      this.#options.link.destroy();
    }
  }

  #frame(kind: number, body: Buffer): void {
    if (kind === FrameKind.configure) {
      this.#options.configure?.(JSON.parse(body.toString('utf8')) as object);
      return;
    }
    if (kind === FrameKind.goodbye) {
      this.#saidGoodbye = true;
      // Acknowledged while the link can still be written to: the relay's exit code hangs on it.
      this.#options.target.relayLeaves(this.#relayId);
      return;
    }
    this.#options.record?.(kind, body);
    if (kind === FrameKind.batch) {
      this.#batches.read(body, (observation) => this.#options.target.observe(this.#relayId, observation));
      this.#options.target.batchTaken(this.#relayId, this.#batches.sequence, this.#batches.executions);
      return;
    }
    if (kind !== FrameKind.hello) return;
    const hello = JSON.parse(body.toString('utf8')) as Hello;
    if (hello.schemaVersion === SCHEMA_VERSION) this.#relayId = hello.relayId;
    else {
      this.#options.log.error('relay and observer are of different releases: use the same for both', {
        relay: hello.schemaVersion,
        observer: SCHEMA_VERSION,
      });
    }
    const lastSequence = this.#relayId === '' ? 0 : this.#options.target.relayBegins(this.#relayId);
    this.#acknowledged = lastSequence;
    const welcome: Welcome = {
      schemaVersion: SCHEMA_VERSION,
      lastSequence,
      parameterKey: this.#options.parameterKey,
    };
    this.#options.link.write(controlFrame(FrameKind.welcome, welcome));
  }
}
