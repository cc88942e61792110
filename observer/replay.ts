// Feeds a recording into a data directory: the work of `pgwitness replay`.
// Invariant: the minutes are those of the recording; a batch that the directory holds already (same relay, same
// sequence) is not counted twice. Not here: the form of recordings (recording.ts).

import type { Log } from '../config/log.js';
import { RuntimeError } from '../config/values/errors.js';
import { FrameKind } from '../proxy/stream/frames.js';
import type { Observation } from '../proxy/stream/observation.js';
import { BatchReader } from '../proxy/stream/reader.js';
import { assemble, type ObserverConfig } from './assemble.js';
import type { Observer } from './observer.js';
import { readHello, readRecording, requireRecording } from './recording.js';

export interface Replayed {
  batches: number;
  executions: number;
  /** Batches the data directory held already. */
  skippedBatches: number;
  /** Bytes of a frame that was cut off at the end of the file. */
  tornBytes: number;
}

/** A flush follows after so many executions, so that little waits in memory however long the recording is … */
const FLUSH_EXECUTIONS = 20_000;
/** … and after so much of its time: what is compared over time is taken at each. */
const FLUSH_MS = 60_000;
/** Of the recording's time: as often as a running observer looks which sessions have settled and which units ended. */
const TICK_MS = 1_000;
/** Upkeep has one of two. */
const TURNS = 2;

/** Throws RuntimeError (no recording, damaged, another release) or StoreError. */
export async function replay(
  file: string,
  options: { config: ObserverConfig; log: Log; onRead?: (bytes: number) => void },
): Promise<Replayed> {
  // Before anything is made in the data directory.
  requireRecording(file);
  const { observer, pipeline, store } = await assemble(options.config, {
    log: options.log,
    acknowledge: () => {},
    relays: { count: 1, ended: {} },
    watchesClock: false,
  });
  const result: Replayed = { batches: 0, executions: 0, skippedBatches: 0, tornBytes: 0 };
  /** Relays of the recording, each with the last batch that the directory held already. */
  const relays = new Map<string, { batches: BatchReader; lastSequence: number }>();
  let relayId = '';
  let nowMs = 0;
  let unflushed = 0;
  let tickedMs = 0;
  let flushedMs = 0;
  const observe = (observation: Observation) => {
    nowMs = Math.max(nowMs, momentOf(observation));
    observer.observe(relayId, observation);
  };
  const flush = () => {
    if (flushAll(observer, nowMs)) return;
    const where = options.config.dataDir;
    throw new RuntimeError('what was replayed cannot be stored', { where, hint: 'see the log above' });
  };
  try {
    result.tornBytes = await readRecording(
      file,
      (kind, body) => {
        if (kind === FrameKind.hello) {
          relayId = readHello(body, file).relayId;
          if (relays.has(relayId)) return;
          relays.set(relayId, { batches: new BatchReader(), lastSequence: observer.relayBegins(relayId, nowMs) });
          return;
        }
        const relay = relays.get(relayId);
        if (kind !== FrameKind.batch || relay === undefined) return;
        const { batches, lastSequence } = relay;
        batches.begin(body);
        if (batches.sequence <= lastSequence) {
          result.skippedBatches++;
          return;
        }
        batches.read(body, observe);
        observer.batchTaken(relayId, batches.sequence);
        result.batches++;
        result.executions += batches.executions;
        unflushed += batches.executions;
        if (nowMs - tickedMs >= TICK_MS) {
          tickedMs = nowMs;
          pipeline.tick(nowMs);
        }
        if (unflushed < FLUSH_EXECUTIONS && nowMs - flushedMs < FLUSH_MS) return;
        unflushed = 0;
        flushedMs = nowMs;
        flush();
      },
      options.onRead,
    );
    for (const ended of relays.keys()) observer.relayEnds(ended, true, nowMs);
    flush();
  } finally {
    store.close();
  }
  return result;
}

/**
 * With the upkeep that the flush before left to do. Nothing waits in the journal: the minutes after it could not be
 * rolled up, so that the file would grow with the recording, and who replays is told when the disk takes no more.
 */
function flushAll(observer: Observer, nowMs: number): boolean {
  for (let turn = 0; turn < TURNS; turn++) observer.turn(nowMs);
  return observer.flush(nowMs) && observer.writeOutAll();
}

function momentOf(observation: Observation): number {
  switch (observation.kind) {
    case 'statement':
      return observation.completedAtMs;
    case 'session-closed':
      return observation.closedAtMs;
    case 'relay-status':
      return observation.atMs;
    default:
      return 0;
  }
}
