// Writes to the terminal: width, colours, safe text, in the form asked for.
// Invariant: escape sequences are written only to a terminal. Not here: tables (table.ts), numbers (format.ts).

import { visible } from '../../config/values/errors.js';
import { type ColourSlot, colourSlotOf } from '../../facts/words/source-colours.js';
import { csvOf } from './csv.js';
import { formNow } from './form.js';
import { markdownOf } from './markdown.js';

export interface Screen {
  /** Columns a table may take. */
  readonly width: number;
  readonly colours: boolean;
}

/** Without a terminal the width is COLUMNS, else 160: there is room for a query, and files stay readable. */
export function screenOf(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Screen {
  const columns = /^[0-9]{1,5}$/.test(env.COLUMNS ?? '') ? Number(env.COLUMNS) : undefined;
  const colours = stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  // Some terminals report a width of 0.
  return { width: Math.max(20, (stream.isTTY ? stream.columns || columns || 80 : columns) ?? 160), colours };
}

const STYLES = { bold: [1, 22], dim: [2, 22], red: [31, 39], yellow: [33, 39] } as const;

/** Of the terminal's 256 colours those nearest to the page's. */
const SOURCE_COLOURS: Readonly<Record<ColourSlot, number>> = {
  'django-orm': 69,
  sqlalchemy: 178,
  raw: 167,
  unknown: 246,
  housekeeping: 244,
  tool: 144,
  'other-0': 36,
  'other-1': 134,
  'other-2': 169,
  'other-3': 106,
};

export function styled(text: string, options: { style: keyof typeof STYLES; screen: Screen }): string {
  if (!options.screen.colours || text === '') return text;
  const [on, off] = STYLES[options.style];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

/** A name or text in the colour of a source. */
export function coloured(text: string, options: { source: string; screen: Screen }): string {
  if (!options.screen.colours) return text;
  return `\u001b[38;5;${SOURCE_COLOURS[colourSlotOf(options.source)]}m${text}\u001b[39m`;
}

/** Text from traffic on one line: white space runs become one space, control characters visible. */
export function oneLine(text: string): string {
  return visible(text.replace(/[ \t\r\n]+/g, ' ').trim());
}

/** Text from traffic on several lines: newlines stay, tabs become spaces, other control characters visible. */
export function severalLines(text: string, indent: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => indent + visible(line.replaceAll('\t', '  ')))
    .join('\n');
}

/** Breaks between words, so that no line but a single long word is wider; lines after the first begin with `indent`. */
export function wrapped(text: string, { width, indent = '' }: { width: number; indent?: string }): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<=\S) (?=\S)/)) {
    if (line === '' && lines.length === 0) line = word;
    else if ([...line, ...word].length < width) line += ` ${word}`;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line];
}

export function print(text: string): void {
  write(formNow() === 'markdown' ? markdownOf(text) : text);
}

function write(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** As JSON; as CSV where that is asked for. */
export function printJson(value: unknown): void {
  write(formNow() === 'csv' ? csvOf(value) : JSON.stringify(value, null, 2));
}
