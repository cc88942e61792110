// Shows the tracker a conversation in one order of both directions, and says what it made of it.
// Invariant: the tracker's own checks run after every message.
// Not here: conversations and orders (copy-conversation.mjs), the server (copy-server.mjs).

import { bytesOf, conversationOf, randomOrder, randomSaid } from './copy-conversation.mjs';
import { witnessLine } from './copy-server.mjs';
import { server } from './messages.mjs';
import { Random } from './random.mjs';
import { WIDE } from './witness.mjs';

/** @import { Case } from './cases.mjs' */
/** @import { Conversation, Order } from './copy-conversation.mjs' */
/** @import { Subject } from './witness.mjs' */

/**
 * @typedef {object} Outcome
 * @property {string[]} lines of executions, in order
 * @property {number} skipped
 * @property {number} lost
 * @property {number} adrift
 * @property {number} unmatched
 */

/**
 * @param {Pick<Subject, 'Session' | 'TextTable' | 'TrackerCounters' | 'clientTable' | 'serverTable'>} subject
 * @param {Pick<Conversation, 'said' | 'replies'>} conversation
 * @param {Order} order
 * @returns {Outcome}
 */
export function show(subject, { said, replies }, order) {
  const counters = new subject.TrackerCounters();
  /** @type {string[]} */
  const lines = [];
  let lost = 0;
  const session = new subject.Session(1, {
    events: {
      statement: (_state, { simple, prepared, completions, sqlstate }) =>
        lines.push(
          witnessLine({
            protocol: simple ? 'simple' : 'extended',
            text: prepared?.text ?? null,
            tags: completions.map(({ command, rows }) => tagOf(command, rows)),
            sqlstate,
          }),
        ),
      ready: () => {},
      lost: (_reason, count) => {
        lost += count;
      },
    },
    counters,
    limits: WIDE,
    texts: new subject.TextTable(WIDE.internedTextBytesMax),
    clientTable: subject.clientTable({ headBytesMax: WIDE.textHeadBytesMax, tailBytesMax: WIDE.textTailBytesMax }),
    serverTable: subject.serverTable(),
  });
  let nowMs = 1000;
  session.server(Buffer.concat(server.greeting()), nowMs, nowMs);
  let sent = 0;
  let shown = 0;
  for (const isClient of order) {
    nowMs++;
    if (isClient) session.client(bytesOf(said[sent++]), nowMs, nowMs);
    else session.server(replies[shown++].bytes, nowMs, nowMs);
    session.invariants();
  }
  session.close(nowMs, nowMs);
  session.invariants();
  const { size } = session.state.outstanding;
  if (size > 0) throw new Error(`${size} requests are outstanding after the end`);
  const { skippedTotal, adriftTotal, unmatchedReadyTotal } = counters;
  return { lines, skipped: skippedTotal, lost, adrift: adriftTotal, unmatched: unmatchedReadyTotal };
}

/** @param {string} command @param {number} rows */
const tagOf = (command, rows) => (command === 'BEGIN' || command === 'ROLLBACK' ? command : `${command} ${rows}`);

/**
 * One conversation of a run, in several orders.
 * @param {Parameters<typeof show>[0]} subject
 * @param {{ seed: number, index: number, orders: number }} which
 * @returns {{ end: 'exact' | 'open' | 'cut off by FATAL', why: string, conversation: Conversation, order: Order }}
 *   'open': in one of the orders the wire did not tell what was run; `why` is not '' when something is wrong
 */
export function runConversation(subject, { seed, index, orders }) {
  const random = Random.ofCase(seed, index);
  const conversation = conversationOf(randomSaid(random));
  /** @type {ReturnType<typeof runConversation>} */
  const run = { end: conversation.closed ? 'cut off by FATAL' : 'exact', why: '', conversation, order: [] };
  for (let i = 0; i < orders && run.why === ''; i++) {
    run.order = randomOrder(conversation, random);
    const got = show(subject, conversation, run.order);
    if (conversation.closed) continue;
    if (got.adrift > 0) run.end = 'open';
    else run.why = differences(conversation, got);
  }
  return run;
}

/**
 * Many conversations, in the form of runCases (run.mjs).
 * @param {Subject} subject
 * @param {{ seed: number, from: number, cases: number, onCrash: (name: string, error: Error, it: Case) => void }} run
 */
export function runConversations(subject, { seed, from, cases, onCrash }) {
  /** @type {Map<string, number>} */
  const ends = new Map();
  let crashers = 0;
  for (let index = from; index < from + cases && crashers < 10; index++) {
    const { end, why, conversation, order } = runConversation(subject, { seed, index, orders: 3 });
    ends.set(end, (ends.get(end) ?? 0) + 1);
    if (why === '') continue;
    crashers++;
    onCrash(`seed-${seed}-conversation-${index}`, new Error(why), caseOf(conversation, order));
  }
  return { ends, crashers };
}

/** As a case that was saved, for `pgwitness trace`. @param {Conversation} conversation @param {Order} order */
function caseOf({ said, replies }, order) {
  let sent = 0;
  let shown = 0;
  const parts = order.map((isClient) => ({
    from: isClient ? /** @type {const} */ ('client') : /** @type {const} */ ('server'),
    bytes: isClient ? bytesOf(said[sent++]) : replies[shown++].bytes,
  }));
  const greeting = { from: /** @type {const} */ ('server'), bytes: Buffer.concat(server.greeting()) };
  return /** @type {Case} */ ({ kind: 'damaged', bounds: WIDE, parts: [greeting, ...parts] });
}

/** @param {Pick<Conversation, 'expected' | 'skipped'>} conversation @param {Outcome} got @returns {string} '' = none */
export function differences({ expected, skipped }, got) {
  const wanted = [...expected, `skipped ${skipped}`, 'lost 0', 'adrift 0', 'unmatched 0'];
  const found = [
    ...got.lines,
    `skipped ${got.skipped}`,
    `lost ${got.lost}`,
    `adrift ${got.adrift}`,
    `unmatched ${got.unmatched}`,
  ];
  if (wanted.join('\n') === found.join('\n')) return '';
  return `expected\n  ${wanted.join('\n  ')}\ngot\n  ${found.join('\n  ')}`;
}
