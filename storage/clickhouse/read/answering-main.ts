// The thread that asks ClickHouse for one that waits: takes statements, answers with their rows.
// Invariant: every question gets one answer, an error included; histograms leave as LogHistogram encodes them.
// Not here: waiting (answering.ts), what is asked (questions/).

import { type MessagePort, workerData } from 'node:worker_threads';
import { LogHistogram } from '../../../facts/histogram.js';
import { StoreError } from '../../store-error.js';
import type { StoreAddress } from '../connection/address.js';
import { FleetClient } from '../connection/client.js';
import type { Answer, AnswerMessage, QuestionMessage } from './answering.js';

interface Start {
  readonly address: StoreAddress;
  readonly timeoutMs: number;
  /** Counts answers; the asking thread sleeps on it. */
  readonly answered: Int32Array;
  readonly port: MessagePort;
}

type Row = Record<string, unknown>;

const { address, timeoutMs, answered, port } = workerData as Start;
const clients = new Map<number, FleetClient>();
/** The node that answered last. */
let node = 0;

port.on('message', (question: QuestionMessage) => void answer(question));

async function answer(question: QuestionMessage): Promise<void> {
  let message: Answer;
  try {
    message = { kind: 'rows', rows: await ask(question.statements) };
  } catch (error) {
    const { code, message: words, hint } = error as Partial<StoreError>;
    const known = error instanceof StoreError;
    message = known
      ? { kind: 'failed', code: code!, message: words!, hint: hint! }
      : { kind: 'fault', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  port.postMessage({ ...message, number: question.number } satisfies AnswerMessage);
  Atomics.add(answered, 0, 1);
  Atomics.notify(answered, 0);
}

/** All nodes are of one cluster: where one does not answer, the next is asked. */
async function ask(statements: readonly string[]): Promise<Row[][]> {
  for (let tried = 1; ; tried++) {
    try {
      return await Promise.all(statements.map(async (sql) => (await clientOf(node).rows<Row>(sql)).map(encoded)));
    } catch (error) {
      const isAway = error instanceof StoreError && error.code === 'unreachable';
      if (!isAway || tried >= address.nodes.length) throw error;
      node = (node + 1) % address.nodes.length;
    }
  }
}

function clientOf(index: number): FleetClient {
  let client = clients.get(index);
  if (client === undefined) {
    client = new FleetClient(address, { node: index, timeoutMs });
    clients.set(index, client);
  }
  return client;
}

/** A map of bucket to count is a histogram. */
function encoded(row: Row): Row {
  for (const name in row) {
    const value = row[name];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
    const histogram = new LogHistogram();
    for (const [index, count] of Object.entries(value as Record<string, number>))
      histogram.addBucket(Number(index), count);
    row[name] = histogram.encode();
  }
  return row;
}
