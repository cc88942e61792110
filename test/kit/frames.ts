// Builds protocol messages for tests.
// The client's are made by pg-protocol's serializer, the server's by scripts/lib/wire/messages.mjs.
// Invariant: what is built here is well formed; damaging it is the test's business.

import { serialize } from 'pg-protocol';
import { int32, message, report } from '../../scripts/lib/wire/messages.mjs';

export { message };

export const F = {
  query: (sql: string) => serialize.query(sql),
  parse: (name: string, text: string) => serialize.parse({ name, text }),
  bind: (portal: string, statement: string) => serialize.bind({ portal, statement, values: [] }),
  describe: (kind: 'S' | 'P', name = '') => serialize.describe({ type: kind, name }),
  execute: (portal = '', rows = 0) => serialize.execute({ portal, rows }),
  close: (kind: 'S' | 'P', name: string) => serialize.close({ type: kind, name }),
  sync: () => serialize.sync(),
  flush: () => serialize.flush(),
  end: () => serialize.end(),
  copyData: (text: string) => serialize.copyData(Buffer.from(text)),
  copyDone: () => serialize.copyDone(),
  copyFail: (why: string) => serialize.copyFail(why),
  /** lo_creat(int4), by its OID. */
  functionCall: () => message('F', Buffer.from('000003bd00010001000100000004000200000001', 'hex')),
  startup: (parameters: Record<string, string>) => serialize.startup(parameters),
  sslRequest: () => serialize.requestSsl(),
  gssencRequest: () => Buffer.concat([int32(8), int32(80877104)]),
  /** A number is a key of 4 bytes; since protocol 3.2 a key may have another length. */
  cancelRequest: (pid: number, key: number | Buffer) => {
    const bytes = typeof key === 'number' ? int32(key) : key;
    return Buffer.concat([int32(12 + bytes.length), int32(80877102), int32(pid), bytes]);
  },
};

export const B = {
  authOk: () => message('R', int32(0)),
  parameterStatus: (name: string, value: string) => message('S', Buffer.from(`${name}\0${value}\0`)),
  backendKeyData: () => message('K', Buffer.concat([int32(4711), int32(99)])),
  ready: (status = 'I') => message('Z', Buffer.from(status)),
  parseComplete: () => message('1'),
  bindComplete: () => message('2'),
  closeComplete: () => message('3'),
  noData: () => message('n'),
  rowDescription: () => message('T', Buffer.from([0, 0])),
  parameterDescription: () => message('t', Buffer.from([0, 0])),
  dataRow: (text = 'x') => message('D', Buffer.concat([Buffer.from([0, 1]), int32(text.length), Buffer.from(text)])),
  commandComplete: (tag: string) => message('C', Buffer.from(`${tag}\0`)),
  emptyQuery: () => message('I'),
  portalSuspended: () => message('s'),
  error: (sqlstate: string, severity = 'ERROR') => report('E', { severity, sqlstate, text: 'no' }),
  notice: () => report('N', { severity: 'NOTICE', sqlstate: '00000', text: 'hm' }),
  notification: () => message('A', Buffer.concat([int32(1), Buffer.from('c\0p\0')])),
  copyIn: () => message('G', Buffer.from([0, 0, 0])),
  copyOut: () => message('H', Buffer.from([0, 0, 0])),
  copyData: (text: string) => message('d', Buffer.from(text)),
  copyDone: () => message('c'),
  functionCallResponse: () => message('V', int32(-1)),
  /** The answer to SSLRequest. */
  acceptTls: () => Buffer.from('S'),
  /** What a server says from AuthenticationOk to the first ReadyForQuery. */
  greeting: () =>
    Buffer.concat([
      B.authOk(),
      B.parameterStatus('server_version', '17.10'),
      B.parameterStatus('TimeZone', 'UTC'),
      B.backendKeyData(),
      B.ready(),
    ]),
};

/** ReadyForQuery among the whole messages of a server's stream. */
export function readyCount(stream: Buffer): number {
  let count = 0;
  for (let at = 0; stream.length - at >= 5; ) {
    const end = at + 1 + stream.readInt32BE(at + 1);
    if (end < at + 5 || end > stream.length) break;
    if (stream[at] === 0x5a) count++;
    at = end;
  }
  return count;
}
