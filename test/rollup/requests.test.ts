// Requests are told apart by their ids alone.
// Neither the connection nor what runs between makes one count twice.

import { expect, test } from 'vitest';
import { RequestWatch } from '../../analyzer/sessions/requests.js';
import { limits } from '../../config/limits.js';

test('a request counts once per statement, whatever other requests run in between', () => {
  const watch = new RequestWatch();
  const counted = { a: 0, b: 0 };
  for (let turn = 0; turn < 5; turn++) {
    for (const request of ['one', 'two', 'three']) {
      if (watch.isFirst(request, 'a')) counted.a++;
      if (watch.isFirst(request, 'b')) counted.b++;
    }
  }
  expect(counted).toEqual({ a: 3, b: 3 });
  expect(watch.isFirst('', 'a')).toBe(false);
});

test('a request that goes on while thousands begin is still the same one', () => {
  const watch = new RequestWatch();
  expect(watch.isFirst('long', 'a')).toBe(true);
  for (let n = 0; n < 10 * limits.requestsMax; n++) {
    watch.isFirst(`short ${n}`, 'a');
    if (n % 1000 === 0) expect(watch.isFirst('long', 'a')).toBe(false);
  }
});

test('what is remembered is bounded: an id that paused for long counts anew, and a request has only so many statements', () => {
  const watch = new RequestWatch();
  watch.isFirst('paused', 'a');
  for (let n = 0; n <= 2 * limits.requestsMax; n++) watch.isFirst(`other ${n}`, 'a');
  expect(watch.isFirst('paused', 'a')).toBe(true);
  let counted = 0;
  for (let n = 0; n < 2 * limits.requestStatementsMax; n++) if (watch.isFirst('job', `statement ${n}`)) counted++;
  expect(counted).toBe(limits.requestStatementsMax);
});
