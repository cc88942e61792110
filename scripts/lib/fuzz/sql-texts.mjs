// Makes up SQL for the lexer: queries of known tokens, and soups of pieces.
// Invariant: a query is valid under the settings it was made for, and the word CANARY is in its literals and comments
// alone.
// Not here: who says whether the lexer is right (sql-scan.mjs).

/** @import { Random } from './random.mjs' */

/** In literals and comments, and nowhere else. */
export const CANARY = 'canary';

/**
 * @typedef {object} Settings of the session that sends a text
 * @property {boolean} backslashEscapes standard_conforming_strings = off
 * @property {string} encoding client_encoding, by PostgreSQL's name
 * @property {boolean} [partComments] false = none between the parts of a string
 *
 * @typedef {{ backslash: boolean, encoding: string, comments: boolean }} StringForm
 *
 * @typedef {object} MadeQuery
 * @property {Buffer} bytes in that encoding
 * @property {Buffer[]} tokens in text order
 * @property {(Buffer | undefined)[]} values of the columns it selects; undefined = not looked at
 */

/** Client encodings and the decoder that knows their characters. @type {Readonly<Record<string, string>>} */
const DECODERS = {
  UTF8: 'utf-8',
  LATIN1: 'latin1',
  SJIS: 'shift_jis',
  SHIFT_JIS_2004: 'shift_jis',
  BIG5: 'big5',
  GBK: 'gbk',
  GB18030: 'gb18030',
  UHC: 'euc-kr',
};
export const ENCODINGS = Object.keys(DECODERS);

/** Throws for bytes that are no text. @param {string} encoding */
export function decoderOf(encoding) {
  return new TextDecoder(DECODERS[encoding], { fatal: true });
}

/** Trail bytes that mean something to a scanner, where they are no trail bytes. */
const SPECIAL = new Set(Buffer.from('\\[]^{|}~@`_'));
/** @type {Map<string, { special: Buffer[], any: Buffer[] }>} */
const characters = new Map();

/** Characters of two bytes. @param {string} encoding */
function charactersOf(encoding) {
  let found = characters.get(encoding);
  if (found !== undefined) return found;
  found = { special: [], any: [] };
  if (encoding === 'UTF8') found.any.push(...['é', 'ß', '漢', 'ソ', '😀', '\u00a0', '’'].map((c) => Buffer.from(c)));
  else if (encoding === 'LATIN1') for (let byte = 0xa1; byte < 0x100; byte++) found.any.push(Buffer.from([byte]));
  else {
    const decoder = decoderOf(encoding);
    for (let lead = 0x81; lead < 0xff; lead++) {
      for (let trail = 0x40; trail < 0xff; trail++) {
        const bytes = Buffer.from([lead, trail]);
        if (isOneCharacter(decoder, bytes) && !isAscii(encoding, bytes))
          found[SPECIAL.has(trail) ? 'special' : 'any'].push(bytes);
      }
    }
  }
  characters.set(encoding, found);
  return found;
}

/** Two characters are ASCII to a server in UTF8. @param {string} encoding @param {Buffer} bytes */
function isAscii(encoding, bytes) {
  return encoding === 'SHIFT_JIS_2004' && ['815f', '81b0'].includes(bytes.toString('hex'));
}

/** @param {InstanceType<typeof TextDecoder>} decoder @param {Buffer} bytes */
function isOneCharacter(decoder, bytes) {
  try {
    const text = decoder.decode(bytes);
    // Of private characters the servers know others.
    return text.length === 1 && text > '\u00ff' && (text < '\ue000' || text > '\uf8ff');
  } catch {
    return false;
  }
}

/** A character that is not ASCII. @param {Random} random @param {string} encoding */
function character(random, encoding) {
  const { special, any } = charactersOf(encoding);
  return random.pick(special.length > 0 && !random.oneIn(3) ? special : any);
}

/**
 * Pieces of a value. Each is one Buffer: a quote or a backslash alone is escaped.
 * @param {Random} random
 * @param {string} encoding
 */
function unitsOf(random, encoding) {
  const units = [];
  for (let left = random.below(7); left > 0; left--) {
    units.push(
      random.oneIn(3)
        ? character(random, encoding)
        : Buffer.from(
            random.pick([
              "'",
              '\\',
              "'",
              '\\',
              '"',
              '$',
              '$$',
              '/*',
              '*/',
              '--',
              '\n',
              ' ',
              ',',
              ';',
              'E',
              'b',
              '%',
              '?',
            ]),
          ),
    );
    if (random.oneIn(3)) units.push(Buffer.from(CANARY));
  }
  units.push(Buffer.from(CANARY));
  return units;
}

const QUOTE = Buffer.from("'");
const BACKSLASH = Buffer.from('\\');

/** @param {Random} random @param {Buffer} unit @param {StringForm} form */
function escaped(random, unit, { backslash }) {
  if (unit.equals(QUOTE)) return Buffer.from(backslash && random.oneIn(2) ? "\\'" : "''");
  if (!backslash) return unit;
  if (unit.equals(BACKSLASH)) return Buffer.from('\\\\');
  // An escape of any other byte is one in the server's encoding.
  if (unit.length !== 1 || unit[0] >= 0x80 || !random.oneIn(4)) return unit;
  const [byte] = unit;
  return Buffer.from(
    random.pick([
      `\\x${byte.toString(16).padStart(2, '0')}`,
      `\\${byte.toString(8).padStart(3, '0')}`,
      `\\u${byte.toString(16).padStart(4, '0')}`,
    ]),
  );
}

/** What sets the parts of one string apart. @param {Random} random @param {StringForm} form */
function partGap(random, { encoding, comments }) {
  if (!comments) return Buffer.from(random.pick(['\n', '\r', ' \n\t', '\r\n', '\f\n\f']));
  const before = random.pick(['', ' ', '\t', `-- it's ${CANARY}`, ` \f-- '`, '-- \\']);
  const after = random.pick(['', ' ', '\n', '\t\r', `-- ${CANARY}' \n`, "--\r --'\n ", '\f\n']);
  const odd = before.startsWith('-') && random.oneIn(3) ? character(random, encoding) : Buffer.alloc(0);
  return Buffer.concat([Buffer.from(before), odd, Buffer.from(random.pick(['\n', '\r', '\r\n'])), Buffer.from(after)]);
}

/**
 * A string between quotes, in as many parts as it takes.
 * @param {Random} random
 * @param {string} prefix
 * @param {Buffer[]} units
 * @param {StringForm} form
 */
function quoted(random, prefix, units, form) {
  /** @type {Buffer[]} */
  const parts = [Buffer.from(`${prefix}'`)];
  for (const unit of units) {
    if (random.oneIn(6)) parts.push(QUOTE, partGap(random, form), QUOTE);
    parts.push(escaped(random, unit, form));
  }
  parts.push(QUOTE);
  return Buffer.concat(parts);
}

/**
 * @param {Random} random
 * @param {Settings} settings
 * @returns {{ tokens: Buffer[], value: Buffer | undefined, isBits: boolean }}
 */
function literal(random, settings) {
  const { backslashEscapes, encoding, partComments: comments = true } = settings;
  const units = unitsOf(random, encoding);
  const value = Buffer.concat(units);
  const plain = { backslash: backslashEscapes, encoding, comments };
  const form = random.below(backslashEscapes ? 8 : 9);
  switch (form) {
    case 0:
    case 1:
      return { tokens: [quoted(random, '', units, plain)], value, isBits: false };
    case 2:
    case 3:
    case 4: {
      const text = quoted(random, random.pick(['E', 'e']), units, { backslash: true, encoding, comments });
      return { tokens: [text], value, isBits: false };
    }
    case 5:
      return { tokens: [quoted(random, random.pick(['N', 'n']), units, plain)], value, isBits: false };
    case 6: {
      const bits = Array.from({ length: random.below(4) }, () => Buffer.from(random.pick(['0', '1'])));
      const prefix = random.pick(['B', 'b', 'X', 'x']);
      return {
        tokens: [quoted(random, prefix, bits, { backslash: false, encoding, comments })],
        value: undefined,
        isBits: true,
      };
    }
    case 7: {
      const inTag = random.oneIn(2) ? character(random, encoding) : Buffer.from(random.pick(['', 'a', '_1']));
      const tag = Buffer.concat([Buffer.from('$'), inTag, Buffer.from('$')]);
      // Nothing of a value ends such a string, unless the tag is $$.
      const body = inTag.length === 0 ? units.filter((unit) => !unit.includes('$')) : units;
      const kept = Buffer.concat(body);
      if (kept.at(-1) === 0x24 || kept.includes(tag)) return literal(random, settings);
      return { tokens: [Buffer.concat([tag, kept, tag])], value: kept, isBits: false };
    }
    default: {
      const doubled = units.map((unit) => (unit.equals(BACKSLASH) ? Buffer.from('\\\\') : unit));
      const text = quoted(random, random.pick(['U&', 'u&']), doubled, { backslash: false, encoding, comments });
      return { tokens: [text], value, isBits: false };
    }
  }
}

/** White space and comments between tokens. @param {Random} random @param {string} encoding */
function gap(random, encoding) {
  if (random.oneIn(2)) return Buffer.from(random.pick([' ', '\n', ' \n ', '\t']));
  const inside = random.oneIn(2) ? character(random, encoding) : Buffer.from("'");
  return random.oneIn(2)
    ? Buffer.concat([Buffer.from(` /* ${CANARY} /* "$$' */`), inside, Buffer.from(' */ ')])
    : Buffer.concat([Buffer.from(` -- ${CANARY} ' "`), inside, Buffer.from('\n')]);
}

/**
 * A SELECT of literals that the server answers with their values, in hexadecimal digits of UTF-8.
 * @param {Random} random @param {Settings} settings
 * @returns {MadeQuery}
 */
export function makeQuery(random, settings) {
  const { encoding } = settings;
  /** @type {Buffer[]} */
  const parts = [];
  /** @type {Buffer[]} */
  const tokens = [];
  /** @type {(Buffer | undefined)[]} */
  const values = [];
  const put = (/** @type {(string | Buffer)[]} */ ...words) => {
    for (const word of words) {
      const token = typeof word === 'string' ? Buffer.from(word) : word;
      parts.push(token, random.oneIn(4) ? gap(random, encoding) : Buffer.from(' '));
      tokens.push(token);
    }
  };
  put('select');
  for (let left = 1 + random.below(4); left > 0; left--) {
    const one = literal(random, settings);
    if (one.isBits) put('length', '(', ...one.tokens, ')');
    else put('encode', '(', 'convert_to', '(', ...one.tokens, ',', "'UTF8'", ')', ',', "'hex'", ')');
    values.push(one.value);
    if (random.oneIn(3)) {
      const name = Buffer.concat([Buffer.from('a'), character(random, encoding)]);
      put('as', random.oneIn(2) ? name : Buffer.concat([Buffer.from('"'), name, Buffer.from('""b"')]));
    }
    if (left > 1) put(',');
  }
  return { bytes: Buffer.concat(parts), tokens, values };
}

const PIECES = [
  ...["'", "''", '"', '$', '$$', '$a$', '$1', '/*', '*/', '--', '\n', ' ', '\t', '\r', '\\', "\\'", "E'", "e'", "U&'"],
  ...['U&"', "N'", "B'", "x'", '1', '0x1f', '1.5', '.5', '1e-5', '1_000', '..', '.', ':', '::', ':=', '=>', '<>', '<'],
  ...[
    '>',
    '=',
    '-',
    '+',
    '*',
    '/',
    '@',
    '#',
    '&',
    '|',
    '?',
    '!',
    '%',
    '^',
    '~',
    '`',
    '(',
    ')',
    '[',
    ']',
    ',',
    ';',
    'a',
  ],
  ...['select', 'E', 'N', 'é', 'b1', '_c', 'a$b', "'a'", "E'b\\'c'", "'\n'", "' '", 'uescape', '{', '}', '漢', '’'],
];

/** Any pieces in any order, UTF-8. @param {Random} random */
function makeSoup(random) {
  let text = '';
  for (let left = random.below(16); left > 0; left--) text += random.pick(PIECES);
  return Buffer.from(text);
}

/** UTF-8: a query, a query that was cut, or a soup. @param {Random} random @returns {Buffer} */
export function textForScan(random) {
  if (random.oneIn(2)) return makeSoup(random);
  const { bytes } = makeQuery(random, { backslashEscapes: false, encoding: 'UTF8', partComments: false });
  const text = bytes.toString();
  return random.oneIn(3) ? Buffer.from(text.slice(0, random.below(text.length))) : bytes;
}
