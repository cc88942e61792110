// Reads a recording of the bytes of one connection.
// The fuzzer saves its failures in the form of test/recordings too.
//
//   { "events": [{ "from": "client" | "server", "bytes": base64 }, …], "limits": { … } }
//
// The events stand in the order of arrival, after the StartupMessage. `limits` are bounds of the tracker that differ
// from config/limits.ts; other fields are not looked at.
// Invariant: what is not of this form is a RuntimeError that names the place.
// Not here: walking the bytes (wire-trace.ts).

import { limits } from '../../config/limits.js';
import { RuntimeError } from '../../config/values/errors.js';
import type { Direction } from '../../proxy/wire/message-codes.js';

export interface WireEvent {
  readonly from: Direction;
  readonly bytes: Buffer;
}

/** The bounds of one connection's tracker. */
export interface TrackerLimits {
  readonly outstandingBytesMax: number;
  readonly outstandingTextBytesMax: number;
  readonly statementNamesMax: number;
  readonly completionsMax: number;
  readonly internedTextBytesMax: number;
  readonly textHeadBytesMax: number;
  readonly textTailBytesMax: number;
}

export interface WireRecording {
  readonly events: readonly WireEvent[];
  readonly limits: TrackerLimits;
}

const USUAL: TrackerLimits = {
  outstandingBytesMax: limits.outstandingBytesMax,
  outstandingTextBytesMax: limits.outstandingTextBytesMax,
  statementNamesMax: limits.statementNamesMax,
  completionsMax: limits.completionsMax,
  internedTextBytesMax: limits.internedTextBytesMax,
  textHeadBytesMax: limits.textHeadBytesMax,
  textTailBytesMax: limits.textTailBytesMax,
};

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Throws RuntimeError. `file`: for its place. */
export function parseWireRecording(json: string, file: string): WireRecording {
  const told = objectOf(parsed(json, file));
  const { events } = told;
  if (!Array.isArray(events)) throw refused('there is no list of "events"', file);
  if (told.kind === 'startup' || told.kind === 'codec')
    throw refused(`a fuzz case of kind "${told.kind}" is no stream of messages`, file);
  return {
    events: events.map((event, at) => eventOf(event, `${file}: events[${at}]`)),
    limits: { ...USUAL, ...limitsOf(told.limits, file) },
  };
}

function parsed(json: string, file: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    // The engine's message quotes the text around the mistake, which may be anybody's.
    throw new RuntimeError('the recording is no whole JSON', {
      where: file,
      hint: 'it may have been cut off: record it again',
      cause: error,
    });
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function eventOf(value: unknown, where: string): WireEvent {
  const { from, bytes } = objectOf(value);
  if (from !== 'client' && from !== 'server') throw refused('"from" is neither "client" nor "server"', where);
  if (typeof bytes !== 'string' || !BASE64.test(bytes)) throw refused('"bytes" is not base64', where);
  return { from, bytes: Buffer.from(bytes, 'base64') };
}

function limitsOf(value: unknown, file: string): Partial<TrackerLimits> {
  const told = objectOf(value);
  for (const [name, bound] of Object.entries(told)) {
    if (!(name in USUAL)) throw refused(`"${name}" is no limit of the tracker`, `${file}: limits`);
    if (!Number.isSafeInteger(bound) || (bound as number) < 1)
      throw refused('a limit is a whole number, at least 1', `${file}: limits.${name}`);
  }
  return told as Partial<TrackerLimits>;
}

function refused(what: string, where: string): RuntimeError {
  return new RuntimeError(what, { where, hint: 'give a file of the form of test/recordings/simple.json' });
}
