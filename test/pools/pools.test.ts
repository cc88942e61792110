// Pools: identity and name, joining and leaving, what their connections do.
// And how many were busy at once.

import { describe, expect, test } from 'vitest';
import { PoolMember } from '../../analyzer/pools/pool.js';
import { Pools } from '../../analyzer/pools/pools.js';
import { foldedName, type PoolIdentity, poolId, poolName } from '../../facts/pool.js';

const IDENTITY: PoolIdentity = {
  user: 'app',
  database: 'shop',
  applicationName: '',
  options: '',
  owner: 'django',
  clientNetwork: '',
};
const T0 = 1_800_000_000_000;

describe('identity', () => {
  test('the id and the name follow from it alone', () => {
    expect(poolId(IDENTITY)).toBe(poolId({ ...IDENTITY }));
    expect(poolId(IDENTITY)).not.toBe(poolId({ ...IDENTITY, owner: 'sqlalchemy' }));
    expect(poolName(IDENTITY)).toBe('django:app@shop');
    expect(poolName({ ...IDENTITY, applicationName: 'worker-#' })).toBe('django:app@shop/worker-#');
    const optioned = { ...IDENTITY, options: '-c x=1' };
    expect(poolName(optioned)).toBe(`django:app@shop+${poolId(optioned).slice(0, 4)}`);
  });

  test.each([
    ['celery@worker-17', 'celery@worker-#'],
    ['web-7f9c4d8b6-x2x4z', 'web-#-x#x#z'],
    ['gunicorn', 'gunicorn'],
    ['facade', 'facade'],
    ['', ''],
  ])('%s is folded to %s', (name, folded) => {
    expect(foldedName(name)).toBe(folded);
  });
});

describe('connections', () => {
  function joined(count: number) {
    const pools = new Pools({ poolsMax: 2 });
    const pool = pools.of(IDENTITY, { atMs: T0 });
    const members = Array.from({ length: count }, () => new PoolMember(T0));
    for (const member of members) pools.join(member, pool, { restored: false, nowMs: T0 });
    return { pools, pool, members };
  }
  const minuteOf = (pools: Pools) => [...pools.minutes.pending()][0];

  test('opened, held, closed, and how long they lived', () => {
    const { pools, members } = joined(3);
    pools.leave(members[0], T0 + 5000);
    expect(minuteOf(pools)).toMatchObject({ opened: 3, closed: 1, connectionsMax: 3, lifetimeTotalMs: 5000 });
  });

  test('a restored one was opened before', () => {
    const { pools, pool } = joined(0);
    pools.join(new PoolMember(T0 - 60_000), pool, { restored: true, nowMs: T0 });
    expect(minuteOf(pools)).toMatchObject({ opened: 0, connectionsMax: 1 });
  });

  test('time is active, idle or idle in transaction', () => {
    const { pools, members } = joined(1);
    const run = (completedAtMs: number, serviceMs: number, inTransactionAfter: boolean) =>
      pools.executed(members[0], { completedAtMs, serviceNs: serviceMs * 1e6, inTransactionAfter });
    run(T0 + 1000, 100, true); // idle 900, active 100
    run(T0 + 2000, 400, false); // in transaction 600, active 400
    pools.advance(members[0], T0 + 5000); // idle 3000
    expect(minuteOf(pools)).toMatchObject({ activeMs: 500, idleMs: 3900, idleInTransactionMs: 600 });
  });

  test('the one that waits longest inside a transaction is known, whatever the others do', () => {
    const { pools, pool, members } = joined(3);
    const run = (member: number, completedAtMs: number, inTransactionAfter: boolean) =>
      pools.executed(members[member], { completedAtMs, serviceNs: 1e6, inTransactionAfter });
    run(0, T0 + 1_000, true);
    run(1, T0 + 2_000, true);
    run(2, T0 + 1_000, false);
    for (const member of members) pools.advance(member, T0 + 8_000);
    const at = (ms: number) => pool.connectionsAt(T0 + ms);
    expect(at(9_000)).toEqual({ active: 0, idle: 1, idleInTransaction: 2, idleInTransactionLongestMs: 8_000 });
    run(0, T0 + 9_500, false);
    expect(at(20_000)).toMatchObject({ idleInTransaction: 1, idleInTransactionLongestMs: 18_000 });
    run(1, T0 + 21_000, false);
    expect(at(30_000)).toMatchObject({ idleInTransaction: 0, idleInTransactionLongestMs: 0 });
  });

  test('busy at once is counted by the second, and never more than were held', () => {
    const { pools, pool, members } = joined(3);
    for (const member of members.slice(0, 2)) {
      for (const atMs of [100, 300, 500]) {
        pools.executed(member, { completedAtMs: T0 + atMs, serviceNs: 1e6, inTransactionAfter: false });
      }
    }
    expect(minuteOf(pools).busyMax).toBe(2);
    pools.executed(members[2], { completedAtMs: T0 + 1500, serviceNs: 1400e6, inTransactionAfter: false });
    expect(minuteOf(pools).busyMax).toBe(3);
    expect([...pools.fleet.pending()][0]).toMatchObject({ busyMax: 3, connectionsMax: 3 });
    expect(pool.connectionsAt(T0 + 1600)).toMatchObject({ active: 3, idle: 0, idleInTransaction: 0 });
    expect(pool.connectionsAt(T0 + 9000)).toMatchObject({ active: 0, idle: 3, idleInTransaction: 0 });
  });

  test('beyond the cap there is one pool for all others', () => {
    const { pools } = joined(0);
    const names = ['b', 'c', 'd'].map((user) => pools.of({ ...IDENTITY, user }, { atMs: T0 }).name);
    expect(names).toEqual(['django:b@shop', '(other)', '(other)']);
    expect(pools.cappedTotal).toBe(2);
  });
});
