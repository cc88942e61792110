// Transactions of a connection, from command tags and what the server says of its state.

import { expect, test } from 'vitest';
import { TransactionWatch } from '../../analyzer/sessions/transaction-watch.js';

const MS = 1e6;

/** Each step: command tag, the server's state after it ('' = not said yet), when it completed, ms; each took 1 ms. */
function ended(steps: ReadonlyArray<readonly [command: string, after: '' | 'I' | 'T' | 'E', atMs: number]>) {
  const watch = new TransactionWatch();
  return steps.flatMap(([command, after, atMs]) => {
    const openAfter = after === '' ? undefined : after !== 'I';
    return watch.executed({ completedAtMs: atMs, serviceNs: MS, command, openAfter }) ?? [];
  });
}

test('from the start of BEGIN to the end of COMMIT, without counting either', () => {
  const steps = [
    ['BEGIN', 'T', 1001],
    ['SELECT', 'T', 1010],
    ['UPDATE', 'T', 1020],
    ['COMMIT', 'I', 1030],
  ] as const;
  expect(ended(steps)).toEqual([{ statements: 2, durationMs: 30 }]);
});

test('an error and a rollback end one too', () => {
  const steps = [
    ['BEGIN', 'T', 1001],
    ['SELECT', 'E', 1010],
    ['ROLLBACK', 'I', 1011],
  ] as const;
  expect(ended(steps)).toEqual([{ statements: 1, durationMs: 11 }]);
});

test('statements outside of BEGIN are none', () => {
  expect(
    ended([
      ['SELECT', 'I', 1001],
      ['UPDATE', 'I', 1002],
    ]),
  ).toEqual([]);
});

test('pipelined behind BEGIN: the state comes with the last one only', () => {
  const steps = [
    ['BEGIN', '', 1001],
    ['INSERT', '', 1002],
    ['SELECT', '', 1003],
    ['COMMIT', 'I', 1004],
  ] as const;
  expect(ended(steps)).toEqual([{ statements: 2, durationMs: 4 }]);
});

test('the place of the next statement starts at 1, survives a restart, and is 0 outside', () => {
  const watch = new TransactionWatch();
  const run = (command: string, openAfter: boolean) =>
    watch.executed({ completedAtMs: 1000, serviceNs: MS, command, openAfter });
  expect(watch.nextPosition).toBe(0);
  run('BEGIN', true);
  expect(watch.nextPosition).toBe(1);
  run('SELECT', true);
  expect(new TransactionWatch(watch.state).nextPosition).toBe(2);
  run('COMMIT', false);
  expect(watch.nextPosition).toBe(0);
});
