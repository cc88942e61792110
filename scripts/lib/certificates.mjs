// Makes X.509 certificates for tests and measurements: an authority and its leaves.
// ECDSA on P-256.
// Source: RFC 5280, X.690 (DER).
// Not here: anything a real certificate needs beyond what TLS checks.

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** @typedef {{ readonly cert: string, readonly key: string }} Issued PEM */

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const DAY_MS = 86_400_000;

const ECDSA_WITH_SHA256 = der(SEQUENCE, der(OBJECT_ID, Buffer.from('2a8648ce3d040302', 'hex')));
const COMMON_NAME = der(OBJECT_ID, Buffer.from('550403', 'hex'));
const SUBJECT_ALT_NAME = der(OBJECT_ID, Buffer.from('551d11', 'hex'));
const BASIC_CONSTRAINTS = der(OBJECT_ID, Buffer.from('551d13', 'hex'));
const TRUE = Buffer.from([0x01, 0x01, 0xff]);

export class Authority {
  #name = nameOf('pgwitness test authority');
  #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  constructor() {
    const extensions = extension(BASIC_CONSTRAINTS, der(SEQUENCE, TRUE));
    /** @readonly */
    this.cert = this.#certificate({ subject: this.#name, key: this.#keys.publicKey, extensions, days: 1 });
  }

  /**
   * For names and IPv4 addresses; `days` of validity left, negative for an expired one.
   * @param {readonly string[]} names
   * @param {{ days?: number }} [options]
   * @returns {Issued}
   */
  issue(names, { days = 1 } = {}) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const alternatives = names.map((name) =>
      isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name)),
    );
    const extensions = extension(SUBJECT_ALT_NAME, der(SEQUENCE, ...alternatives));
    return {
      cert: this.#certificate({ subject: nameOf(names[0]), key: publicKey, extensions, days }),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }

  /**
   * @param {{ subject: Buffer, key: import('node:crypto').KeyObject, extensions: Buffer, days: number }} of
   * @returns {string}
   */
  #certificate(of) {
    const end = Date.now() + of.days * DAY_MS;
    const toBeSigned = der(
      SEQUENCE,
      der(0xa0, der(INTEGER, Buffer.from([2]))),
      der(INTEGER, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      ECDSA_WITH_SHA256,
      this.#name,
      der(SEQUENCE, time(end - 30 * DAY_MS), time(end)),
      of.subject,
      of.key.export({ type: 'spki', format: 'der' }),
      der(0xa3, der(SEQUENCE, of.extensions)),
    );
    const signature = sign('sha256', toBeSigned, this.#keys.privateKey);
    const whole = der(SEQUENCE, toBeSigned, ECDSA_WITH_SHA256, der(BIT_STRING, Buffer.from([0]), signature));
    const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  }
}

/** @param {number} tag @param {...Buffer} contents @returns {Buffer} */
function der(tag, ...contents) {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}

/** @param {string} commonName */
function nameOf(commonName) {
  return der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from(commonName)))));
}

/** @param {Buffer} id @param {Buffer} value */
function extension(id, value) {
  return der(SEQUENCE, id, der(OCTET_STRING, value));
}

/** @param {number} ms */
function time(ms) {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return der(GENERALIZED_TIME, Buffer.from(`${digits}Z`));
}
