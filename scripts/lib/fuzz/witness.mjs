// A tracker under test, checked after every part of a stream it is fed.
// Nothing may be lost, doubled or grown beyond its bound.
// Invariant: what arrived is counted here by an independent walk over the client's bytes, never by what the tracker
// says.
// Not here: choosing streams (cases.mjs).

/** @import { Part } from './messages.mjs' */

/**
 * What is tested, from dist/ (scripts/fuzz.mjs) or from the sources (test/fuzz).
 * @typedef {object} Subject
 * @property {typeof import('../../../proxy/session/session.js').Session} Session
 * @property {typeof import('../../../proxy/session/texts.js').TextTable} TextTable
 * @property {typeof import('../../../proxy/session/session-state.js').TrackerCounters} TrackerCounters
 * @property {typeof import('../../../proxy/stream/observation.js').executionCount} executionCount
 * @property {typeof import('../../../proxy/wire/message-codes.js').clientTable} clientTable
 * @property {typeof import('../../../proxy/wire/message-codes.js').serverTable} serverTable
 * @property {typeof import('../../../proxy/wire/startup-packet.js').readFirstPacket} readFirstPacket
 * @property {typeof import('../../../proxy/stream/reader.js').BatchReader} BatchReader
 * @property {typeof import('../../../proxy/stream/frames.js').FrameKind} FrameKind
 * @property {typeof import('../../../proxy/stream/frames.js').FrameReader} FrameReader
 */

/**
 * @typedef {object} Bounds
 * @property {number} outstandingBytesMax
 * @property {number} outstandingTextBytesMax
 * @property {number} statementNamesMax
 * @property {number} completionsMax
 * @property {number} internedTextBytesMax
 * @property {number} textHeadBytesMax
 * @property {number} textTailBytesMax
 */

/** @type {Bounds} */
export const WIDE = {
  outstandingBytesMax: 16 << 20,
  outstandingTextBytesMax: 8 << 20,
  statementNamesMax: 10_000,
  completionsMax: 4_096,
  internedTextBytesMax: 1 << 20,
  textHeadBytesMax: 262_144,
  textTailBytesMax: 4_096,
};

/** Every bound within reach of a short stream. @type {Bounds} */
export const TIGHT = {
  outstandingBytesMax: 12 * 256,
  outstandingTextBytesMax: 150,
  statementNamesMax: 2,
  completionsMax: 2,
  internedTextBytesMax: 400,
  textHeadBytesMax: 20,
  textTailBytesMax: 8,
};

const QUERY = 0x51;
const EXECUTE = 0x45;
const PROBE = 'select probe';

/** @param {boolean} condition @param {string} what */
function holds(condition, what) {
  if (!condition) throw new Error(what);
}

export class Witness {
  #subject;
  #bounds;
  #counters;
  #texts;
  #session;
  #table;
  /** Bytes of the client's stream that are not walked yet. */
  #unwalked = Buffer.alloc(0);
  #clientBroken = false;
  #references = 0;
  #nowMs = 1000;
  /** Query and Execute messages that came while the session was not opaque. */
  arrived = 0;
  /** Records of requests, of Parse and Bind that failed, and executions counted as lost. */
  #records = 0;
  #failedBefore = 0;
  #lost = 0;
  /** Lost with a record of the same Query: completions beyond the cap. */
  #beyondCap = 0;
  /** @type {string[]} one line for each record: what must not depend on how the stream was cut */
  lines = [];
  /** @type {{ text: string | null, calls: number, sqlstate: string }[]} */
  seen = [];

  /** @param {Subject} subject @param {Bounds} [bounds] */
  constructor(subject, bounds = WIDE) {
    this.#subject = subject;
    this.#bounds = bounds;
    this.#counters = new subject.TrackerCounters();
    this.#texts = new subject.TextTable(bounds.internedTextBytesMax);
    const acquire = this.#texts.acquire.bind(this.#texts);
    const release = this.#texts.release.bind(this.#texts);
    this.#texts.acquire = (text, facts) => {
      this.#references++;
      return acquire(text, facts);
    };
    this.#texts.release = (shared) => {
      this.#references--;
      release(shared);
    };
    const text = { headBytesMax: bounds.textHeadBytesMax, tailBytesMax: bounds.textTailBytesMax };
    this.#table = subject.clientTable(text);
    this.#session = new subject.Session(1, {
      events: {
        statement: (_state, execution) => this.#statement(execution),
        ready: () => this.lines.push('ready'),
        lost: (reason, count) => this.#lose(reason, count),
      },
      counters: this.#counters,
      limits: bounds,
      texts: this.#texts,
      clientTable: this.#table,
      serverTable: subject.serverTable(),
    });
  }

  get counters() {
    return this.#counters;
  }

  /** @returns {'exact' | 'adrift' | 'opaque' | 'waiting'} 'waiting': requests whose answer the stream does not have */
  get state() {
    const { opaque, state } = this.#session;
    if (opaque) return 'opaque';
    if (state.adrift) return 'adrift';
    if (state.outstanding.size > 0 || !this.#session.atBoundary || this.#unwalked.length > 0 || state.starting)
      return 'waiting';
    return 'exact';
  }

  /** @param {Part['from']} from @param {Buffer} bytes */
  feed(from, bytes) {
    this.#nowMs += 0.25;
    // Lent, and spoiled afterwards: the tracker must not keep it.
    const lent = Buffer.from(bytes);
    if (from === 'client') {
      if (!this.#session.opaque) this.#walk(bytes);
      this.#session.client(lent, this.#nowMs, this.#nowMs);
    } else this.#session.server(lent, this.#nowMs, this.#nowMs);
    lent.fill(0xee);
    this.#check();
  }

  /** Time without traffic, with the relay's tick. @param {number} ms */
  silence(ms) {
    this.#nowMs += ms;
    this.#session.tick(this.#nowMs);
    this.#check();
  }

  /**
   * After any damage the session must be opaque, or wait for an answer that the stream does not have, or be found
   * again: then one more
   * Query is witnessed exactly.
   * @param {{ sync: Buffer, query: (sql: string) => Buffer, ready: Buffer, complete: Buffer }} say
   * @returns {'exact' | 'recovered' | 'opaque' | 'waiting'}
   */
  probe({ sync, query, ready, complete }) {
    const before = this.state;
    if (before === 'adrift') {
      if (this.#unwalked.length > 0 || !this.#session.atBoundary) return 'waiting';
      this.feed('client', sync);
      this.feed('server', ready);
      this.silence(2000);
      holds(this.state === 'exact', `adrift for good: ${this.state}`);
    } else if (before !== 'exact') return before;
    // An error before left the session waiting for a Sync.
    this.feed('client', sync);
    this.feed('server', ready);
    if (this.state !== 'exact') return 'waiting';
    const records = this.seen.length;
    this.feed('client', query(PROBE));
    this.feed('server', Buffer.concat([complete, ready]));
    const seen = this.seen.slice(records).filter(({ text }) => text === PROBE.slice(0, this.#bounds.textHeadBytesMax));
    holds(seen.length === 1 && seen[0].calls === 1, `a Query after recovery was witnessed ${seen.length} times`);
    return before === 'adrift' ? 'recovered' : 'exact';
  }

  close() {
    this.#nowMs += 1;
    this.#session.close(this.#nowMs, this.#nowMs);
    const { outstanding, executionsOutstanding, outstandingTextBytes, finished } = this.#session.state;
    holds(outstanding.size === 0, `${outstanding.size} requests are outstanding after the end`);
    holds(executionsOutstanding === 0, `${executionsOutstanding} executions are counted as outstanding after the end`);
    holds(outstandingTextBytes === 0, `${outstandingTextBytes} bytes of text are counted as outstanding after the end`);
    holds(finished.length === 0, `${finished.length} records were not sent`);
    holds(this.#references === 0, `${this.#references} references to texts are left`);
    const { skippedTotal, continuedTotal, emptyTotal } = this.#counters;
    const accounted = this.#records - this.#failedBefore + this.#lost + skippedTotal + continuedTotal + emptyTotal;
    holds(
      accounted === this.arrived,
      `${this.arrived} executions arrived, ${accounted} are accounted for: ${this.#records} records (${this.#failedBefore} of Parse or Bind), ` +
        `${this.#lost} lost, ${skippedTotal} skipped, ${continuedTotal} continued, ${emptyTotal} empty`,
    );
  }

  /** @param {import('../../../proxy/session/execution.js').Execution} execution */
  #statement(execution) {
    this.#records++;
    // Shares its flush point with nothing: it stands for a Parse, Bind or Describe that failed.
    if (Number.isNaN(execution.flushGroup)) this.#failedBefore++;
    const { prepared, completions, sqlstate, dataRows, suspensions, copy, simple } = execution;
    for (const key of [
      'serviceMs',
      'waitMs',
      'clientStallMs',
      'requestBytes',
      'responseBytes',
      'dataRows',
      'suspensions',
    ]) {
      const value = execution[/** @type {'serviceMs'} */ (key)];
      holds(value >= 0 && value <= Number.MAX_SAFE_INTEGER, `${key} is ${value}`);
    }
    for (const { rows } of completions) holds(Number.isSafeInteger(rows) && rows >= 0, `a completion of ${rows} rows`);
    holds(completions.length <= this.#bounds.completionsMax, `${completions.length} completions in one record`);
    const text =
      prepared === undefined ? null : ((prepared.shared === undefined ? prepared.text : prepared.shared.text) ?? null);
    const calls = completions.filter(({ command }) => command !== '').length;
    holds(this.#subject.executionCount(execution) > 0, 'a record without an execution');
    this.seen.push({ text, calls, sqlstate });
    this.lines.push(JSON.stringify([simple, text, completions, sqlstate, dataRows, suspensions, copy]));
  }

  /** @param {string} reason @param {number} count */
  #lose(reason, count) {
    holds(Number.isSafeInteger(count) && count > 0, `${count} executions lost`);
    this.lines.push(`lost ${count} ${reason}`);
    const head = this.#session.state.outstanding.size > 0 ? this.#session.state.outstanding.head.execution : undefined;
    const beyondCap = !this.#session.state.adrift && (head?.completions.length ?? 0) >= this.#bounds.completionsMax;
    if (reason === 'adrift' && beyondCap) this.#beyondCap += count;
    else this.#lost += count;
  }

  #check() {
    this.#session.invariants();
    this.#texts.invariants();
    const { outstanding, outstandingTextBytes } = this.#session.state;
    const bounds = this.#bounds;
    const textBytesMax = bounds.textHeadBytesMax + bounds.textTailBytesMax;
    holds(outstanding.bytes <= bounds.outstandingBytesMax, `${outstanding.bytes} bytes of outstanding requests`);
    holds(outstandingTextBytes <= bounds.outstandingTextBytesMax, `${outstandingTextBytes} bytes of outstanding text`);
    holds(
      this.#texts.bytes <= Math.max(bounds.internedTextBytesMax, textBytesMax),
      `${this.#texts.bytes} bytes of texts`,
    );
  }

  /** Counts the executions of the client's stream, until its framing is lost. @param {Buffer} more */
  #walk(more) {
    if (this.#clientBroken) return;
    const bytes = Buffer.concat([this.#unwalked, more]);
    let at = 0;
    while (bytes.length - at >= 5) {
      const code = bytes[at];
      const bodyBytes = bytes.readInt32BE(at + 1) - 4;
      if (this.#table.keepBytes[code] < 0 || bodyBytes < 0 || bodyBytes > this.#table.bodyBytesMax[code]) {
        this.#clientBroken = true;
        break;
      }
      if (bytes.length - at < 5 + bodyBytes) break;
      if (code === QUERY || code === EXECUTE) this.arrived++;
      at += 5 + bodyBytes;
    }
    this.#unwalked = bytes.subarray(at);
  }
}
