// Takes the session settings that observers need from the server's ParameterStatus messages.
// Invariant: only the parameters named here are decoded; a login brings some fifteen.
// Source: PostgreSQL documentation "Asynchronous Operations". Not here: when observers are told (replies.ts).

import { latin1, stringEnd } from '../wire/field-reader.js';
import type { BodyRange } from '../wire/message-sink.js';
import type { SessionState } from './session-state.js';

const VALUE_BYTES_MAX = 256;

/** Parameter name → the field that keeps its value. */
const KEPT = new Map<
  string,
  'serverVersion' | 'applicationName' | 'clientEncoding' | 'serverTimeZone' | 'backslashEscapes'
>([
  ['server_version', 'serverVersion'],
  ['application_name', 'applicationName'],
  ['client_encoding', 'clientEncoding'],
  ['TimeZone', 'serverTimeZone'],
  ['standard_conforming_strings', 'backslashEscapes'],
]);

/** Returns false when the parameter is not kept. */
export function takeParameter(state: SessionState, { bytes, start, end }: BodyRange): boolean {
  const nameEnd = stringEnd(bytes, { at: start, end });
  const place = KEPT.get(latin1(bytes, start, nameEnd));
  if (place === undefined) return false;
  const valueAt = nameEnd + 1;
  const valueEnd = Math.min(stringEnd(bytes, { at: valueAt, end }), valueAt + VALUE_BYTES_MAX);
  const value = bytes.toString('utf8', valueAt, valueEnd);
  if (place === 'backslashEscapes') state.backslashEscapes = value === 'off';
  else state[place] = value;
  return true;
}
