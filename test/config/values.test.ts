// Reading single values: addresses, durations, sizes, patterns and their errors.

import { describe, expect, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { createLog } from '../../config/log.js';
import { formatAddress, isLoopback, parseAddress, parseTcpAddress } from '../../config/values/address.js';
import { errorLine, exitCodeOf, RuntimeError, UsageError } from '../../config/values/errors.js';
import { parseBytes, parseDuration, parseMoment } from '../../config/values/units.js';

describe('addresses', () => {
  test.each(['127.0.0.1:6433', '[::1]:6433', 'db.internal:5432', 'unix:/run/pg/.s.PGSQL.5432'])(
    '%s survives',
    (text) => {
      expect(formatAddress(parseAddress(text))).toBe(text);
    },
  );

  test.each(['', '6433', ':6433', 'host', 'host:', 'host:70000', '::1:6433', 'a b:1', 'postgres://u@h:1', 'unix:'])(
    '"%s" is refused',
    (text) => {
      expect(() => parseAddress(text, '--listen')).toThrow(UsageError);
    },
  );

  test('a Unix socket is refused where TCP is needed', () => {
    expect(() => parseTcpAddress('unix:/run/x')).toThrow(/TCP is needed/);
  });

  test.each([
    ['127.0.0.1:1', true],
    ['127.9.9.9:1', true],
    ['[::1]:1', true],
    ['localhost:1', true],
    ['0.0.0.0:1', false],
    ['[::]:1', false],
    ['127.0.0.1.example.com:1', false],
  ])('%s is loopback: %s', (text, expected) => {
    expect(isLoopback(parseAddress(text))).toBe(expected);
  });
});

describe('units', () => {
  test.each([
    ['250ms', 250],
    ['1s', 1_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['1.5s', 1_500],
  ])('%s is a duration', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', '1', 's', '-1s', '1 s', '1w', '1e3s'])('"%s" is no duration', (text) => {
    expect(() => parseDuration(text)).toThrow(UsageError);
  });

  test('sizes', () => {
    expect(parseBytes('2GiB')).toBe(2 ** 31);
    expect(parseBytes('10 kB')).toBe(10_000);
    expect(parseBytes('65536')).toBe(65_536);
    expect(() => parseBytes('2 gigs')).toThrow(UsageError);
  });

  test('moments', () => {
    const nowMs = Date.UTC(2026, 0, 31, 8);
    expect(parseMoment('15m', { nowMs })).toBe(nowMs - 900_000);
    expect(parseMoment('2026-01-31', { nowMs })).toBe(Date.UTC(2026, 0, 31));
    expect(parseMoment('2026-01-31T08:00', { nowMs })).toBe(nowMs);
    expect(parseMoment('2026-01-31T10:00:00+02:00', { nowMs })).toBe(nowMs);
    expect(() => parseMoment('yesterday', { nowMs })).toThrow(/is not a moment/);
    expect(() => parseMoment('2026-13-01', { nowMs })).toThrow(/is not a moment/);
  });
});

describe('errors', () => {
  test('a line holds what, where and what to do', () => {
    const error = new RuntimeError('the port is in use', { where: '127.0.0.1:6433', hint: 'stop the other process' });
    expect(errorLine(error)).toBe('the port is in use: 127.0.0.1:6433: stop the other process');
    expect(exitCodeOf(error)).toBe(3);
    expect(exitCodeOf(new UsageError('x'))).toBe(2);
  });

  test('control characters are made visible', () => {
    expect(errorLine(new Error('a\u001b[31m\nb\u202e'))).toBe('a\\u001b[31m\\u000ab\\u202e');
  });
});

describe('log', () => {
  test('a line is one JSON object whatever the values hold', () => {
    const lines: string[] = [];
    createLog({ name: 'relay', destination: { write: (line) => lines.push(line) } }).warn('odd', {
      value: 'a\n{"b":1}\u001b',
    });
    expect(lines).toHaveLength(1);
    expect(lines[0].trimEnd()).not.toMatch(/[\u0000-\u001f]/);
    expect(JSON.parse(lines[0])).toMatchObject({ level: 'warn', name: 'relay', msg: 'odd', value: 'a\n{"b":1}\u001b' });
  });

  test('repeats are left out, then counted', () => {
    const lines: string[] = [];
    let nowMs = 0;
    const log = createLog({ destination: { write: (line) => lines.push(line) }, now: () => nowMs });
    for (let i = 0; i < limits.logRepeatsMax + 5; i++) log.child({ i }).warn('again');
    expect(lines).toHaveLength(limits.logRepeatsMax);
    nowMs += limits.logRepeatWindowMs;
    log.warn('again');
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ msg: 'again', leftOut: 5 });
  });

  test('another level holds from then on', () => {
    const lines: string[] = [];
    const log = createLog({ level: 'warn', destination: { write: (line) => lines.push(line) } });
    log.info('unheard');
    log.setLevel('debug');
    log.debug('heard');
    log.setLevel('silent');
    log.error('unheard');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['heard']);
  });

  test('an error is logged without its stack', () => {
    const lines: string[] = [];
    const error = Object.assign(new Error('no room'), { code: 'ENOSPC', detail: 'Key (email)=(x)' });
    createLog({ destination: { write: (line) => lines.push(line) } }).error('failed', { error });
    expect(JSON.parse(lines[0]).error).toEqual({ name: 'Error', message: 'no room', code: 'ENOSPC' });
  });
});
