// Picks what a trace shows of a message's body: SQL, names, command tags, SQLSTATEs.
// Invariant: no parameter value, no row, no password and no text of an error: they hold literals. SQL is masked by
// the caller's mask.
// Not here: walking messages (wire-trace.ts).

import { latin1, readError, stringEnd } from '../../proxy/wire/field-reader.js';
import { Client, type Direction, Server } from '../../proxy/wire/message-codes.js';

/** As much of a name as the server looks at (NAMEDATALEN), and of a command tag. */
const SHOWN_BYTES = 63;
const PORTAL = 0x50; // 'P' in Describe and Close

/** '' when there is nothing to show. `masked`: makes SQL showable. */
export function messageDetail(
  from: Direction,
  code: number,
  { body, masked }: { body: Buffer; masked: (sql: Buffer) => string },
): string {
  return from === 'client' ? clientDetail(code, body, masked) : serverDetail(code, body);
}

function clientDetail(code: number, body: Buffer, masked: (sql: Buffer) => string): string {
  switch (code) {
    case Client.query:
      return JSON.stringify(masked(body.subarray(0, stringEnd(body, { at: 0, end: body.length }))));
    case Client.parse: {
      const [name, at] = stringAt(body, 0);
      const sql = body.subarray(at, stringEnd(body, { at, end: body.length }));
      return [name, JSON.stringify(masked(sql))].filter((part) => part !== '').join(' ');
    }
    case Client.bind: {
      const [portal, at] = stringAt(body, 0);
      return named({ portal, statement: stringAt(body, at)[0] });
    }
    case Client.describe:
    case Client.close: {
      const name = stringAt(body, 1)[0];
      return body[0] === PORTAL ? named({ portal: name }) : named({ statement: name });
    }
    case Client.execute: {
      const [portal, at] = stringAt(body, 0);
      const rowsMax = body.length >= at + 4 ? body.readInt32BE(at) : 0;
      return named({ portal, 'rows at most': rowsMax > 0 ? String(rowsMax) : '' });
    }
    default:
      return '';
  }
}

function serverDetail(code: number, body: Buffer): string {
  switch (code) {
    case Server.commandComplete:
      return stringAt(body, 0)[0];
    case Server.error:
    case Server.notice:
      return readError(body, 0, body.length).sqlstate;
    case Server.readyForQuery:
      return latin1(body, 0, body.length);
    default:
      return '';
  }
}

/** The string at `at`, and where the next one begins. */
function stringAt(body: Buffer, at: number): [text: string, next: number] {
  const end = stringEnd(body, { at, end: body.length });
  return [body.toString('utf8', Math.min(at, body.length), Math.min(end, at + SHOWN_BYTES)), end + 1];
}

function named(parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}
