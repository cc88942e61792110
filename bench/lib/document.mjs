// docs/BENCHMARKS.md, made of sections that different commands write.
// Invariant: a command replaces its own section and nothing else.
// Not here: what a section says (report.mjs, the commands).

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import path from 'node:path';
import { ROOT } from '../../scripts/lib/paths.mjs';

const FILE = path.join(ROOT, 'docs', 'BENCHMARKS.md');
const SECTIONS = ['bench', 'growth', 'flat', 'flat_requests', 'overload', 'soak', 'lexer', 'relays'];
const HEAD = `# What pgwitness costs

Made by the commands of \`bench/\`; each section names its own and says what it ran on. A figure without its reference says little on
another machine: read the ratios to the empty relay (\`bench/empty-relay.mjs\`: two sockets, pause and resume, nothing else).
`;

/** What stands between sections stays. @param {string} name of SECTIONS @param {string} text Markdown */
export function writeSection(name, text) {
  const document = existsSync(FILE) ? readFileSync(FILE, 'utf8') : HEAD;
  const section = `<!-- ${name} -->\n${text.trim()}\n<!-- end ${name} -->\n`;
  writeFileSync(FILE, withSection(document, name, section));
  return FILE;
}

/** In its place, else before the first of those that come after it, else at the end. */
export function withSection(/** @type {string} */ document, /** @type {string} */ name, /** @type {string} */ section) {
  const before = document.indexOf(`<!-- ${name} -->\n`);
  const end = `<!-- end ${name} -->\n`;
  if (before >= 0) {
    const after = document.indexOf(end, before);
    if (after < 0)
      throw new Error(`docs/BENCHMARKS.md: "${name}" has no line "${end.trim()}"; put it behind its section`);
    return document.slice(0, before) + section + document.slice(after + end.length);
  }
  const later = SECTIONS.slice(SECTIONS.indexOf(name) + 1).map((other) => document.indexOf(`<!-- ${other} -->\n`));
  const place = Math.min(...later.filter((at) => at >= 0));
  if (!Number.isFinite(place)) return `${document.trimEnd()}\n\n${section}`;
  return `${document.slice(0, place)}${section}\n${document.slice(place)}`;
}

/** The machine and how busy it is, in one line. */
export function machine() {
  const [cpu] = cpus();
  const load = loadavg().map((value) => value.toFixed(1));
  const memory = Math.round(totalmem() / 2 ** 30);
  return (
    `${cpus().length} cores ${cpu.model.trim()}, ${memory} GiB, Linux ${release()}, Node ${process.version.slice(1)}; ` +
    `load average ${load.join(', ')}`
  );
}

export function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

/**
 * A Markdown table.
 * @param {readonly string[]} head
 * @param {readonly (readonly (string | number)[])[]} rows the first column is text
 */
export function table(head, rows) {
  const line = (/** @type {readonly (string | number)[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}
