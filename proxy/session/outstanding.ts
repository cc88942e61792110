// Queues the requests of one connection that the server has not answered yet, oldest first.
//
//   head                                   far ones, packed        newest
//    ▼                                        ▼                      ▼
//   │Parse│Bind│Execute│Sync│ … free slots … │ 02 00 15 … bytes … │ Sync │
//    a ring; a slot is made when it is first reached, then reused
//
// A pipeline of a hundred thousand requests takes a few MB: those beyond NEAR_MAX are packed until their turn is near.
// Invariant: 0 <= near <= capacity, capacity is a power of two, and slot (first + i) & mask holds the i-th request.
// Far ones come behind near ones; at least two are near, if there are so many.
// Not here: which reply answers which request (replies.ts).

import { PackedQueue } from '../wire/packed-queue.js';
import { Execution } from './execution.js';
import { type PreparedText, packText, unpackText } from './texts.js';

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
/** So many requests are objects. A pipeline that is not made to be long stays below. */
const NEAR_MAX = 1024;
/** An object with its execution and names, as measured. */
export const REQUEST_BYTES = 256;

/** What of a packed request is not empty, or not that of the one before. */
const HAS = { ofPortal: 1, names: 2, shared: 4, text: 8, execution: 16, arrived: 32, started: 64, group: 128 };
/** Of a Bind, which has no execution. */
const BIND_HAS = { parameters: 64, cut: 128 };

export class Outstanding {
  #slots: Array<Request | undefined> = [];
  #first = 0;
  size = 0;
  /** So many of the oldest are in the ring: at() reaches these. */
  near = 0;
  readonly #far = new PackedQueue();
  #packed = 0;
  /** The last far request, which its owner may still fill. */
  #newest: Request | undefined = undefined;
  /** Statements of packed requests whose text the table shares. */
  #shared: PreparedText[] = [];
  #sharedRead = 0;
  #written = { arrivedMs: 0, flushGroup: 0 };
  #read = { arrivedMs: 0, flushGroup: 0 };

  /** What it takes, about. */
  get bytes(): number {
    return (this.near + this.#shared.length) * REQUEST_BYTES + this.#far.bytes;
  }

  /** The oldest request; only when size > 0. */
  get head(): Request {
    return this.#slots[this.#first] as Request;
  }

  /** The i-th oldest request, of those that are near. */
  at(index: number): Request {
    return this.#slots[(this.#first + index) & (this.#slots.length - 1)] as Request;
  }

  /** How many Syncs stand directly behind the request at `index`, before `end`, as far as they are near. */
  syncsBehind(index: number, end: number): number {
    let next = index + 1;
    while (next < end && next < this.near && this.at(next).kind === RequestKind.sync) next++;
    return next - index - 1;
  }

  /** Appends a request and returns its cleared slot, which the caller fills. */
  push(kind: RequestKind, arrivedMs: number, bytes: number): Request {
    const request = this.near === NEAR_MAX || this.size > this.near ? this.#farther() : this.#slot();
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
    this.near--;
    this.size--;
    if (this.size > this.near && this.near < 2) this.#approach();
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
    if (this.near < 0 || this.near > capacity) throw new Error(`${this.near} requests in ${capacity} slots`);
    if (this.near < Math.min(2, this.size)) throw new Error(`${this.near} of ${this.size} requests are near`);
    const far = this.#packed + (this.#newest === undefined ? 0 : 1);
    if (this.near + far !== this.size)
      throw new Error(`${this.near} near and ${far} far are not ${this.size} requests`);
    for (let i = 0; i < capacity; i++) {
      const request = this.at(i);
      if (i < this.near && request === undefined) throw new Error(`request ${i} has no slot`);
      if (i >= this.near && request !== undefined && !isCleared(request))
        throw new Error(`free slot ${i} keeps a request`);
    }
  }

  /** A free slot of the ring, now the last one. */
  #slot(): Request {
    if (this.near === this.#slots.length) this.#grow();
    const slot = (this.#first + this.near++) & (this.#slots.length - 1);
    let request = this.#slots[slot];
    if (request === undefined) {
      request = new Request();
      this.#slots[slot] = request;
    }
    return request;
  }

  /** A far request, now the last one. The one before it is complete, and is packed. */
  #farther(): Request {
    if (this.#newest !== undefined) this.#pack(this.#newest);
    this.#newest = new Request();
    return this.#newest;
  }

  /** Far requests become near. */
  #approach(): void {
    while (this.near < NEAR_MAX / 2 && this.#packed > 0) this.#unpack(this.#slot());
    if (this.#packed > 0) return;
    this.#far.clear();
    this.#shared = [];
    this.#sharedRead = 0;
    if (this.#newest === undefined || this.near === NEAR_MAX / 2) return;
    Object.assign(this.#slot(), this.#newest);
    this.#newest = undefined;
  }

  #pack(request: Request): void {
    const { kind, arrivedMs, bytes, statementName, portalName, ofPortal, prepared, execution } = request;
    const far = this.#far;
    const written = this.#written;
    const statement = prepared ?? execution?.prepared;
    let has = ofPortal ? HAS.ofPortal : 0;
    if (statementName !== '' || portalName !== '') has |= HAS.names;
    if (statement !== undefined) has |= statement.shared === undefined ? HAS.text : HAS.shared;
    if (arrivedMs !== written.arrivedMs) has |= HAS.arrived;
    if (execution !== undefined) {
      has |= HAS.execution;
      if (execution.startMs !== arrivedMs) has |= HAS.started;
      if (execution.flushGroup !== written.flushGroup) has |= HAS.group;
    }
    if (request.parameterHash !== 0) has |= BIND_HAS.parameters;
    if (request.parametersCut) has |= BIND_HAS.cut;
    far.byte(kind);
    far.byte(has);
    far.count(bytes);
    if (has & HAS.arrived) far.number(arrivedMs);
    if (has & HAS.names) {
      far.text(statementName);
      far.text(portalName);
    }
    if (has & HAS.shared) this.#shared.push(statement as PreparedText);
    if (has & HAS.text) packText(far, statement as PreparedText);
    if (execution !== undefined) {
      if (has & HAS.started) far.number(execution.startMs);
      if (has & HAS.group) far.count(execution.flushGroup);
      far.count(execution.pipelineDepth);
      far.count(execution.requestBytes);
      written.flushGroup = execution.flushGroup;
    } else if (has & BIND_HAS.parameters) {
      far.number(request.parameterHash);
      far.count(request.parameterCount);
    }
    written.arrivedMs = arrivedMs;
    this.#packed++;
  }

  #unpack(request: Request): void {
    const far = this.#far;
    const read = this.#read;
    request.kind = far.takeByte() as RequestKind;
    const has = far.takeByte();
    request.bytes = far.takeCount();
    if (has & HAS.arrived) read.arrivedMs = far.takeNumber();
    request.arrivedMs = read.arrivedMs;
    request.ofPortal = (has & HAS.ofPortal) > 0;
    if (has & HAS.names) {
      request.statementName = far.takeText();
      request.portalName = far.takeText();
    }
    const statement =
      has & HAS.shared ? this.#shared[this.#sharedRead++] : has & HAS.text ? unpackText(far) : undefined;
    if (has & HAS.execution) {
      const startMs = has & HAS.started ? far.takeNumber() : request.arrivedMs;
      if (has & HAS.group) read.flushGroup = far.takeCount();
      const { arrivedMs, flushGroup } = read;
      const arrival = { arrivedMs, startMs, flushGroup, pipelineDepth: far.takeCount() };
      const execution = new Execution(request.kind === RequestKind.query, arrival);
      execution.requestBytes = far.takeCount();
      execution.prepared = statement;
      request.execution = execution;
    } else {
      request.prepared = statement;
      request.parametersCut = (has & BIND_HAS.cut) > 0;
      if (has & BIND_HAS.parameters) {
        request.parameterHash = far.takeNumber();
        request.parameterCount = far.takeCount();
      }
    }
    this.#packed--;
  }

  #grow(): void {
    const slots: Array<Request | undefined> = [];
    for (let i = 0; i < this.near; i++) slots.push(this.at(i));
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
