// `--format` on every command that reports: text, JSON, Markdown and CSV of the same answer.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../scripts/lib/setup/build.mjs';
import { pgwitness } from './command.js';
import { ORM, RAW, writeSampleStore } from './sample-store.js';

const root = mkdtempSync(join(tmpdir(), 'pgwitness-form-'));
const data = join(root, 'sample');

beforeAll(async () => {
  await build(() => {});
  writeSampleStore(data);
  await pgwitness(['mark', '=deploy 42', '--data', data, '--at', '2020-01-01T00:00:00Z']);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const REPORTS: ReadonlyArray<readonly string[]> = [
  ['top'],
  ['pools'],
  ['history', RAW],
  ['mark'],
  ['top', '--group-by', 'source'],
  ['compare', '--source', 'raw,django-orm'],
  ['sql', 'SELECT fingerprint, query FROM statements'],
];

describe('--format', () => {
  test.each(REPORTS)('of %s %s', async (...args) => {
    const run = async (...more: string[]) => {
      const { code, stdout, stderr } = await pgwitness([...args, '--data', data, ...more]);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      return stdout;
    };
    const [text, json, markdown, csv] = [
      await run('--format', 'text'),
      await run('--format', 'json'),
      await run('--format', 'markdown'),
      await run('--format', 'csv'),
    ];
    expect(text).toBe(await run());
    expect(json).toBe(await run('--json'));
    expect(JSON.parse(json)).toBeInstanceOf(Object);
    const table = markdown.split('\n').filter((line) => line.startsWith('|'));
    expect(table.length).toBeGreaterThan(2);
    expect(table[1]).toMatch(/^\|(---\|)+$/);
    const columns = (line: string) => line.replaceAll('\\|', '').split('|').length;
    expect(new Set(table.map(columns)).size, markdown).toBe(1);
    const [head, first] = csv.split('\n');
    expect(head).toMatch(/^[a-z_0-9]+(,[a-z_0-9]+)*$/);
    expect(first).not.toBe('');
  });

  test('CSV has the values of JSON, and no formula', async () => {
    const { stdout } = await pgwitness(['mark', '--data', data, '--format', 'csv']);
    expect(stdout).toBe("at,kind,name,fingerprint\n2020-01-01T00:00:00.000Z,manual,'=deploy 42,\n");
    const top = await pgwitness(['top', '--data', data, '--format', 'csv', '--source', 'django-orm']);
    const [head, row] = top.stdout.split('\n').map((line) => line.split(','));
    const cell = (name: string) => row[head.indexOf(name)];
    expect([cell('fingerprint'), cell('calls'), cell('tags'), cell('pools')]).toEqual([
      ORM,
      '3',
      'route=/books/',
      'django:app@shop',
    ]);
  });

  test('Markdown from traffic is no markup, and columns that are laid out are fenced', async () => {
    const { stdout } = await pgwitness(['show', RAW, '--data', data, '--format', 'markdown']);
    expect(stdout).toMatch(/^```\n {2}SELECT pg_sleep/m);
    const top = await pgwitness(['top', '--data', data, '--format', 'markdown']);
    expect(top.stdout).toContain('\\\\u001b\\[31m');
  });

  test.each([
    [['top', '--format', 'html'], /^pgwitness: "html" is not known: --format: use one of text, json, markdown, csv\n$/],
    [['top', '--json', '--format', 'csv'], /^pgwitness: two output formats: --json, --format: give one of them\n$/],
    [['export', '--format', 'markdown'], /^pgwitness: Markdown is not written: --format: use json or csv\n$/],
  ])('%j is a usage error', async (args, message) => {
    const { code, stderr } = await pgwitness([...args, '--data', data]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
