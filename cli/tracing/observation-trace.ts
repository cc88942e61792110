// Writes a recording of `run --record` as lines: sessions, executions and losses, in order.
//
//   13:05:07.123 session 4  extended s1 "select ?" [SELECT 1] rows=1 I>I 1.24 ms
//
// Invariant: literals are masked; a recording of any length takes the memory of its prepared texts. Times are UTC.
// Not here: the form of a recording (observer/recording.ts), counting it (observer/replay.ts).

import type { ClientText } from '../../analyzer/texts/client-text.js';
import { readHello, readRecording } from '../../observer/recording.js';
import { FrameKind } from '../../proxy/stream/frames.js';
import type { Observation, SessionOpened, StatementObservation } from '../../proxy/stream/observation.js';
import { BatchReader } from '../../proxy/stream/reader.js';
import { duration } from '../terminal/format.js';
import { executionLine } from './execution-line.js';
import type { Mask } from './masked-text.js';

const NS_PER_MS = 1e6;

/** A relay of the recording, with what its observations refer to. */
interface TracedRelay {
  readonly batches: BatchReader;
  readonly texts: Map<number, ClientText>;
}

export interface ObservationTraceOptions {
  readonly mask: Mask;
  readonly line: (line: string) => void;
  /** Only this session's lines; left out: all. */
  readonly sessionId?: number;
  /** Called after every chunk of the file; reading waits for it. */
  readonly drained?: () => Promise<void> | void;
}

/** Returns the bytes of a batch that was cut off at the end (0 = none). Throws RuntimeError. */
export async function traceObservations(file: string, options: ObservationTraceOptions): Promise<number> {
  const relays = new Map<string, TracedRelay>();
  let relay: TracedRelay | undefined;
  let relayId = '';
  return readRecording(
    file,
    (kind, body) => {
      if (kind === FrameKind.hello) {
        const hello = readHello(body, file);
        if (hello.relayId !== relayId) options.line(`relay ${hello.relayId}, pgwitness ${hello.version}`);
        relayId = hello.relayId;
        relay = relays.get(relayId) ?? { batches: new BatchReader(), texts: new Map() };
        relays.set(relayId, relay);
      } else if (kind === FrameKind.batch && relay !== undefined) {
        const from = relay;
        from.batches.read(body, (observation) => traceObservation(observation, from, options));
      }
    },
    options.drained,
  );
}

function traceObservation(observation: Observation, relay: TracedRelay, options: ObservationTraceOptions): void {
  if ('sessionId' in observation && options.sessionId !== undefined && observation.sessionId !== options.sessionId)
    return;
  const said = saidOf(observation, relay, options.mask);
  if (said === undefined) return;
  const { atMs, text } = said;
  const session = 'sessionId' in observation ? `session ${observation.sessionId}` : '';
  const moment = atMs === undefined ? ''.padEnd(12) : new Date(atMs).toISOString().slice(11, 23);
  options.line(`${moment} ${session.padEnd(10)} ${text}`.trimEnd());
}

/** What a line says; undefined for observations that only define something, and for the relay's health. */
function saidOf(observation: Observation, relay: TracedRelay, mask: Mask): { atMs?: number; text: string } | undefined {
  switch (observation.kind) {
    case 'statement':
      return { atMs: observation.completedAtMs, text: statementText(observation, relay, mask) };
    case 'statement-running': {
      if (observation.startedAtMs === 0) return { text: 'runs no more' };
      const shown = maskedSql(observation, relay, mask);
      return { atMs: observation.startedAtMs, text: `running since ${JSON.stringify(shown)}` };
    }
    case 'statement-lost': {
      const shown = maskedSql(observation, relay, mask);
      return { atMs: observation.minute * 60_000, text: `lost ${observation.reason} ${JSON.stringify(shown)}` };
    }
    case 'session-opened':
      return { atMs: observation.openedAtMs, text: openedText(observation) };
    case 'session-ready':
      return { text: `ready ${observation.serverVersion} ${observation.applicationName}`.trimEnd() };
    case 'session-closed':
      return { atMs: observation.closedAtMs, text: `closed by ${observation.by}` };
    case 'loss':
      return { atMs: observation.minute * 60_000, text: `lost ${observation.count} ${observation.reason} (in all)` };
    case 'text-defined':
      // The bytes are the reader's: they change with the next batch.
      relay.texts.set(observation.textId, {
        bytes: Buffer.from(observation.text),
        missingBytes: observation.textMissingBytes,
        reading: observation.reading,
        isRefused: observation.reading.clientEncoding === 'UTF8',
      });
      return undefined;
    case 'text-forgotten':
      relay.texts.delete(observation.textId);
      return undefined;
    case 'resync-begin':
      relay.texts.clear();
      return undefined;
    default:
      return undefined;
  }
}

function statementText(statement: StatementObservation, relay: TracedRelay, mask: Mask): string {
  const line = executionLine(statement, {
    protocol: statement.protocol,
    // The reader gives names byte by byte.
    name: Buffer.from(statement.statementName, 'latin1').toString('utf8'),
    text: maskedSql(statement, relay, mask),
  });
  return `${line} ${duration(statement.serviceNs / NS_PER_MS)}`;
}

/** Of the startup parameters only who and where: the others may hold anything. */
function openedText({ clientAddress, startup, resumed }: SessionOpened): string {
  const told = new Map(startup);
  const user = told.get('user') ?? '';
  const who = ` as ${user} to ${told.get('database') ?? user}`;
  return `${resumed ? 'announced again' : 'opened'} from ${clientAddress || 'a local socket'}${who}`;
}

function maskedSql(
  from: Pick<StatementObservation, 'text' | 'textMissingBytes' | 'textId' | 'reading'> & { sqlstate?: string },
  relay: TracedRelay,
  mask: Mask,
): string | null {
  const { text: bytes, textMissingBytes: missingBytes, reading } = from;
  if (bytes !== null) return mask({ bytes, missingBytes, reading, isRefused: from.sqlstate === '22021' });
  const known = relay.texts.get(from.textId);
  return known === undefined ? null : mask(known);
}
