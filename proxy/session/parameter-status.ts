// ParameterStatus: what the server reports of the session's settings, as far as it is kept.
// Invariant: only the parameters named here are decoded; a login brings some fifteen. Not here: when observers are told (replies.ts).
// Source: PostgreSQL documentation "Asynchronous Operations".

import { latin1, stringEnd } from '../wire/field-reader.js';
import type { BodyRange } from '../wire/frame-scanner.js';
import type { SessionState } from './session-state.js';

const VALUE_BYTES_MAX = 256;

/** By the parameter's name: where it is kept. */
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

/** False when it is none that is kept. */
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
