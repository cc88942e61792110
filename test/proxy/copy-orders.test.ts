// A COPY FROM STDIN that fails, in every order in which a relay may see both directions.
// All of them tell the tracker the same.
// The conversations are recorded message by message from a real Postgres, and the model that the fuzz runs against
// (scripts/lib/fuzz/copy-server.mjs) must have said what the real server said.
// Invariant: all orders when they are few, random ones of a fixed seed when they are many.

import { connect, type Socket } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { Session } from '../../proxy/session/session.js';
import { TrackerCounters } from '../../proxy/session/session-state.js';
import { TextTable } from '../../proxy/session/texts.js';
import { clientTable, serverTable } from '../../proxy/wire/message-codes.js';
import {
  allOrders,
  bytesOf,
  type Conversation,
  conversationOf,
  type Reply,
  randomOrder,
  randomSaid,
} from '../../scripts/lib/fuzz/copy-conversation.mjs';
import { type Said, SCHEMA } from '../../scripts/lib/fuzz/copy-server.mjs';
import { differences, runConversation, show } from '../../scripts/lib/fuzz/copy-witness.mjs';
import { partsOf } from '../../scripts/lib/fuzz/messages.mjs';
import { Random } from '../../scripts/lib/fuzz/random.mjs';
import { F, readyCount } from '../kit/frames.js';
import { type Postgres, usePostgres } from '../kit/postgres.js';

const subject = { Session, TextTable, TrackerCounters, clientTable, serverTable };

/** So many orders of one conversation are all shown; of more, so many random ones. */
const ORDERS_MAX = 400;

/** A conversation in short: P, B, E … of the statement before, "d:" and its data. */
function said(script: string): Said[] {
  return script.split(' | ').flatMap((part): Said[] => {
    const [kind, ...rest] = part.split(':');
    const text = rest.join(':').replaceAll('\\t', '\t').replaceAll('\\n', '\n');
    if (kind !== 'PBE') return [{ kind, text, statement: '' }];
    return ['P', 'B', 'E'].map((one) => ({ kind: one, text: one === 'P' ? text : '', statement: '' }));
  });
}

const BAD = 'd:bad\\tq\\n';
const GOOD = 'd:1\\tq\\n';
const END = 'Q:select 2 | X';
const SCRIPTS: Record<string, string> = {
  'a unit behind it is skipped to its Sync': `PBE:copy t from stdin | S | ${BAD} | PBE:select 1 | S | ${END}`,
  'a simple COPY': `Q:copy t from stdin | S | ${BAD} | Q:select 1 | ${END}`,
  'a simple COPY that the client ends': `Q:copy t from stdin | S | f | Q:select 1 | ${END}`,
  'a Query behind it is skipped': `PBE:copy t from stdin | S | ${BAD} | f | Q:select 1 | S | ${END}`,
  'without a Sync': `PBE:copy t from stdin | ${BAD} | PBE:select 1 | S | ${END}`,
  'without a Sync, a Query skipped': `PBE:copy t from stdin | ${BAD} | Q:select 1 | S | ${END}`,
  'the client ends it too late': `PBE:copy t from stdin | ${BAD} | c | S | ${END}`,
  'as tokio-postgres does it': `PBE:copy t from stdin | S | ${GOOD} | ${BAD} | c | S | ${END}`,
  'one Sync swallowed, one not': `PBE:copy t from stdin | S | ${BAD} | S | S | ${END}`,
  'Syncs between data': `PBE:copy t from stdin | S | ${GOOD} | S | ${BAD} | S | PBE:select 1 | S | ${END}`,
  'it fails before it reads': `PBE:copy refusing from stdin | S | ${GOOD} | c | S | PBE:select 1 | S | ${END}`,
  'it fails before it reads, pipelined': `PBE:copy refusing from stdin | S | PBE:select 1 | S | ${END}`,
  'a simple one fails before it reads': `Q:copy refusing from stdin | S | S | PBE:select 1 | S | ${END}`,
  'it fails when it has read all': `PBE:copy once from stdin | S | ${GOOD} | S | c | S | PBE:select 1 | S | ${END}`,
  'it succeeds with Syncs inside': `PBE:copy t from stdin | S | ${GOOD} | S | H | c | S | PBE:select 1 | S | ${END}`,
  'the second COPY of a Query': `Q:copy t from stdin; copy once from stdin | S | ${GOOD} | c | S | ${GOOD} | c | S | ${END}`,
  'one failed COPY behind another': `PBE:copy t from stdin | S | ${BAD} | S | PBE:copy t from stdin | S | ${BAD} | S | ${END}`,
  'in a transaction': `Q:begin | PBE:copy t from stdin | S | ${BAD} | PBE:select 1 | S | Q:rollback | ${END}`,
  'units of the same shape': `PBE:copy t from stdin | S | ${BAD} | PBE:select 1 | S | PBE:select 2 | S | ${END}`,
  'another statement fails behind it': `PBE:copy t from stdin | S | ${BAD} | S | PBE:select fail() | S | ${END}`,
};

const postgres = usePostgres();
beforeAll(() => postgres().query(SCHEMA));

const QUIET_MS = 40;

/** Sends one message after another, each when the server has said what it has to say to the one before. */
async function record({ host, port, user, database }: Postgres, messages: readonly Said[]): Promise<Reply[]> {
  const socket: Socket = connect(port, host);
  let received = Buffer.alloc(0);
  let lastMs = 0;
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    lastMs = performance.now();
  });
  socket.on('error', () => {});
  const quiet = async (until: () => boolean) => {
    lastMs = performance.now();
    while (!until() || performance.now() - lastMs < QUIET_MS) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  socket.write(F.startup({ user, database }));
  await quiet(() => readyCount(received) === 1);
  const replies: Reply[] = [];
  for (const [index, one] of messages.entries()) {
    received = Buffer.alloc(0);
    socket.write(bytesOf(one));
    await quiet(() => true);
    const parts = partsOf(received, 'server').filter(({ bytes }) => !'NSA'.includes(codeOf(bytes)));
    replies.push(...parts.map(({ bytes }) => ({ bytes, cause: index + 1 })));
  }
  socket.destroy();
  return replies;
}

const codeOf = (bytes: Buffer) => String.fromCharCode(bytes[0]);
const codes = (replies: readonly Reply[]) => replies.map(({ bytes }) => codeOf(bytes)).join('');

/** In all orders, or in many. */
function check(conversation: Conversation): number {
  const random = new Random(1);
  const orders =
    allOrders(conversation, ORDERS_MAX) ?? Array.from({ length: ORDERS_MAX }, () => randomOrder(conversation, random));
  for (const order of orders) {
    const why = differences(conversation, show(subject, conversation, order));
    expect(why, order.map((isClient) => (isClient ? '>' : '<')).join('')).toBe('');
  }
  return orders.length;
}

describe.concurrent('recorded from a real server', () => {
  test.each(Object.entries(SCRIPTS))('%s', async (_name, script) => {
    const messages = said(script);
    const model = conversationOf(messages);
    const replies = await record(postgres(), messages);
    expect(codes(replies)).toBe(codes(model.replies));
    expect(check({ ...model, replies })).toBeGreaterThan(10);
  });

  test.each(Array.from({ length: 60 }, (_, index) => index))('random conversation %i', async (index) => {
    const messages = randomSaid(Random.ofCase(20, index));
    const model = conversationOf(messages);
    expect(codes(await record(postgres(), messages))).toBe(codes(model.replies));
  });
});

test('3,000 random conversations against the model, each in 3 orders', () => {
  const ends: Record<string, number> = {};
  for (let index = 0; index < 3000; index++) {
    const { end, why } = runConversation(subject, { seed: 5, index, orders: 3 });
    expect(why, `seed 5, conversation ${index}`).toBe('');
    ends[end] = (ends[end] ?? 0) + 1;
  }
  expect(ends.exact).toBeGreaterThan(2800);
  // Those that the wire leaves open, and no more.
  expect(ends.open ?? 0).toBeLessThan(10);
});
