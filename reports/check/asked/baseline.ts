// Baselines: what ran once, as a plain file whose changes a review reads line by line.
// Invariant: lines are sorted and hold no count and no time, so that two runs of the same code make the same file;
// a line that is not understood is refused by its number.
// Not here: what is new against it (reports/check/no-new.ts), reading and writing files (cli/).

import { UsageError } from '../../../config/values/errors.js';
import type { PoolFacts, StatementFacts } from '../../../facts/answers.js';
import type { FindingFacts } from '../../../facts/finding.js';
import { HANDWRITTEN, HIDDEN_SOURCES } from '../../../facts/verdict.js';
import { shortSql } from '../../../facts/words/short-sql.js';

export interface Baseline {
  /** Fingerprint and source of each statement (statementKey), handwritten ones apart. */
  readonly statements: ReadonlySet<string>;
  readonly handwritten: ReadonlySet<string>;
  /** findingKey of each. */
  readonly findings: ReadonlySet<string>;
  readonly routes: ReadonlySet<string>;
  readonly jobs: ReadonlySet<string>;
  readonly commands: ReadonlySet<string>;
  readonly pools: ReadonlySet<string>;
}

export interface BaselineFacts {
  readonly statements: readonly StatementFacts[];
  readonly findings: readonly FindingFacts[];
  readonly visited: Readonly<Record<'route' | 'job' | 'command', ReadonlySet<string>>>;
  readonly pools: readonly PoolFacts[];
  /** The run of one command. */
  readonly isRun: boolean;
}

const HEAD = '# pgwitness baseline 1';
const ABOUT = '# What ran, one line each; sorted. Written by --save of pgwitness exec and pgwitness check.';
const TEXT_CHARACTERS_MAX = 160;
/** What a test run or a deploy sends by itself: it says nothing of the application's queries. */
const LEFT_OUT: ReadonlySet<string> = new Set(['migration', 'introspection', 'internal', 'reflection']);

export function statementKey({ fingerprint, source }: { fingerprint: string; source: string }): string {
  return `${fingerprint} ${source}`;
}

/**
 * Without pools: parallel workers of a test run have databases, and so pools, of their own. What is of no statement is
 * known by its route, else by its pool.
 */
export function findingKey({ kind, statements, routes, pools }: FindingFacts): string {
  const of = [...new Set(statements.map(({ fingerprint }) => fingerprint))].join(',');
  if (of === '') return `${kind} - ${lineOf(routes[0] ?? '') || poolLine(pools[0] ?? '')}`;
  return `${kind} ${of} ${lineOf(routes[0] ?? '')}`;
}

export function isHandwritten({ source, byConstruct }: Pick<StatementFacts, 'source' | 'byConstruct'>): boolean {
  const isByHand = (construct: string): boolean => HANDWRITTEN.constructs.some((one) => one === construct);
  return HANDWRITTEN.sources.some((one) => one === source) || [...byConstruct.keys()].some(isByHand);
}

/** A statement of the application: no BEGIN, no tool, no migration. */
export function isOfApplication({ source, byConstruct }: Pick<StatementFacts, 'source' | 'byConstruct'>): boolean {
  if (HIDDEN_SOURCES.includes(source)) return false;
  return byConstruct.size === 0 || [...byConstruct.keys()].some((construct) => !LEFT_OUT.has(construct));
}

/** In the run of a command these tell of a busy machine, not of the code. */
const OF_TIME: ReadonlySet<string> = new Set([
  'idle-in-transaction',
  'long-transaction',
  'slower-than-itself',
  'pool-overheld',
]);

/** A finding that is told of: proven, not accepted, seen often enough; in the run of a command once is enough. */
export function isProven({ kind, confidence, state }: FindingFacts, isRun: boolean): boolean {
  if (confidence !== 'strong' || state === 'closed' || state === 'accepted') return false;
  return isRun ? !OF_TIME.has(kind) : state !== 'candidate';
}

/** The name of a pool, with digits folded: workers of a test run number their databases. */
function poolLine(name: string): string {
  return lineOf(name.replace(/[0-9]+/g, '#'));
}

/** The text of the file. */
export function writeBaseline({ statements, findings, visited, pools, isRun }: BaselineFacts): string {
  const lines = new Set<string>();
  for (const facts of statements) {
    if (!isOfApplication(facts)) continue;
    const constructs =
      [...facts.byConstruct.keys()]
        .filter((construct) => construct !== '')
        .sort()
        .join('+') || '-';
    const text = [facts.query, ...facts.variants].filter((query) => query !== '').sort()[0] ?? '';
    const hand = isHandwritten(facts) ? 'handwritten' : 'statement';
    lines.add(`${hand} ${facts.source} ${constructs} ${facts.fingerprint} ${cut(lineOf(shortSql(text)))}`);
  }
  for (const finding of findings) if (isProven(finding, isRun)) lines.add(`finding ${findingKey(finding)}`.trimEnd());
  for (const kind of ['route', 'job', 'command'] as const) {
    for (const name of visited[kind]) lines.add(`${kind} ${lineOf(name)}`);
  }
  for (const { name, executions } of pools) if (executions > 0) lines.add(`pool ${poolLine(name)}`);
  return `${[HEAD, ABOUT, ...[...lines].sort()].join('\n')}\n`;
}

/** `file` names the text in errors. Throws UsageError. */
export function readBaseline(text: string, file: string): Baseline {
  const [head, ...lines] = text.split('\n');
  if (head.trimEnd() !== HEAD) {
    const hint = 'make one with pgwitness exec --save FILE or pgwitness check --save FILE';
    throw new UsageError('this is not a baseline of this version', { where: `${file}:1`, hint });
  }
  const sets = {
    statement: new Set<string>(),
    handwritten: new Set<string>(),
    finding: new Set<string>(),
    route: new Set<string>(),
    job: new Set<string>(),
    command: new Set<string>(),
    pool: new Set<string>(),
  };
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, kind, rest] = /^([a-z]+) (.+)$/.exec(line.trimEnd()) ?? [];
    const set = Object.hasOwn(sets, kind ?? '') ? sets[kind as keyof typeof sets] : undefined;
    const value = set === undefined ? undefined : keyOfLine(kind, rest);
    if (set === undefined || value === undefined) {
      const hint = 'take the line out, or write the file anew with --save';
      throw new UsageError(`"${line.slice(0, 60)}" is not a line of a baseline`, {
        where: `${file}:${index + 2}`,
        hint,
      });
    }
    set.add(value);
  }
  const { statement, handwritten, finding, route, job, command, pool } = sets;
  return {
    statements: new Set([...statement, ...handwritten]),
    handwritten,
    findings: finding,
    routes: route,
    jobs: job,
    commands: command,
    pools: pool,
  };
}

function keyOfLine(kind: string, rest: string): string | undefined {
  if (kind !== 'statement' && kind !== 'handwritten') {
    // A finding of untagged work has no route, and its line no third word.
    return kind === 'finding' && !/^\S+ \S+ /.test(rest) ? `${rest} ` : rest;
  }
  const [, source, fingerprint] = /^(\S+) \S+ ([0-9a-z]{16})(?: |$)/.exec(rest) ?? [];
  return source === undefined ? undefined : statementKey({ fingerprint, source });
}

/** On one line; control characters cannot make another one. */
export function lineOf(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\s]+/gu, ' ').trim();
}

function cut(text: string): string {
  return text.length <= TEXT_CHARACTERS_MAX ? text : `${text.slice(0, TEXT_CHARACTERS_MAX - 1)}…`;
}
