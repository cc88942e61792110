// The moment from which a session's verdicts stand.

import { expect, test } from 'vitest';
import { isSettled } from '../../analyzer/attribution/is-settled.js';
import { Connection, DJANGO_STARTUP, djangoConnection } from './shape.js';

const unknown = new Connection().profile.standing;
const weak = new Connection(DJANGO_STARTUP).profile.standing;
const strong = djangoConnection().profile.standing;

test.each([
  ['a strong profile settles at once', strong, 1, 0, true],
  ['an unknown one waits', unknown, 63, 1999, false],
  ['a weak one waits too', weak, 63, 1999, false],
  ['64 statements', unknown, 64, 0, true],
  ['2 s after the first statement', weak, 1, 2000, true],
  ['no statement yet', unknown, 0, 5000, false],
])('%s', (_name, standing, statements, elapsedMs, expected) => {
  expect(isSettled(standing, { statements, firstAtMs: 1000, nowMs: 1000 + elapsedMs })).toBe(expected);
});
