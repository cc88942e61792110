// The marks in a key, and the two readings of a key: SQL for the grammar, text for people.
// Invariant: marks are control bytes and no other control byte is in a key, so a key has one reading only.
// A key is bytes (UTF-8 if the client's text was) and travels as a latin1 string: one character per byte.
// Not here: making keys (make-key.ts).

export const Mark = {
  /** Any string literal, and the value of a SET. */
  string: 0x01,
  number: 0x02,
  /** $n */
  parameter: 0x03,
  /** Constants in an IN list or a VALUES row: whatever their kind, their casts and how many there are. */
  listConstant: 0x04,
  /** Name of a savepoint, cursor or prepared statement. */
  name: 0x05,
  /** Name of a server-side cursor of Django's, wherever it stands. */
  djangoCursor: 0x06,
  /** The text went on, but was not kept. Only at the end. */
  truncated: 0x07,
  /** What has no end mark, to the end of the text. */
  unterminated: 0x08,
  /** The same in an ARRAY. */
  arrayConstant: 0x09,
  /** What may be a literal, in a text that the grammar has not read. */
  hidden: 0x0b,
  /** A control byte of the text itself. */
  control: 0x1f,
} as const;

export const LAST_MARK = 0x1f;

/** For libpg-query: each mark becomes a fixed literal of its kind. 1 and not 0, since the grammar refuses float(0). */
const SQL_OF = readings({
  [Mark.string]: "''",
  [Mark.number]: '1',
  [Mark.parameter]: '$1',
  // The tags of an event trigger must be strings, the size in `integer ARRAY[4]` a number; elsewhere either will do.
  [Mark.listConstant]: "''",
  [Mark.arrayConstant]: '1',
  [Mark.name]: '"n"',
  [Mark.djangoCursor]: '"_django_curs"',
  [Mark.truncated]: '',
  // The grammar refuses it, as the server does.
  [Mark.unterminated]: "'",
  [Mark.hidden]: "'",
  [Mark.control]: '_',
});

const SHOWN_OF = readings({
  [Mark.string]: '?',
  [Mark.number]: '?',
  [Mark.parameter]: '?',
  [Mark.listConstant]: '?',
  [Mark.arrayConstant]: '?',
  [Mark.name]: '?',
  [Mark.djangoCursor]: '"_django_curs_?"',
  [Mark.truncated]: ' …',
  [Mark.unterminated]: '?',
  [Mark.hidden]: '?',
  [Mark.control]: '\ufffd',
});

/** Bytes of a shown text before its ` …`. */
const SHOWN_BYTES_MAX = 8192;

/** The key as SQL that the grammar can read. */
export function sqlOfKey(key: string): string {
  return reading(key, SQL_OF);
}

/** The key as people see it: `?` for what is folded, at most SHOWN_BYTES_MAX bytes, cut at a space, then ` …`. */
export function shownOfKey(key: string): string {
  if (key.length <= SHOWN_BYTES_MAX) return reading(key, SHOWN_OF);
  const space = key.lastIndexOf(' ', SHOWN_BYTES_MAX);
  // Without a space near the limit: before a byte that does not continue a UTF-8 sequence.
  let end = SHOWN_BYTES_MAX;
  while (end > 0 && (key.charCodeAt(end) & 0xc0) === 0x80) end--;
  return reading(key.slice(0, space > SHOWN_BYTES_MAX / 2 ? space : end), SHOWN_OF) + ' …';
}

function reading(key: string, of: readonly string[]): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < key.length; at++) {
    const byte = key.charCodeAt(at);
    if (byte > LAST_MARK) continue;
    if (at > from) parts.push(utf8(key.slice(from, at)));
    parts.push(of[byte]);
    from = at + 1;
  }
  parts.push(utf8(key.slice(from)));
  return parts.join('');
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function readings(byMark: Readonly<Record<number, string>>): readonly string[] {
  return Array.from({ length: LAST_MARK + 1 }, (_, byte) => byMark[byte] ?? '');
}
