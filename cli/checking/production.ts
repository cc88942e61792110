// Reads what production ran, and finds for each statement who sent it, as `attribute` does.
// Invariant: a verdict is sure only where the text or its session makes it certain or strong.
// Not here: the forms of files (cli/files/production-file.ts), judging (reports/check/production.ts).

import { readFileSync, statSync } from 'node:fs';
import { judgeLines } from '../../analyzer/attribution/attribute-lines.js';
import { UserRules } from '../../analyzer/attribution/rules/rule-user.js';
import { networkFinder } from '../../analyzer/sessions/networks.js';
import { loadLineReader } from '../../analyzer/texts/line-reader.js';
import { loadConfig } from '../../config/config.js';
import { RuntimeError, UsageError } from '../../config/values/errors.js';
import type { PoolFacts, StatementFacts } from '../../facts/answers.js';
import { executionsOf } from '../../reports/check/doubts.js';
import type { ProductionFacts, ProductionStatement } from '../../reports/check/facts.js';
import { isSurelyOf } from '../../reports/check/production.js';
import type { TimeRange } from '../../reports/questions/grammar.js';
import { type ProductionFile, type ProductionRow, readProductionFile } from '../files/production-file.js';
import { openPlaces } from '../reading/place.js';
import { ranIn, statementsOf } from './scoped.js';

export async function readProduction(
  names: readonly string[],
  { range, config }: { range: TimeRange; config: string },
): Promise<ProductionFacts[]> {
  const read: ProductionFacts[] = [];
  for (const name of names) {
    read.push(isDirectory(name) ? await ofStore(name, range) : await ofFile(name, config));
  }
  return read;
}

function isDirectory(name: string): boolean {
  try {
    return statSync(name).isDirectory();
  } catch (error) {
    throw unreadable(name, error);
  }
}

function unreadable(name: string, error: unknown): RuntimeError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  return new RuntimeError(`it cannot be read (${code})`, {
    where: name,
    hint: 'give a file or a data directory with --production',
    cause: error,
  });
}

/** A data directory of production, in the same window. */
async function ofStore(name: string, range: TimeRange): Promise<ProductionFacts> {
  const place = await openPlaces({ directories: [name], urls: [] });
  try {
    const report = await statementsOf(place, { range, filter: {}, hidden: [] });
    const watched = await place.watched(range);
    const { pools } = await place.pools({});
    const statements = report.statements.filter((one) => ranIn(one, range));
    const { sinceMs, untilMs } = range;
    return {
      name,
      kind: 'store',
      sinceMs: watched.recorded?.sinceMs ?? null,
      untilMs: watched.recorded?.untilMs ?? null,
      statements: statements.flatMap((one) => ofStored(one, pools)),
      store: { sinceMs, untilMs, window: report.window, watched, statements, pools },
      dropped: null,
      lost: null,
    };
  } finally {
    place.close();
  }
}

/** One for each way in which it was written. */
function ofStored(facts: StatementFacts, pools: readonly PoolFacts[]): ProductionStatement[] {
  const { fingerprint, query, summary, source, byConstruct } = facts;
  const own = pools.filter((pool) => facts.pools.has(pool.id)).flatMap((pool) => [pool.id, pool.name]);
  const ways = byConstruct.size === 0 ? [['', executionsOf(facts)] as const] : [...byConstruct];
  return ways.map(([construct, executions]) => ({
    ...{ fingerprint, query, summary, source, construct, executions },
    pools: own,
    isSure: isSurelyOf(facts),
    isOneOfSeveral: false,
  }));
}

async function ofFile(name: string, config: string): Promise<ProductionFacts> {
  let text: string;
  try {
    text = readFileSync(name, 'utf8');
  } catch (error) {
    throw unreadable(name, error);
  }
  const file = readProductionFile(text, name);
  const { kind, sinceMs, untilMs, dropped, lost } = file;
  const statements = await statementsIn(file, { name, config });
  return { name, kind, sinceMs, untilMs, dropped, lost, statements };
}

async function statementsIn(
  { lines, rows }: ProductionFile,
  { name, config: file }: { name: string; config: string },
): Promise<ProductionStatement[]> {
  const known = rows.flatMap(({ sql, executions, known: one }) =>
    one === undefined
      ? []
      : // Its construct is that of most calls: the others are not told.
        [
          {
            ...{ ...one, construct: '', query: sql, executions, isOneOfSeveral: false },
            isSure: isSure(one.confidence) && one.source !== 'unknown',
          },
        ],
  );
  const told = rows.filter((row) => row.known === undefined);
  const { config } = loadConfig({ env: {}, file: file === '' ? undefined : file });
  const rules = new UserRules(config.rules);
  const judged = judgeLines(lines.length > 0 ? lines : told.map(asLine), {
    read: await loadLineReader(rules),
    rules,
    networkOf: networkFinder(config.clientNetworks),
  });
  const found = judged.flatMap((one, at): ProductionStatement[] => {
    if ('error' in one)
      throw new UsageError(`a line is not understood (${one.error.message})`, { where: `${name}:${one.error.line}` });
    return one.judged.map(({ statement: { fingerprint, query, summary }, verdict }) => ({
      fingerprint,
      query,
      summary,
      source: verdict?.source ?? 'unknown',
      construct: verdict?.construct ?? '',
      isSure: isSure(verdict?.confidence),
      isOneOfSeveral: lines.length === 0,
      executions: lines.length > 0 ? 1 : told[at].executions,
    }));
  });
  return together([...known, ...found]);
}

/** Each in a session of its own: nothing says which of them came together. */
function asLine({ sql, user, database }: ProductionRow, at: number): string {
  const startup = { ...(user && { user }), ...(database && { database }) };
  return JSON.stringify({ session: at, startup, sql });
}

/** One row per statement and verdict. */
function together(statements: readonly ProductionStatement[]): ProductionStatement[] {
  const rows = new Map<string, ProductionStatement>();
  for (const one of statements) {
    if (one.executions === 0) continue;
    const key = [one.fingerprint, one.source, one.construct, one.isSure].join('\n');
    const executions = (rows.get(key)?.executions ?? 0) + one.executions;
    rows.set(key, { ...one, executions });
  }
  return [...rows.values()];
}

function isSure(confidence: string | undefined): boolean {
  return confidence === 'certain' || confidence === 'strong';
}
