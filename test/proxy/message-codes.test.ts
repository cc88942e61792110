// The table of the protocol's messages: complete rows, names, and the scanner's arrays.

import { describe, expect, test } from 'vitest';
import { Client, clientTable, MESSAGES, messageName, Server, serverTable } from '../../proxy/wire/message-codes.js';

const TEXT = { headBytesMax: 1_000, tailBytesMax: 50 };

describe.each(['client', 'server'] as const)('messages of the %s', (direction) => {
  const table = direction === 'client' ? clientTable(TEXT) : serverTable();

  test('every code has one row and one name', () => {
    const codes = MESSAGES[direction].map(({ code }) => code);
    expect(codes.every((code) => code > 0x20 && code < 0x7f)).toBe(true);
    expect(new Set(codes).size).toBe(codes.length);
    const names = MESSAGES[direction].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { code, name } of MESSAGES[direction]) expect(messageName(direction, code)).toBe(name);
  });

  test('a code without a row is not in the protocol', () => {
    const known = new Set(MESSAGES[direction].map(({ code }) => code));
    for (let code = 0; code < 256; code++) {
      expect(table.keepBytes[code] >= 0, String(code)).toBe(known.has(code));
      expect(messageName(direction, code) !== undefined, String(code)).toBe(known.has(code));
    }
  });

  test('what must be of one length can be of that length', () => {
    for (const { name, exact, max } of MESSAGES[direction]) expect((exact ?? 0) <= max, name).toBe(true);
  });
});

test('one letter may be two messages, one in each direction', () => {
  expect(messageName('client', Client.sync)).toBe('Sync');
  expect(messageName('server', Server.parameterStatus)).toBe('ParameterStatus');
  expect(Client.sync).toBe(Server.parameterStatus);
});

test('of passwords and of data nothing is kept, of texts head and tail', () => {
  const client = clientTable(TEXT);
  const server = serverTable();
  expect([client.keepBytes[Client.password], client.keepBytes[Client.copyData]]).toEqual([0, 0]);
  expect([server.keepBytes[Server.dataRow], server.keepBytes[Server.copyData]]).toEqual([0, 0]);
  for (const code of [Client.query, Client.parse]) {
    expect([client.keepBytes[code], client.tailBytes[code]]).toEqual([1_000, 50]);
  }
  expect(client.tailBytes[Client.bind]).toBe(0);
});
