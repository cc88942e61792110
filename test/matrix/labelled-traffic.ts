// Reads a recording of `run --record` into lines of `attribute`, with the labels of the sender.
// Invariant: the label's comment is cut out of the text, so what is judged is what the application sends by itself.
// Not here: who labels (labels.py), what is said of a line (judged.ts).

import { readHello, readRecording } from '../../observer/recording.js';
import { FrameKind } from '../../proxy/stream/frames.js';
import type { Observation, StatementObservation } from '../../proxy/stream/observation.js';
import { BatchReader } from '../../proxy/stream/reader.js';

export interface LabelledLine {
  readonly session: string;
  readonly startup: Readonly<Record<string, string>>;
  readonly protocol: 'simple' | 'extended';
  readonly statement_name: string;
  readonly sql: string;
  /** `source:construct`; '' for what the hooks of the process do not see: transactions, settings, drivers. */
  readonly label: string;
}

const LABEL = / ?\/\*sent_by='([a-z:-]+)'\*\//;

/** @param name of the run, in front of the numbers of its sessions */
export async function labelledTraffic(file: string, name: string): Promise<LabelledLine[]> {
  const batches = new BatchReader();
  const texts = new Map<number, string>();
  const startups = new Map<number, Record<string, string>>();
  const lines: LabelledLine[] = [];
  const read = (observation: Observation): void => {
    if (observation.kind === 'session-opened')
      startups.set(observation.sessionId, Object.fromEntries(observation.startup));
    else if (observation.kind === 'text-defined')
      texts.set(observation.textId, Buffer.from(observation.text).toString('utf8'));
    else if (observation.kind === 'statement') lines.push(lineOf(observation, { name, texts, startups }));
  };
  const torn = await readRecording(file, (kind, body) => {
    if (kind === FrameKind.hello) readHello(body, file);
    else if (kind === FrameKind.batch) batches.read(body, read);
  });
  if (torn > 0) throw new Error(`${file} ends in the middle of a frame`);
  return lines;
}

function lineOf(
  statement: StatementObservation,
  run: { name: string; texts: Map<number, string>; startups: Map<number, Record<string, string>> },
): LabelledLine {
  const text = statement.text === null ? run.texts.get(statement.textId) : Buffer.from(statement.text).toString('utf8');
  if (text === undefined) throw new Error(`the relay no longer had the text ${statement.textId}`);
  return {
    session: `${run.name}#${statement.sessionId}`,
    startup: run.startups.get(statement.sessionId) ?? {},
    protocol: statement.protocol,
    statement_name: Buffer.from(statement.statementName, 'latin1').toString('utf8'),
    sql: text.replace(LABEL, ''),
    label: LABEL.exec(text)?.[1] ?? '',
  };
}
