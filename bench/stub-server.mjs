// A stand-in for Postgres that answers at once.
// For many connections, and for a load that a real server could not follow.
// Invariant: every message is answered as the protocol says, with no rows; `SELECT 1/0` prepared without a name fails
// when it is executed, and must be the last before Sync; a DO block raises a notice and goes on for ever.
// Not here: any other SQL; benches of latency use a real server.
// Run: node bench/stub-server.mjs PORT   (loopback; the benches start it)

import { createServer } from 'node:net';
import { cstrings, message, report } from '../scripts/lib/wire/messages.mjs';
import { NOTICE_MESSAGE } from './lib/soak-kinds.mjs';

const SSL_REQUEST = 80877103;
const GSSENC_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
const QUERY = 0x51;
/** "DO", where the text of a Query begins. */
const DO = 0x444f;
const NONE = Buffer.alloc(0);
const READY = message('Z', Buffer.from('I'));
const COMPLETE = message('C', cstrings('SELECT 0'));
const LOGIN = Buffer.concat([
  message('R', Buffer.alloc(4)),
  ...[
    ['server_version', '17.0'],
    ['client_encoding', 'UTF8'],
    ['TimeZone', 'Etc/UTC'],
    ['standard_conforming_strings', 'on'],
  ].map(([name, value]) => message('S', cstrings(name, value))),
  message('K', Buffer.from([0, 0, 0, 7, 0, 0, 0, 7])),
  READY,
]);

const DIVISION = Buffer.from('\0SELECT 1/0\0');
const FAILED = report('E', { severity: 'ERROR', sqlstate: '22012', text: 'division by zero' });
const PARSE = 0x50;
const EXECUTE = 0x45;

/** Reply by the code of the message. */
const REPLIES = new Map([
  [0x51, Buffer.concat([COMPLETE, READY])], // Query
  [0x50, message('1')], // Parse
  [0x42, message('2')], // Bind
  [0x44, message('n')], // Describe
  [0x45, COMPLETE], // Execute
  [0x43, message('3')], // Close
  [0x53, READY], // Sync
]);

/** Whether the body of a Parse is that of the statement that fails. @param {Buffer} bytes @param {number} from */
function isDivision(bytes, from) {
  return (
    bytes[from + 8] === DIVISION[8] && bytes.compare(DIVISION, 0, DIVISION.length, from, from + DIVISION.length) === 0
  );
}

const server = createServer({ noDelay: true }, (socket) => {
  let rest = NONE;
  let started = false;
  let fails = false;
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    /** @type {Buffer[]} */
    const out = [];
    let at = 0;
    for (;;) {
      const from = started ? at + 1 : at;
      if (bytes.length < from + 4) break;
      const end = from + bytes.readInt32BE(from);
      if (bytes.length < end) break;
      if (started) {
        const code = bytes[at];
        if (code === PARSE) fails = isDivision(bytes, at + 5);
        const isDo = code === QUERY && end > at + 7 && bytes.readUInt16BE(at + 5) === DO;
        const reply = isDo ? NOTICE_MESSAGE : code === EXECUTE && fails ? FAILED : REPLIES.get(code);
        if (reply !== undefined) out.push(reply);
      } else {
        const code = bytes.readInt32BE(from + 4);
        if (code === CANCEL_REQUEST) socket.end();
        else if (code === SSL_REQUEST || code === GSSENC_REQUEST) out.push(Buffer.from('N'));
        else {
          started = true;
          out.push(LOGIN);
        }
      }
      at = end;
    }
    rest = bytes.subarray(at);
    if (out.length > 0) socket.write(out.length === 1 ? out[0] : Buffer.concat(out));
  });
  socket.on('error', () => socket.destroy());
});
server.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 1024 });
process.on('SIGTERM', () => process.exit(0));
