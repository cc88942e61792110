// Holds the links to relays: reads each within the CPU share, and acknowledges it.
// Invariant: a link is in the set from when it is taken until it ends. Not here: where links come from (main.ts,
// link-server.ts).

import type { Duplex } from 'node:stream';
import type { Log } from '../config/log.js';
import type { ParameterKey } from '../proxy/stream/parameters.js';
import type { LiveConfig } from './assemble.js';
import { type CpuShare, holdCpuShare } from './intake/cpu-share.js';
import { Intake, type IntakeTarget } from './intake/intake.js';
import { LinkGate } from './intake/link-gate.js';
import type { RecordedRelay, Recorder } from './recording.js';

export interface LinkParts {
  target: IntakeTarget;
  parameterKey: ParameterKey;
  log: Log;
  recorder: Recorder | undefined;
  reconfigure: (changed: LiveConfig) => void;
  cpuShare: CpuShare;
}

export class ObserverLinks {
  readonly #intakes = new Set<Intake>();

  /** Resolves when the link ended. */
  async take(link: Duplex, { target, log, parameterKey, recorder, reconfigure, cpuShare }: LinkParts): Promise<void> {
    const gate = new LinkGate(link);
    const recorded: RecordedRelay = {};
    const intake = new Intake({
      link,
      gate,
      target,
      log,
      parameterKey,
      record: recorder && ((kind, body) => recorder.frame(recorded, { kind, body })),
      configure: (changed) => reconfigure(changed as LiveConfig),
    });
    this.#intakes.add(intake);
    const release = holdCpuShare(gate, cpuShare);
    await intake.ended;
    release();
    this.#intakes.delete(intake);
  }

  /** Everything of this relay up to this batch is stored. */
  acknowledge(relayId: string, sequence: number): void {
    for (const intake of this.#intakes) if (intake.relayId === relayId) intake.acknowledge(sequence);
  }

  /** Storing fails for now, but this process is alive. */
  heartbeat(): void {
    for (const intake of this.#intakes) intake.heartbeat();
  }
}
