// `pgwitness trace`, as built: each kind of recording, and files that are none.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { traceFile } from '../../cli/tracing/trace.js';
import { emptyFields } from '../../proxy/link/statement-fields.js';
import { controlFrame, FrameKind, RECORDING_MAGIC } from '../../proxy/stream/frames.js';
import { SCHEMA_VERSION } from '../../proxy/stream/observation.js';
import { textReading } from '../../proxy/stream/text-reading.js';
import { BatchWriter } from '../../proxy/stream/writer.js';
import { build } from '../../scripts/lib/setup/build.mjs';
import { B, F, message } from '../kit/frames.js';
import { pgwitness } from './command.js';

const root = mkdtempSync(join(tmpdir(), 'pgwitness-trace-'));
/** A JSON string. */
const SQL = /"(?:[^"\\]|\\.)*"/g;
const RECORDINGS = join(import.meta.dirname, '..', 'recordings');

beforeAll(async () => {
  await build(() => {});
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function fileOf(name: string, content: string | Buffer): string {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
}

type Event = { from: 'client' | 'server'; bytes: Buffer };

function bytesFile(name: string, events: readonly Event[], rest: object = {}): string {
  const written = events.map(({ from, bytes }) => ({ from, bytes: bytes.toString('base64') }));
  return fileOf(name, JSON.stringify({ events: written, ...rest }));
}

const client = (...messages: Buffer[]): Event => ({ from: 'client', bytes: Buffer.concat(messages) });
const server = (...messages: Buffer[]): Event => ({ from: 'server', bytes: Buffer.concat(messages) });

async function linesOf(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await pgwitness(['trace', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.trimEnd().split('\n');
}

describe('a recording of bytes', () => {
  test('messages, and after them what the tracker made of them; no literal', async () => {
    const file = bytesFile('simple.json', [
      server(B.greeting()),
      client(F.query("select 'Secret 1', 42 from customers")),
      server(
        B.rowDescription(),
        B.dataRow('Secret 2'),
        B.dataRow('Secret 3'),
        B.commandComplete('SELECT 2'),
        B.ready(),
      ),
      client(
        F.parse('s1', "select 'Secret 4'"),
        F.bind('p1', 's1'),
        F.describe('S', 's1'),
        F.execute('p1', 5),
        F.sync(),
      ),
      server(B.parseComplete(), B.error('42P01'), B.ready('I')),
    ]);
    expect(await linesOf(file)).toEqual([
      'server  Authentication              9',
      'server  ParameterStatus x2         44',
      'server  BackendKeyData             13',
      'server  ReadyForQuery               6  I',
      'tracker ready 17.10',
      'client  Query                      42  "select ?, ? from customers"',
      'server  RowDescription              7',
      'server  DataRow x2                 38',
      'server  CommandComplete            14  SELECT 2',
      'server  ReadyForQuery               6  I',
      'tracker simple "select ?, ? from customers" [SELECT 2] rows=2 I>I',
      'client  Parse                      28  s1 "select ?"',
      'client  Bind                       19  portal p1, statement s1',
      'client  Describe                    9  statement s1',
      'client  Execute                    12  portal p1, rows at most 5',
      'client  Sync                        5',
      'server  ParseComplete               5',
      'server  ErrorResponse              31  42P01',
      'server  ReadyForQuery               6  I',
      'tracker extended s1 "select ?" [] !42P01 I>I',
      'tracker end adrift=0 opaque=0 unmatched=0 skipped=1 session-errors=0',
    ]);
  });

  test.each(readdirSync(RECORDINGS).filter((name) => name.endsWith('.json')))(
    'test/recordings/%s is the golden trace with its literals masked',
    async (name) => {
      const golden = readFileSync(join(RECORDINGS, name.replace('.json', '.trace')), 'utf8')
        .trimEnd()
        .split('\n');
      const got: string[] = [];
      await traceFile(join(RECORDINGS, name), { trackerOnly: false, line: (line) => got.push(line) });
      const withoutSql = (line: string) => line.replace(SQL, '"…"');
      expect(got.map(withoutSql)).toEqual(golden.map(withoutSql));
      // Digits that are left belong to names (c1, s1).
      for (const text of got.join('\n').match(SQL) ?? []) expect(text).not.toMatch(/(^|[^a-z0-9_])[0-9]|'/);
    },
  );

  test('--tracker-only leaves the messages out', async () => {
    expect(await linesOf('--tracker-only', join(RECORDINGS, 'copy_in_blind.json'))).toEqual([
      'tracker ready 17.10',
      'tracker extended "copy t from stdin" [COPY 1] I>I copy-in',
      'tracker simple "select ?" [SELECT 1] rows=1 I>I',
      'tracker end adrift=0 opaque=0 unmatched=0 skipped=0 session-errors=0',
    ]);
  });

  test('damage: where it is, what is lost, and what is not read', async () => {
    const file = bytesFile('damaged.json', [
      server(B.greeting()),
      client(F.query('select 1')),
      server(message('Y', Buffer.from('none')), B.ready()),
    ]);
    expect((await linesOf(file)).slice(5)).toEqual([
      'client  Query                      14  "select ?"',
      'server  no message: code 0x59, length 8; nothing behind it is read',
      'tracker lost 1 opaque',
      'tracker opaque',
      'server  not read: 10 bytes',
      'tracker end adrift=0 opaque=1 unmatched=0 skipped=0 session-errors=0',
    ]);
  });

  test('a reply that answers nothing, and what comes after it', async () => {
    const file = bytesFile('adrift.json', [
      server(B.greeting()),
      client(F.query('select 1')),
      server(B.bindComplete(), B.commandComplete('SELECT 1'), B.ready()),
    ]);
    expect((await linesOf(file)).slice(6)).toEqual([
      'server  BindComplete                5',
      'tracker lost 1 adrift',
      'tracker adrift',
      'server  CommandComplete            14  SELECT 1',
      'server  ReadyForQuery               6  I',
      'tracker found again',
      'tracker end adrift=1 opaque=0 unmatched=0 skipped=0 session-errors=0',
    ]);
  });

  test('a message that is cut off at the end is said', async () => {
    const query = F.query("select 'Secret'");
    const file = bytesFile('cut.json', [server(B.greeting()), client(query.subarray(0, 12))]);
    expect((await linesOf(file)).slice(5)).toEqual([
      'client  cut off: 12 bytes',
      'tracker end adrift=0 opaque=0 unmatched=0 skipped=0 session-errors=0',
    ]);
  });

  test('limits of the recording are those of the tracker', async () => {
    const file = bytesFile('limits.json', [server(B.greeting()), client(F.query('select 1'), F.query('select 2'))], {
      limits: { outstandingBytesMax: 256 },
    });
    expect((await linesOf(file)).slice(5, 9)).toEqual([
      'client  Query                      14  "select ?"',
      'client  Query                      14  "select ?"',
      'tracker lost 2 adrift',
      'tracker adrift',
    ]);
  });

  test('cases of the fuzzer that failed once are shown', async () => {
    const file = join(import.meta.dirname, '..', 'fuzz', 'crashers', 'endless-row-count.json');
    expect((await linesOf(file)).join('\n')).toMatch(/^tracker adrift$/m);
  });
});

const MINUTE = 29_000_000;
const AT_MS = MINUTE * 60_000 + 7_123;

function hello(relayId: string, schemaVersion = SCHEMA_VERSION): Buffer {
  return controlFrame(FrameKind.hello, { schemaVersion, relayId, version: '0.1.0' });
}

function batch(sequence: number, write: (writer: BatchWriter) => void): Buffer {
  const writer = new BatchWriter(256);
  write(writer);
  return Buffer.from(writer.seal(sequence, 1));
}

function observations(): Buffer {
  const statement = { ...emptyFields(), sessionId: 4, completedAtMs: AT_MS };
  return Buffer.concat([
    RECORDING_MAGIC,
    hello('r1'),
    batch(1, (writer) => {
      writer.resyncBegin();
      writer.textDefined(7, "select 'Secret 1' from customers where id = $1", { missingBytes: 0, reading: 0 });
      writer.sessionOpened({
        sessionId: 4,
        openedAtMs: AT_MS,
        resumed: false,
        clientAddress: '10.0.0.9',
        protocolVersion: 196608,
        startup: [
          ['user', 'app'],
          ['database', 'shop'],
          ['options', '-c search_path=Secret'],
        ],
      });
      writer.sessionReady({
        sessionId: 4,
        serverVersion: '17.10',
        applicationName: 'web',
        clientEncoding: 'UTF8',
        serverTimeZone: 'UTC',
        backslashEscapes: true,
        backendPid: 1,
        transactionStatus: 'I',
        transactionSinceMs: AT_MS,
      });
      writer.resyncEnd();
    }),
    batch(2, (writer) => {
      writer.statement({
        ...statement,
        protocol: 'extended',
        statementName: 's1',
        textId: 7,
        completions: [{ command: 'SELECT', rows: 2 }],
        dataRows: 2,
        serviceNs: 1_240_000,
        transactionBefore: 'I',
        transactionAfter: 'I',
      });
      // With backslash escapes on, the quote behind the backslash does not end the literal.
      const reading = textReading({ backslashEscapes: true, clientEncoding: 'UTF8' });
      writer.statement({ ...statement, text: "select 'it\\'s Secret'", reading, sqlstate: '22012', serviceNs: 90_000 });
      writer.statement({ ...statement, sessionId: 5, textId: 99, completions: [{ command: '', rows: 0 }] });
      writer.loss(MINUTE, 'queue_full', 3);
      writer.sessionClosed(4, AT_MS + 1_000, 'client');
    }),
  ]);
}

describe('a recording of run --record', () => {
  test('sessions, executions with their time, losses; no literal', async () => {
    expect(await linesOf(fileOf('a.observations', observations()))).toEqual([
      'relay r1, pgwitness 0.1.0',
      '21:20:07.123 session 4  opened from 10.0.0.9 as app to shop',
      '             session 4  ready 17.10 web',
      '21:20:07.123 session 4  extended s1 "select ? from customers where id = ?" [SELECT 2] rows=2 I>I 1.24 ms',
      '21:20:07.123 session 4  simple "select ?" [] !22012 > 90 µs',
      '21:20:07.123 session 5  simple null [empty 0] > 0 µs',
      '21:20:00.000            lost 3 queue_full (in all)',
      '21:20:08.123 session 4  closed by client',
    ]);
  });

  test('--session leaves the lines of other sessions out', async () => {
    const lines = await linesOf('--session', '5', fileOf('b.observations', observations()));
    expect(lines.filter((line) => line.includes('session'))).toEqual([
      '21:20:07.123 session 5  simple null [empty 0] > 0 µs',
    ]);
  });

  test('one that was cut off is shown as far as it is whole, and says so', async () => {
    const whole = observations();
    const lines = await linesOf(fileOf('c.observations', whole.subarray(0, whole.length - 3)));
    expect(lines.slice(0, 3)).toEqual((await linesOf(fileOf('d.observations', whole))).slice(0, 3));
    expect(lines.at(-1)).toMatch(/^The recording ends in the middle of a batch \(\d+ bytes left out\)\.$/);
    expect(lines).toHaveLength(4);
  });

  test.each([
    ['another schema', hello('r1', SCHEMA_VERSION + 1), /has schema \d+, this release reads \d+: .*the release that/],
    ['a hello that is no JSON', Buffer.from('\x03\0\0\0\x01no', 'latin1'), /damaged: a hello is no JSON: /],
    ['a length that no frame has', Buffer.from('\xff\xff\xff\xff\x01', 'latin1'), /damaged: a frame of /],
    [
      'a batch of nonsense',
      Buffer.concat([hello('r1'), batch(1, () => {}).subarray(0, -1)]),
      /in the middle of a batch/,
    ],
  ])('%s', async (name, rest, told) => {
    const { stdout, stderr } = await pgwitness(['trace', fileOf(`${name}.x`, Buffer.concat([RECORDING_MAGIC, rest]))]);
    expect(stdout + stderr).toMatch(told);
  });
});

describe('files that are no recording', () => {
  const event = (from: unknown, bytes: unknown) => JSON.stringify({ events: [{ from, bytes }] });
  test.each([
    ['nothing.json', '', /^pgwitness: this is no recording: .*nothing\.json: give a file of run --record, or one/],
    ['text.json', 'select 1', /^pgwitness: this is no recording: /],
    [
      'cut.json',
      '{"events": [{"from": "client", "bytes": "c2VjcmV0',
      /^pgwitness: the recording is no whole JSON: .*cut off/,
    ],
    ['no-events.json', '{}', /^pgwitness: there is no list of "events": .*no-events\.json: /],
    ['from.json', event('relay', ''), /neither "client" nor "server": .*from\.json: events\[0\]: /],
    ['bytes.json', event('client', 'UQ=='.slice(1)), /"bytes" is not base64: .*bytes\.json: events\[0\]: /],
    ['no-event.json', '{"events": [null]}', /neither "client" nor "server"/],
    [
      'limit.json',
      '{"events": [], "limits": {"outstandingBytesMax": 0}}',
      /at least 1: .*limits\.outstandingBytesMax: /,
    ],
    ['limits.json', '{"events": [], "limits": {"most": 1}}', /"most" is no limit of the tracker: /],
    ['codec.json', '{"kind": "codec", "events": []}', /kind "codec" is no stream of messages: /],
  ])('%s', async (name, content, message) => {
    const { code, stdout, stderr } = await pgwitness(['trace', fileOf(name, content)]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('c2VjcmV0');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  });

  test.each([
    ['a file that is not there', [join(root, 'nowhere')], 3, /cannot be read \(ENOENT\): /],
    ['a directory', [root], 3, /cannot be read \(EISDIR\): /],
    [
      'a session that is no number',
      ['--session', 'x', join(RECORDINGS, 'simple.json')],
      2,
      /"x" is no session: --session: /,
    ],
    ['a session of bytes', ['--session', '1', join(RECORDINGS, 'simple.json')], 2, /has one session: --session: /],
  ])('%s', async (_name, args, wanted, message) => {
    const { code, stdout, stderr } = await pgwitness(['trace', ...args]);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: wanted, stdout: '' });
  });
});
