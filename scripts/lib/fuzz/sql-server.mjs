// The lexer beside a real server, which is asked for the values of made-up literals.
// It does so under every setting and client encoding that changes what a literal is.
// Invariant: a literal's value by the server is its value as it was made, so what was made is what the server reads.
// Then the lexer must find the tokens as they were made. Whatever the server says, no literal is shown, whole or cut.
// Not here: the queries (sql-texts.mjs), starting a server (lib/postgres.mjs).

import { connect } from '../wire/client.mjs';
import { message } from '../wire/messages.mjs';
import { CANARY, decoderOf, ENCODINGS, makeQuery } from './sql-texts.mjs';

/** @import { Random } from './random.mjs' */
/** @import { MadeQuery, Settings } from './sql-texts.mjs' */
/** @import { WireClient } from '../wire/client.mjs' */

/** @import { Fingerprinter } from '../../../analyzer/fingerprint/fingerprint.js' */

/**
 * @typedef {Pick<Fingerprinter<undefined>, 'identify'>} Identifier
 * @typedef {object} Subject
 * @property {typeof import('../../../analyzer/sql/sql-lexer.js').lex} lex
 * @property {typeof import('../../../analyzer/sql/tokens.js').SqlTokens} SqlTokens
 * @property {typeof import('../../../analyzer/texts/client-text.js').readableText} readableText
 * @property {Identifier} fingerprinter
 *
 * @typedef {Settings & { client: WireClient }} Asked
 */

/** Every combination of them. @param {{ host: string, port: number }} server @returns {Promise<Asked[]>} */
export async function connectAll(server) {
  return Promise.all(
    [false, true].flatMap((backslashEscapes) =>
      ENCODINGS.map(async (encoding) => {
        const startup = /** @type {const} */ ([
          ['user', 'postgres'],
          ['database', 'postgres'],
          ['client_encoding', encoding],
          ['standard_conforming_strings', backslashEscapes ? 'off' : 'on'],
          // By default \' is refused in the very encodings where it is dangerous.
          ['backslash_quote', 'on'],
          ['escape_string_warning', 'off'],
        ]);
        return { backslashEscapes, encoding, client: await connect({ ...server, startup }) };
      }),
    ),
  );
}

/**
 * Makes one query for each number, asks for all of them at once, and checks each.
 * @param {Subject} subject @param {Asked} asked
 * @param {{ randoms: readonly Random[], failed: (index: number, error: Error, text: Buffer) => void }} cases
 * @returns {Promise<number>} queries answered with values; the server refuses characters that it does not know
 */
export async function compareWithServer(subject, asked, { randoms, failed }) {
  const queries = randoms.map((random) => ({ random, made: makeQuery(random, asked) }));
  asked.client.send(
    Buffer.concat(queries.map(({ made }) => message('Q', Buffer.concat([made.bytes, Buffer.from([0])])))),
  );
  let answered = 0;
  for (const [index, { random, made }] of queries.entries()) {
    const { rows, error } = await asked.client.reply();
    try {
      if (error === undefined) {
        answered++;
        checkValues(made, rows[0], asked);
        checkTokens(subject, made, asked);
      } else if (!REFUSALS.has(error.C)) throw new Error(`the server refuses it: ${error.C} ${error.M}`);
      checkCanary(subject, made.bytes, { asked, random, isRefused: error?.C === '22021' });
    } catch (thrown) {
      failed(index, thrown instanceof Error ? thrown : new Error(String(thrown)), made.bytes);
    }
  }
  return answered;
}

/** Characters that are not valid, or have no equivalent in the server's encoding. */
const REFUSALS = new Set(['22021', '22P05']);

/** @param {MadeQuery} made @param {(string | null)[]} row @param {Settings} settings */
function checkValues({ values }, row, { encoding }) {
  const decoder = decoderOf(encoding);
  values.forEach((value, i) => {
    if (value === undefined) return;
    const expected = plain(decoder.decode(value));
    const found = plain(Buffer.from(row[i] ?? '', 'hex').toString());
    if (found !== expected)
      throw new Error(`value ${i + 1} is ${JSON.stringify(found)}, made as ${JSON.stringify(expected)}`);
  });
}

/** Tables of characters differ; which bytes are ASCII does not. @param {string} text */
function plain(text) {
  return text.replace(/[^\0-\x7f]/gu, '¤');
}

/** @param {Subject} subject @param {MadeQuery} made @param {Settings} settings */
function checkTokens({ lex, SqlTokens, readableText }, { bytes, tokens }, settings) {
  const readable = (/** @type {Buffer} */ part) => readableText(textOf(part, settings));
  const text = readable(bytes);
  const found = new SqlTokens();
  lex(text.bytes, found, text);
  const expected = tokens.map((token) => Buffer.from(readable(token).bytes).toString());
  const said = Array.from({ length: found.count }, (_, i) => found.text(i));
  if (text.endsInDoubt || JSON.stringify(said) !== JSON.stringify(expected))
    throw new Error(`tokens ${JSON.stringify(said)}, made as ${JSON.stringify(expected)}`);
}

/**
 * @param {Buffer} bytes @param {Settings} settings
 * @param {{ missingBytes?: number, isSure?: boolean, isRefused?: boolean }} [more]
 */
function textOf(bytes, { backslashEscapes, encoding }, { missingBytes = 0, isSure = true, isRefused = false } = {}) {
  // Of the encodings in which ASCII is ASCII the relay names UTF8 alone.
  const clientEncoding = encoding === 'LATIN1' ? '' : encoding;
  return { bytes, missingBytes, isRefused, reading: { backslashEscapes, clientEncoding, isSure } };
}

/**
 * Whole, cut at its end, with its middle left out, and where the settings are not known.
 * @param {Subject} subject @param {Buffer} bytes @param {{ asked: Settings, random: Random, isRefused: boolean }} facts
 */
function checkCanary(subject, bytes, { asked, random, isRefused }) {
  const shown = (/** @type {ReturnType<typeof textOf>} */ sent) => {
    const text = subject.readableText(sent);
    const { query, summary, command } = subject.fingerprinter.identify(text.bytes, text);
    if (`${query} ${summary} ${command}`.toLowerCase().includes(CANARY))
      throw new Error(`${JSON.stringify(query)} is shown, with ${JSON.stringify(sent.reading)}`);
  };
  shown(textOf(bytes, asked, { isRefused }));
  const head = bytes.subarray(0, random.below(bytes.length));
  shown(textOf(head, asked));
  const tail = Buffer.alloc(TAIL_BYTES, ' ');
  bytes.copy(tail, 0, random.below(bytes.length));
  shown(textOf(Buffer.concat([head, tail]), asked, { missingBytes: 1 + random.below(1000) }));
  const reported = { backslashEscapes: random.oneIn(2), encoding: random.pick(ENCODINGS) };
  shown(textOf(bytes, reported, { isSure: false }));
}

/** As limits.textTailBytesMax. */
const TAIL_BYTES = 4096;
