// Builds messages of the Postgres protocol: their common parts, errors and notices.
// Invariant: what is built is well formed.
// Protocol: chapter 53.7.
// Not here: the fuzzer's messages (../fuzz/messages.mjs), which stand apart because they judge; the product's own
// errors (proxy/wire/error-message.ts).

const NONE = Buffer.alloc(0);

/** @param {string} code one letter @param {Buffer} [body] @returns {Buffer} */
export function message(code, body = NONE) {
  const whole = Buffer.allocUnsafe(5 + body.length);
  whole.write(code, 0, 'latin1');
  whole.writeInt32BE(4 + body.length, 1);
  body.copy(whole, 5);
  return whole;
}

/** Each with its NUL. @param {...string} texts @returns {Buffer} */
export function cstrings(...texts) {
  return Buffer.from(texts.map((text) => `${text}\0`).join(''));
}

/** @param {number} value @returns {Buffer} */
export function int16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

/** @param {number} value @returns {Buffer} */
export function int32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** @param {readonly (readonly [string, string])[]} parameters @param {number} [version] @returns {Buffer} */
export function startupPacket(parameters, version = 196608) {
  const body = Buffer.concat([cstrings(...parameters.flat()), Buffer.from([0])]);
  return Buffer.concat([int32(body.length + 8), int32(version), body]);
}

/**
 * An ErrorResponse ('E') or NoticeResponse ('N').
 * @param {'E' | 'N'} code
 * @param {{ severity: string, sqlstate: string, text: string }} fields
 * @returns {Buffer}
 */
export function report(code, { severity, sqlstate, text }) {
  const fields = cstrings(`S${severity}`, `V${severity}`, `C${sqlstate}`, `M${text}`);
  return message(code, Buffer.concat([fields, Buffer.from([0])]));
}
