// Greets an observer at a socket and reads its answers: the welcome, then acknowledgements.
// Invariant: an answer of an observer that is no longer the present one is dropped, and so is one of another release.
// Not here: what the answers change (link.ts), the observer's side (observer/intake/link-gate.ts).

import type { Duplex } from 'node:stream';
import type { Log } from '../../config/log.js';
import { controlFrame, FrameKind, FrameReader, type Hello, type Welcome } from '../stream/frames.js';
import { SCHEMA_VERSION } from '../stream/observation.js';

export interface Greeter {
  readonly hello: Omit<Hello, 'schemaVersion'>;
  /** This socket still leads to the present observer. */
  readonly isPresent: () => boolean;
  readonly onWelcome: (welcome: Welcome) => void;
  readonly onAcknowledged: (sequence: number) => void;
  /** The socket closed, or the observer is of another release. */
  readonly onGone: () => void;
  readonly log: Log;
}

export function greet(socket: Duplex, greeter: Greeter): void {
  const { log } = greeter;
  const reader = new FrameReader();
  const gone = () => {
    if (greeter.isPresent()) greeter.onGone();
  };
  socket.on('data', (chunk: Buffer) => {
    if (!greeter.isPresent()) return;
    try {
      reader.feed(chunk, (kind, body) => answered(kind, body, greeter));
    } catch (error) {
      log.warn('the observer sent a damaged frame: the link is closed', { error: String(error) });
      socket.destroy();
    }
  });
  socket.on('close', gone);
  socket.on('error', gone);
  socket.write(controlFrame(FrameKind.hello, { schemaVersion: SCHEMA_VERSION, ...greeter.hello } satisfies Hello));
}

function answered(kind: number, body: Buffer, { onAcknowledged, onWelcome, onGone, log }: Greeter): void {
  if (kind === FrameKind.ack) onAcknowledged(body.readDoubleLE(0));
  if (kind !== FrameKind.welcome) return;
  const welcome = JSON.parse(body.toString('utf8')) as Welcome;
  if (welcome.schemaVersion === SCHEMA_VERSION) {
    onWelcome(welcome);
    return;
  }
  log.error('observer and relay are of different releases: use the same release for both', {
    observer: welcome.schemaVersion,
    relay: SCHEMA_VERSION,
  });
  onGone();
}
