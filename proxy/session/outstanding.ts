// Queues the requests of one connection that the server has not answered yet, oldest first.
//
//   head                                   tail
//    ▼                                      ▼
//   │Parse│Bind│Execute│Sync│ … free slots … │      a ring; a slot is made when it is first reached, then reused
//
// Invariant: 0 <= size <= capacity, capacity is a power of two, and slot (first + i) & mask holds the i-th request.
// Not here: which reply answers which request (replies.ts).

import type { Execution } from './execution.js';
import type { PreparedText } from './texts.js';

export const RequestKind = {
  query: 1,
  parse: 2,
  bind: 3,
  describe: 4,
  execute: 5,
  close: 6,
  sync: 7,
  functionCall: 8,
  /** CopyDone or CopyFail. No reply answers it; it marks where a COPY FROM STDIN ends in the client's order. */
  copyEnd: 9,
} as const;
export type RequestKind = (typeof RequestKind)[keyof typeof RequestKind];

/** One outstanding request. Fields that its kind does not use are empty. */
export class Request {
  kind: RequestKind = RequestKind.sync;
  /** Monotonic clock, ms: its last byte arrived. */
  arrivedMs = 0;
  bytes = 0;
  /** Parse, Bind, Describe, Close: the statement name. */
  statementName = '';
  /** Bind, Describe, Execute, Close: the portal name. */
  portalName = '';
  /** Describe, Close: true when it names a portal. */
  ofPortal = false;
  /** Parse: the statement that it defines. */
  prepared: PreparedText | undefined = undefined;
  /** Query, Execute: the measurements. */
  execution: Execution | undefined = undefined;
  /** Bind: what tells its parameters from others. */
  parameterHash = 0;
  parameterCount = 0;
  parametersCut = false;
}

const CAPACITY_MIN = 8;

export class Outstanding {
  #slots: Array<Request | undefined> = [];
  #first = 0;
  size = 0;

  /** The oldest request; only when size > 0. */
  get head(): Request {
    return this.#slots[this.#first] as Request;
  }

  /** The i-th oldest request. */
  at(index: number): Request {
    return this.#slots[(this.#first + index) & (this.#slots.length - 1)] as Request;
  }

  /** How many Syncs stand directly behind the request at `index`, before `end`. */
  syncsBehind(index: number, end: number): number {
    let next = index + 1;
    while (next < end && this.at(next).kind === RequestKind.sync) next++;
    return next - index - 1;
  }

  /** Appends a request and returns its cleared slot, which the caller fills. */
  push(kind: RequestKind, arrivedMs: number, bytes: number): Request {
    if (this.size === this.#slots.length) this.#grow();
    const slot = (this.#first + this.size) & (this.#slots.length - 1);
    let request = this.#slots[slot];
    if (request === undefined) {
      request = new Request();
      this.#slots[slot] = request;
    }
    this.size++;
    request.kind = kind;
    request.arrivedMs = arrivedMs;
    request.bytes = bytes;
    return request;
  }

  /** Removes the oldest request and drops what it refers to. */
  shift(): void {
    const request = this.head;
    request.prepared = undefined;
    request.execution = undefined;
    request.ofPortal = false;
    request.statementName = '';
    request.portalName = '';
    request.parameterHash = 0;
    request.parameterCount = 0;
    request.parametersCut = false;
    this.#first = (this.#first + 1) & (this.#slots.length - 1);
    this.size--;
    if (this.size > 0) return;
    // Start again at the first slot: an idle session then keeps no more slots than it ever used at once. A burst gives
    // its slots back.
    this.#first = 0;
    if (this.#slots.length > CAPACITY_MIN * 8) this.#slots = [];
  }

  /** Removes the request behind the oldest one. */
  removeSecond(): void {
    const mask = this.#slots.length - 1;
    const second = (this.#first + 1) & mask;
    const head = this.#slots[this.#first];
    this.#slots[this.#first] = this.#slots[second];
    this.#slots[second] = head;
    this.shift();
  }

  /** Checks what must always hold. Throws an Error that names what does not; tests call it. */
  invariants(): void {
    const capacity = this.#slots.length;
    if ((capacity & (capacity - 1)) !== 0) throw new Error(`a capacity of ${capacity} is no power of two`);
    if (this.size < 0 || this.size > capacity) throw new Error(`${this.size} requests in ${capacity} slots`);
    for (let i = 0; i < capacity; i++) {
      const request = this.at(i);
      if (i < this.size && request === undefined) throw new Error(`request ${i} has no slot`);
      if (i >= this.size && request !== undefined && !isCleared(request))
        throw new Error(`free slot ${i} keeps a request`);
    }
  }

  #grow(): void {
    const slots: Array<Request | undefined> = [];
    for (let i = 0; i < this.size; i++) slots.push(this.at(i));
    const capacity = Math.max(CAPACITY_MIN, slots.length * 2);
    while (slots.length < capacity) slots.push(undefined);
    this.#slots = slots;
    this.#first = 0;
  }
}

function isCleared(request: Request): boolean {
  const { prepared, execution, ofPortal, statementName, portalName, parameterHash } = request;
  const keepsNothing = prepared === undefined && execution === undefined && statementName === '' && portalName === '';
  return keepsNothing && !ofPortal && parameterHash === 0;
}
