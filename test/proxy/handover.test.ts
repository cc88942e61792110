// Connections that no relay takes: so many wait, and the rest is closed and counted.
// Not here: relays that take them (test/relays).

import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import { Handover } from '../../proxy/supervisor/handover.js';

const quiet = () => {};
const LOG = { debug: quiet, info: quiet, warn: quiet, error: quiet } as unknown as Log;

test('beyond the queue a connection is closed and counted; those that wait stay', () => {
  const handover = new Handover([], LOG);
  const closed: number[] = [];
  for (let n = 0; n < limits.handoverQueueMax + 3; n++) {
    handover.offer({ pair: 0, client: { destroy: () => closed.push(n) } as unknown as Socket });
  }
  expect(closed).toEqual([0, 1, 2].map((n) => limits.handoverQueueMax + n));
  expect(handover.closedTotal).toBe(3);
  handover.close();
  expect(closed).toHaveLength(limits.handoverQueueMax + 3);
});
