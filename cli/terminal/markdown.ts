// Turns printed text into Markdown: tables stay tables, lines stay lines.
// Invariant: text from traffic cannot end a cell or begin markup. Not here: which columns there are (table.ts).

import { visible } from '../../config/values/errors.js';

const CELL_CHARS_MAX = 400;

/** One line. */
export function markdownText(text: string): string {
  return visible(text.replace(/[ \t\r\n]+/g, ' ').trim()).replace(/[\\`*_{}[\]<>|#]/g, '\\$&');
}

export function markdownTable(titles: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cellText).join(' | ')} |`;
  return [line(titles), `|${'---|'.repeat(titles.length)}`, ...rows.map(line)].join('\n');
}

function cellText(cell: string): string {
  return markdownText(cell.length > CELL_CHARS_MAX ? `${cell.slice(0, CELL_CHARS_MAX - 1)}…` : cell);
}

/** Text for the terminal, in which tables are Markdown already. What is laid out in columns is fenced. */
export function markdownOf(text: string): string {
  const blocks: string[][] = [[]];
  for (const line of text.split('\n')) {
    const block = blocks[blocks.length - 1];
    if (line.trim() === '') blocks.push([]);
    else if (block.length > 0 && isTable(line) !== isTable(block[0])) blocks.push([line]);
    else block.push(line);
  }
  return blocks
    .filter((block) => block.length > 0)
    .map(blockOf)
    .join('\n\n');
}

function blockOf(lines: readonly string[]): string {
  if (isTable(lines[0])) return lines.join('\n');
  if (lines.some((line) => /\S? {2}\S/.test(line))) {
    return ['```', ...lines.map((line) => line.replaceAll('```', "'''")), '```'].join('\n');
  }
  return lines.map(markdownText).join('  \n');
}

function isTable(line: string): boolean {
  return line.startsWith('| ') || line.startsWith('|---');
}
