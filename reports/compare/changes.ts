// Finds what changed since a moment: statements that are new, slower or gone.
// Invariant: new is what was never seen before; slower has its test (noise); gone is what would have run by
// now at its old rate. Housekeeping and tools are left out.
// Not here: which moment (cli/commands/status.ts), printing.

import type { StatementFacts, StatementsReport } from '../../facts/answers.js';
import { meanNs } from '../../facts/latency.js';
import { keyOf } from '../../facts/statement-facts.js';
import { HIDDEN_SOURCES } from '../../facts/verdict.js';
import { compareStatements } from './noise/compare.js';

export interface Change {
  readonly change: 'new' | 'slower' | 'gone';
  /** Of the side that has it; of slower ones, after. */
  readonly facts: StatementFacts;
  readonly beforeMeanNs: number | undefined;
  /** Mean after divided by mean before; undefined unless slower. */
  readonly factor: number | undefined;
}

/** Executions that would have been seen: with fewer, silence says little. */
const EXPECTED_MIN = 5;

/** New ones first, then slower, then gone; in each the most time first. */
export function changesSince(
  atMs: number,
  { before, after }: { readonly before: StatementsReport; readonly after: StatementsReport },
): Change[] {
  const befores = new Map(before.statements.map((facts) => [keyOf(facts), facts]));
  const afters = new Map(after.statements.map((facts) => [keyOf(facts), facts]));
  const isShown = ({ source }: { source: string }): boolean => !HIDDEN_SOURCES.some((hidden) => hidden === source);
  const none = { beforeMeanNs: undefined, factor: undefined };
  const fresh = after.statements
    .filter((facts) => isShown(facts) && facts.firstSeenMs >= atMs && !befores.has(keyOf(facts)))
    .map((facts): Change => ({ change: 'new', facts, ...none }));
  const slower = compareStatements(before, after)
    .filter((row) => isShown(row) && row.judgement === 'slower' && (row.factor ?? 0) > 1)
    .map(({ key, source, factor }): Change => {
      const name = keyOf({ fingerprint: key, source });
      return { change: 'slower', facts: afters.get(name)!, beforeMeanNs: meanNs(befores.get(name)!), factor };
    });
  const share = lengthOf(after) / Math.max(1, lengthOf(before));
  const gone = before.statements
    .filter(
      (facts) => isShown(facts) && !afters.has(keyOf(facts)) && (facts.calls + facts.errors) * share >= EXPECTED_MIN,
    )
    .map((facts): Change => ({ change: 'gone', facts, beforeMeanNs: meanNs(facts), factor: undefined }));
  return [fresh, slower, gone].flatMap((changes) =>
    changes.sort((a, b) => b.facts.serviceTotalNs - a.facts.serviceTotalNs),
  );
}

function lengthOf({ window }: StatementsReport): number {
  return window.untilMs - window.sinceMs;
}
