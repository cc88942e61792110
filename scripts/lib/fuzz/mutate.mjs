// Damage: what networks, bugs and attackers do to a stream of messages.
// Invariant: the parts given are not changed; one mutation is one change.
// Not here: choosing the stream (cases.mjs).

import { message } from './messages.mjs';

/** @import { Random } from './random.mjs' */
/** @import { Part } from './messages.mjs' */

/** @typedef {(parts: Part[], at: number, random: Random) => Part[]} Mutation replaces the part at `at` */

const LENGTHS = [-2147483648, -1, 0, 1, 3, 4, 5, 6, 9996, 10000, 10001, 30001, 0x3fffffff, 0x40000000, 0x7fffffff];
const CODES = 'BCDEFHPQSXcdfp123AGINRTVWZnstv!\0\xff';

/** @type {Readonly<Record<string, Mutation>>} */
export const mutations = {
  flipBit: (parts, at, random) => {
    const bytes = Buffer.from(parts[at].bytes);
    bytes[random.below(bytes.length)] ^= 1 << random.below(8);
    return [{ ...parts[at], bytes }];
  },
  setLength: (parts, at, random) => {
    const bytes = Buffer.from(parts[at].bytes);
    if (bytes.length < 5) return [parts[at]];
    const near = (bytes.readInt32BE(1) + random.between(-3, 3)) | 0;
    bytes.writeInt32BE(random.oneIn(2) ? near : random.pick(LENGTHS), 1);
    return [{ ...parts[at], bytes }];
  },
  setCode: (parts, at, random) => {
    const bytes = Buffer.from(parts[at].bytes);
    bytes[0] = random.pick([...CODES]).charCodeAt(0);
    return [{ ...parts[at], bytes }];
  },
  fillBody: (parts, at, random) => {
    const bytes = Buffer.from(parts[at].bytes);
    bytes.fill(random.pick([0, 0x20, 0x39, 0xff]), Math.min(5, bytes.length));
    return [{ ...parts[at], bytes }];
  },
  growBody: (parts, at, random) => {
    const { bytes } = parts[at];
    if (bytes.length < 6) return [parts[at]];
    // Before the last byte, which ends a string in most bodies.
    const grown = Buffer.alloc(random.pick([1, 70, 400, 12_000]), random.pick([0x20, 0x39, 0x61]));
    const body = Buffer.concat([bytes.subarray(5, -1), grown, bytes.subarray(-1)]);
    return [{ ...parts[at], bytes: message(String.fromCharCode(bytes[0]), body) }];
  },
  drop: () => [],
  duplicate: (parts, at) => [parts[at], parts[at]],
  repeat: (parts, at, random) => Array(random.between(2, 40)).fill(parts[at]),
  truncate: (parts, at, random) => {
    const { bytes } = parts[at];
    return [{ ...parts[at], bytes: bytes.subarray(0, random.below(bytes.length)) }];
  },
  insertBytes: (parts, at, random) => {
    const { bytes } = parts[at];
    const cut = random.below(bytes.length + 1);
    const inserted = random.bytes(random.between(1, 12));
    return [{ ...parts[at], bytes: Buffer.concat([bytes.subarray(0, cut), inserted, bytes.subarray(cut)]) }];
  },
  turnAround: (parts, at) => [{ ...parts[at], from: parts[at].from === 'client' ? 'server' : 'client' }],
  copyFromElsewhere: (parts, at, random) => [parts[at], random.pick(parts)],
};

const NAMES = Object.keys(mutations);

/** @param {readonly Part[]} parts @param {number} count @param {Random} random @returns {Part[]} */
export function mutated(parts, count, random) {
  let now = parts.filter(({ bytes }) => bytes.length > 0);
  for (let i = 0; i < count && now.length > 0; i++) {
    const at = random.below(now.length);
    if (random.oneIn(8)) {
      const [moved] = now.splice(at, 1);
      now.splice(random.below(now.length + 1), 0, moved);
      continue;
    }
    const replacement = mutations[random.pick(NAMES)](now, at, random);
    now = [...now.slice(0, at), ...replacement.filter(({ bytes }) => bytes.length > 0), ...now.slice(at + 1)];
  }
  return now;
}
