// Writes to the terminal: its width, its colours, and text that is safe to print.
// Invariant: escape sequences are written only to a terminal. Not here: tables (table.ts), numbers (format.ts).

import { visible } from '../../config/values/errors.js';

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

export function styled(text: string, options: { style: keyof typeof STYLES; screen: Screen }): string {
  if (!options.screen.colours || text === '') return text;
  const [on, off] = STYLES[options.style];
  return `\u001b[${on}m${text}\u001b[${off}m`;
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

export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}
