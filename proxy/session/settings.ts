// The settings of a session as the server reports them, and how it reads SQL under them.
//
//   ReadyForQuery ── SET … ── Parse ── ParameterStatus ── ReadyForQuery
//        │            └ the settings reported may be old ┘      └ here they are known again
//
// Since PostgreSQL 14 a server reports a change just before ReadyForQuery. A text that it reads earlier it reads
// under settings that nobody was told; within such a span a setting may even change and change back.
// Invariants: only the parameters named here are decoded (a login brings some fifteen). A text whose reading is sure
// was read under the settings last reported.
// Not here: what a reading means for a text (analyzer/texts/client-text.ts), when observers are told (replies.ts).
// Sources: PostgreSQL documentation "Asynchronous Operations"; src/backend/utils/misc/guc.c, ReportChangedGUCOptions.

import { type TextReading, textReading, USUAL_READING, unsure } from '../stream/text-reading.js';
import { latin1, stringEnd } from '../wire/field-reader.js';
import type { BodyRange } from '../wire/message-sink.js';
import { type Request, RequestKind } from './outstanding.js';
import type { PreparedText } from './texts.js';

const VALUE_BYTES_MAX = 256;

interface Settings {
  serverVersion: string;
  applicationName: string;
  clientEncoding: string;
  serverTimeZone: string;
  /** standard_conforming_strings = off. */
  backslashEscapes: boolean;
}

/** Parameter name → the field that keeps its value. */
const KEPT = new Map<string, keyof Settings>([
  ['server_version', 'serverVersion'],
  ['application_name', 'applicationName'],
  ['client_encoding', 'clientEncoding'],
  ['TimeZone', 'serverTimeZone'],
  ['standard_conforming_strings', 'backslashEscapes'],
]);

/** Returns false when the parameter is not kept. */
export function takeParameter(settings: Settings, { bytes, start, end }: BodyRange): boolean {
  const nameEnd = stringEnd(bytes, { at: start, end });
  const place = KEPT.get(latin1(bytes, start, nameEnd));
  if (place === undefined) return false;
  const valueAt = nameEnd + 1;
  const valueEnd = Math.min(stringEnd(bytes, { at: valueAt, end }), valueAt + VALUE_BYTES_MAX);
  const value = bytes.toString('utf8', valueAt, valueEnd);
  if (place === 'backslashEscapes') settings.backslashEscapes = value === 'off';
  else settings[place] = value;
  return true;
}

export class TextReadings {
  /** By the settings last reported. */
  #reported = USUAL_READING;
  /** The same when the server last said ReadyForQuery. */
  #atReady = USUAL_READING;
  /** Since then a setting changed, or may have. */
  #mayDiffer = false;
  /** For a time nobody listened to reports. */
  #missedReports = false;
  /** Within this span. */
  #lastExecuted: PreparedText | undefined = undefined;
  /** The present span: ReadyForQuery messages so far. */
  span = 0;

  /** Reading of a Parse that the server reads now. */
  get now(): number {
    return this.#mayDiffer ? unsure(this.#reported) : this.#reported;
  }

  /** Reading of a Query that the server took up when it was last ready. */
  get atReady(): number {
    return this.#mayDiffer ? unsure(this.#atReady) : this.#atReady;
  }

  /** Of a Parse that the server reads while nobody can tell what ran before it. */
  get inDoubt(): { now: number; span: number } {
    return { now: unsure(this.#reported), span: this.span };
  }

  /** Hot path. An Execute completed; `next` is the request behind it. */
  executed(command: string, prepared: PreparedText | undefined, next: Request | undefined): void {
    // With a Sync the span ends: the server reads no more text before it reports.
    if (next?.kind === RequestKind.sync) return;
    // A pipeline often runs one statement again and again.
    if (prepared !== undefined && prepared === this.#lastExecuted) return;
    this.#lastExecuted = prepared;
    if (mayChangeSettings(command, prepared)) this.#mayDiffer = true;
  }

  /** ParameterStatus. Returns true when the settings differ from those last reported. */
  report(settings: Omit<TextReading, 'isSure'>): boolean {
    const reported = textReading(settings);
    if (reported === this.#reported) return false;
    this.#reported = reported;
    this.#mayDiffer = true;
    return true;
  }

  /** ReadyForQuery: what changed was reported. */
  ready(): void {
    this.span++;
    this.#atReady = this.#reported;
    this.#mayDiffer = this.#missedReports;
    this.#lastExecuted = undefined;
  }

  /** Since these settings were reported nobody listened: there may have been others. */
  missReports(settings: Omit<TextReading, 'isSure'>): void {
    this.#missedReports = true;
    this.report(settings);
    this.ready();
  }
}

/** By the command tag, and for a query by its text: a function of the user's own that does it is not known. */
function mayChangeSettings(command: string, prepared: PreparedText | undefined): boolean {
  switch (command) {
    case 'BEGIN':
      return false;
    case 'SELECT':
    case 'INSERT':
    case 'UPDATE':
    case 'DELETE':
    case 'MERGE':
      return prepared === undefined || /set_config/i.test(prepared.shared?.text ?? prepared.text);
    default:
      return true;
  }
}
