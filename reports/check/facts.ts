// The facts that a check judges, as plain types: of the window, and of each condition.
// Invariant: nothing here is judged yet. Not here: asking (cli/checking/gather.ts), judging (judge.ts).

import type { Catalogue } from '../../audit/catalogue.js';
import type { PoolFacts, StatementFacts, Window } from '../../facts/answers.js';
import type { FindingFacts } from '../../facts/finding.js';
import type { BypassClient } from '../../facts/flush.js';
import type { RouteFacts } from '../../facts/work/routes.js';
import type { WatchedReport } from '../watched/watched.js';
import type { Doubt } from './asked/allowances.js';
import type { Baseline } from './asked/baseline.js';
import type { Condition } from './asked/conditions.js';
import type { Exception } from './asked/exceptions.js';
import type { Sent } from './fits.js';

/** Sessions of the server beside those that pgwitness saw. */
export interface BypassFacts {
  readonly outcome: 'listed' | 'cannot tell';
  readonly reason: string;
  /** The question itself passed pgwitness. */
  readonly leadsThrough: boolean;
  readonly bypassing: readonly BypassClient[];
}

export type VisitedKind = 'route' | 'job' | 'command';
export type Visited = Readonly<Record<VisitedKind, ReadonlySet<string>>>;

export interface ProductionStatement extends Sent {
  /** Certain or strong. */
  readonly isSure: boolean;
  /** pg_stat_statements keeps the first text of a query: other spellings of it are counted with it. */
  readonly isOneOfSeveral: boolean;
  readonly executions: number;
}

/** What a store knows of a window, whatever is asked of it. */
export type StoreFacts = Pick<CheckFacts, 'sinceMs' | 'untilMs' | 'window' | 'watched' | 'statements' | 'pools'>;

export interface ProductionFacts {
  /** File or directory. */
  readonly name: string;
  readonly kind: 'pg_stat_statements' | 'export' | 'log' | 'store';
  /** null = it does not say. */
  readonly sinceMs: number | null;
  readonly untilMs: number | null;
  readonly statements: readonly ProductionStatement[];
  /** Of a data directory: what it says of itself. */
  readonly store?: StoreFacts;
  /** Times that pg_stat_statements dropped entries; null = it does not say. */
  readonly dropped: number | null;
  /** Executions that the sidecars of an export lost; null = it does not say. */
  readonly lost: number | null;
}

/** By fingerprint, what the places that were read ever knew of it. */
export type KnownHere = ReadonlyMap<string, readonly StatementFacts[]>;

export interface CheckFacts {
  /** The start that was asked for; undefined = everything kept. */
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  /** Of this machine: for exceptions that end. A store's time is `watched.askedMs`. */
  readonly nowMs: number;
  /** The buckets that were read. */
  readonly window: Window;
  readonly watched: WatchedReport;
  /** Every statement of the window. */
  readonly statements: readonly StatementFacts[];
  readonly pools: readonly PoolFacts[];
  readonly routes: readonly RouteFacts[];
  /** What had traffic, by tag: single statements of a request may lie in a unit of something else. */
  readonly visited: Visited;
  readonly findings: readonly FindingFacts[];
  /** undefined = nobody looked. */
  readonly bypass: BypassFacts | undefined;
  readonly baseline: Baseline | undefined;
  /** What stands in the code; undefined = nobody looked. */
  readonly code: Catalogue | undefined;
  /** Empty = nothing of it was given. */
  readonly production: readonly ProductionFacts[];
  /** Empty where nothing of production was given. */
  readonly knownHere: KnownHere;
  /** One run of a command, from its start: then everything in the window is new, and findings open at first sight. */
  readonly isRun: boolean;
  readonly exceptions: readonly Exception[];
}

export interface ErrorGroup {
  /** Route; '' = untagged. */
  readonly value: string;
  readonly calls: number;
  readonly errors: number;
}

/** What one condition is about. */
export interface ConditionFacts {
  readonly condition: Condition;
  /** Statements with an execution that fits; what ran last before the window is none of them. */
  readonly fitting: readonly StatementFacts[];
  /** By keyOf: the exception that covers every execution that fits. */
  readonly excused: ReadonlyMap<string, Exception>;
  /** What could be of the condition and cannot be told. */
  readonly doubts: readonly Doubt[];
  /** Of `--max errors`, by route. */
  readonly errorGroups: readonly ErrorGroup[];
}
