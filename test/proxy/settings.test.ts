// The settings under which the server read a text go with it, whatever changes them and when.

import { describe, expect, test } from 'vitest';
import { KnownTexts } from '../../proxy/link/known-texts.js';
import { Names } from '../../proxy/session/names.js';
import { TextTable } from '../../proxy/session/texts.js';
import { TEXT_READINGS } from '../../proxy/stream/text-reading.js';
import { BatchWriter } from '../../proxy/stream/writer.js';
import { B, F } from '../kit/frames.js';
import { LIMITS, Tracked } from '../kit/tracked.js';

const off = () => B.parameterStatus('standard_conforming_strings', 'off');
const on = () => B.parameterStatus('standard_conforming_strings', 'on');
const encoding = (name: string) => B.parameterStatus('client_encoding', name);

function loggedIn(...reports: Buffer[]): Tracked {
  return new Tracked().server(B.authOk(), encoding('UTF8'), on(), ...reports, B.ready());
}

/** Executions as "text reading", e.g. "select 1 off SJIS unsure"; nothing is said of what is usual. */
function readings({ executions }: Tracked): string[] {
  return executions.map(({ prepared }) => {
    const { backslashEscapes, clientEncoding, isSure } = TEXT_READINGS[prepared!.reading];
    const said = [
      backslashEscapes ? 'off' : '',
      clientEncoding === 'UTF8' ? '' : clientEncoding,
      isSure ? '' : 'unsure',
    ];
    return [prepared!.shared?.text ?? prepared!.text, ...said].filter((part) => part !== '').join(' ');
  });
}

const tag = (text: string) => B.commandComplete(text);
/** Parse, Bind, Execute of an unnamed statement, or of a named one. */
const run = (sql: string, name = '') => Buffer.concat([F.parse(name, sql), F.bind('', name), F.execute()]);
const ran = (command: string) => Buffer.concat([B.parseComplete(), B.bindComplete(), tag(command)]);

describe('simple queries', () => {
  test('are read under what was reported before them', () => {
    const t = loggedIn();
    t.client(F.query('select 1')).server(tag('SELECT 1'), B.ready());
    t.client(F.query('set scs')).server(tag('SET'), off(), B.ready());
    t.client(F.query('select 2')).server(tag('SELECT 1'), B.ready());
    t.client(F.query('set names')).server(tag('SET'), encoding('SJIS'), B.ready());
    t.client(F.query('select 3')).server(tag('SELECT 1'), B.ready());
    t.client(F.query('set names')).server(tag('SET'), encoding('LATIN1'), on(), B.ready());
    t.client(F.query('select 4')).server(tag('SELECT 1'), B.ready());
    expect(readings(t).filter((line) => line.startsWith('select'))).toEqual([
      'select 1',
      'select 2 off',
      'select 3 off SJIS',
      'select 4',
    ]);
    expect(TEXT_READINGS[t.executions.at(-1)!.prepared!.reading].clientEncoding).toBe('');
  });

  test('sent in a row, each after the answer to the one before', () => {
    const t = loggedIn();
    t.client(F.query('set scs'), F.query('select 1'), F.query('set names'), F.query('select 2'));
    t.server(tag('SET'), off(), B.ready(), tag('SELECT 1'), B.ready());
    t.server(tag('SET'), encoding('BIG5'), B.ready(), tag('SELECT 1'), B.ready());
    expect(readings(t)).toEqual(['set scs unsure', 'select 1 off', 'set names off unsure', 'select 2 off BIG5']);
  });

  test('during which a setting changed: by the query itself, or before it by a reload of the configuration', () => {
    const t = loggedIn();
    t.client(F.query('select 1')).server(tag('SELECT 1'), off(), B.ready());
    expect(readings(t)).toEqual(['select 1 unsure']);
  });

  test('that come within a batch without a Sync', () => {
    const t = loggedIn();
    t.client(run('set scs'), F.query('select 1')).server(ran('SET'), tag('SELECT 1'), off(), B.ready());
    t.client(F.query('select 2')).server(tag('SELECT 1'), B.ready());
    expect(readings(t)).toEqual(['set scs unsure', 'select 1 unsure', 'select 2 off']);
  });

  test('that report what holds already change nothing', () => {
    const t = loggedIn();
    t.client(F.query('set application_name')).server(tag('SET'), on(), encoding('UTF8'), B.ready());
    expect(readings(t)).toEqual(['set application_name']);
  });
});

describe('batches', () => {
  test('a text behind a SET, changed back before the Sync', () => {
    const t = loggedIn();
    t.client(run('set off'), run('select 1'), run('set on'), F.sync());
    t.server(ran('SET'), ran('SELECT 1'), ran('SET'), B.ready());
    t.client(run('select 2'), F.sync()).server(ran('SELECT 1'), B.ready());
    expect(readings(t)).toEqual(['set off', 'select 1 unsure', 'set on unsure', 'select 2']);
  });

  test.each([
    ['select set_config($1, $2, $3)', 'SELECT 1'],
    ['SELECT Set_Config($1)', 'SELECT 1'],
    ['insert into t select set_config($1)', 'INSERT 0 1'],
    ['reset all', 'RESET'],
    ['discard all', 'DISCARD ALL'],
    ['do', 'DO'],
    ['call p()', 'CALL'],
    ['rollback', 'ROLLBACK'],
    ['commit', 'COMMIT'],
  ])('%s may change a setting', (sql, command) => {
    const t = loggedIn();
    t.client(run(sql), run('select 1'), F.sync()).server(ran(command), ran('SELECT 1'), B.ready());
    expect(readings(t)[1]).toBe('select 1 unsure');
  });

  test.each([
    ['begin', 'BEGIN'],
    ['select 0', 'SELECT 1'],
    ['insert into t', 'INSERT 0 1'],
    ['update t', 'UPDATE 1'],
    ['delete from t', 'DELETE 1'],
  ])('%s does not', (sql, command) => {
    const t = loggedIn();
    t.client(run(sql), run('select 1'), F.sync()).server(ran(command), ran('SELECT 1'), B.ready());
    expect(readings(t)).toEqual([sql, 'select 1']);
  });

  test('what was read before a report that nobody expected is in doubt', () => {
    const t = loggedIn();
    t.client(run('select f()'), run('select 1', 's1'), run('select 2'), F.sync());
    t.server(ran('SELECT 1'), ran('SELECT 1'), ran('SELECT 1'), off(), B.ready());
    expect(readings(t)).toEqual(['select f() unsure', 'select 1 unsure', 'select 2 unsure']);
    t.client(F.bind('', 's1'), F.execute(), F.sync()).server(B.bindComplete(), tag('SELECT 1'), B.ready());
    expect(readings(t)[3]).toBe('select 1 unsure');
  });

  test('a portal that is suspended has run a part of its query', () => {
    const t = loggedIn();
    t.client(F.parse('', 'select set_config()'), F.bind('p', ''), F.execute('p', 1), run('select 1'), F.sync());
    t.server(B.parseComplete(), B.bindComplete(), B.dataRow(), B.portalSuspended(), ran('SELECT 1'), B.ready());
    expect(readings(t).find((line) => line.startsWith('select 1'))).toBe('select 1 unsure');
  });

  test('a Parse that fails was read, too', () => {
    const t = loggedIn();
    t.client(run('set scs'), F.parse('', 'selec'), F.sync());
    t.server(ran('SET'), B.error('42601'), off(), B.ready());
    expect(readings(t)).toEqual(['set scs unsure', 'selec unsure']);
  });

  test('a named text that is refused for its encoding travels by itself', () => {
    const t = loggedIn();
    t.client(F.parse('s1', 'select \u00ff'), F.sync()).server(B.error('22021'), B.ready());
    t.client(F.parse('s1', 'selec'), F.sync()).server(B.error('42601'), B.ready());
    expect(t.executions.map(({ prepared }) => prepared?.shared === undefined)).toEqual([true, false]);
  });
});

describe('prepared statements', () => {
  test('keep the reading they were prepared under', () => {
    const t = loggedIn();
    t.client(run('select 1', 's1'), F.sync()).server(ran('SELECT 1'), B.ready());
    t.client(F.query('set scs')).server(tag('SET'), off(), B.ready());
    t.client(F.bind('', 's1'), F.execute(), F.sync()).server(B.bindComplete(), tag('SELECT 1'), B.ready());
    t.client(run('select 1', 's2'), F.sync()).server(ran('SELECT 1'), B.ready());
    expect(readings(t)).toEqual(['select 1', 'set scs unsure', 'select 1', 'select 1 off']);
  });

  test('of one text under two readings are two texts, and of one reading one', () => {
    const t = loggedIn();
    t.client(run('select 1', 's1'), F.sync()).server(ran('SELECT 1'), B.ready());
    t.client(run('select 1', 's2'), F.sync()).server(ran('SELECT 1'), off(), B.ready());
    t.client(run('select 1', 's3'), F.sync()).server(ran('SELECT 1'), B.ready());
    const ids = t.executions.map(({ prepared }) => prepared?.shared?.id);
    expect(ids[0]).not.toBe(ids[1]);
    expect(new Set(ids).size).toBe(3);
    t.client(run('select 1', 's4'), F.sync()).server(ran('SELECT 1'), B.ready());
    expect(t.executions.at(-1)?.prepared?.shared?.id).toBe(ids[2]);
  });

  const bound = (name: string) => Buffer.concat([F.bind('', name), F.execute(), F.sync()]);
  const boundRan = () => Buffer.concat([B.bindComplete(), tag('SELECT 1'), B.ready()]);

  test('of a session that goes adrift were read under settings that nobody can tell', () => {
    const t = loggedIn(encoding('GBK'));
    t.client(F.parse('s1', 'select 1'), F.sync()).server(B.dataRow(), B.ready());
    t.client(bound('s1')).server(boundRan());
    expect(readings(t)).toEqual(['select 1 GBK unsure']);
  });

  test('that are read while the session is adrift, behind statements that nobody followed, are in doubt, too', () => {
    const t = loggedIn();
    t.client(F.query('select 0')).server(B.bindComplete());
    expect(t.session.state.adrift).toBe(true);
    t.client(run('set scs'), F.parse('s1', 'select 1'), run('set scs back'), F.sync());
    t.server(tag('SELECT 1'), B.ready(), ran('SET'), B.parseComplete(), ran('SET'), B.ready());
    expect(t.session.state.adrift).toBe(false);
    t.client(bound('s1')).server(boundRan());
    t.client(run('select 2'), F.sync()).server(ran('SELECT 1'), B.ready());
    expect(readings(t)).toEqual(['select 1 unsure', 'select 2']);
  });
});

describe('the table of texts', () => {
  const usual = { missingBytes: 0, reading: 0 };

  test('a text that was evicted before its reading turned out is unknown to observers', () => {
    const texts = new TextTable(1000);
    const names = new Names(texts, LIMITS);
    const prepared = names.prepare('s1', 'select 1', usual);
    texts.acquire('x'.repeat(2000), usual);
    expect(prepared.shared?.text).toBeUndefined();
    names.define(prepared, { now: 1, span: 0 });
    const writer = new BatchWriter(64);
    expect(new KnownTexts().fieldsOf(prepared, writer)).toMatchObject({ text: null, textId: 0 });
    expect(writer.empty).toBe(true);
    texts.invariants();
  });

  test('a text that is read otherwise than expected leaves no reference behind', () => {
    const texts = new TextTable(10_000);
    const names = new Names(texts, LIMITS);
    const prepared = names.prepare('s1', 'select 1', usual);
    const expected = prepared.shared;
    names.define(prepared, { now: 1, span: 0 });
    expect(expected?.references).toBe(0);
    expect(prepared.shared).toMatchObject({ text: 'select 1', reading: 1, references: 1 });
    names.dropStatement('s1');
    expect(prepared.shared?.references).toBe(0);
    texts.invariants();
  });
});

test('a session that was not followed for a time is in doubt from then on', () => {
  const before = loggedIn(off()).session.state;
  const t = new Tracked();
  t.session.state.starting = false;
  t.session.state.takeOver(before);
  t.client(F.query('select 1')).server(tag('SELECT 1'), B.ready());
  t.client(F.query('select 2')).server(tag('SELECT 1'), B.ready());
  expect(readings(t)).toEqual(['select 1 off unsure', 'select 2 off unsure']);
});
