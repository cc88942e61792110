// The spelling of questions: query parameters of the API and flags of the command line in one grammar.
// Invariant: an unknown, doubled or unreadable parameter is refused by name; reading what was written asks for the same again.
// Not here: answering (dashboards/http/api.ts, cli/reading/place.ts), flags as such (cli).

import { UsageError } from '../../config/values/errors.js';
import { nearestName } from '../../config/values/nearest.js';
import { parseMoment, parseWhole } from '../../config/values/units.js';
import type { StatementFilter } from '../../facts/answers.js';
import { STATEMENT_SORTS, type StatementSort } from '../../facts/statement-order.js';

export interface TimeRange {
  /** Unix ms; undefined = as far as there is something. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

export interface StatementsQuery {
  readonly range: TimeRange;
  readonly filter: StatementFilter;
  readonly sort: StatementSort;
  /** 0 = no limit. */
  readonly limit: number;
  /** Least mean service time in ms; 0 = any. */
  readonly minMs: number;
  readonly form: ReportForm;
  /** Sources that are summed up and not listed. */
  readonly hidden: readonly string[];
}

const FORMS = ['json', 'mergeable', 'brief'] as const;
/**
 * `mergeable`: histograms instead of percentiles, to be merged with other sidecars' reports (reports/forms/statements-codec.ts).
 * `brief`: as json, with long texts cut, for lists.
 */
export type ReportForm = (typeof FORMS)[number];

const RANGE_NAMES = ['since', 'until'] as const;
const STATEMENT_NAMES = [
  ...RANGE_NAMES,
  'source',
  'sort',
  'limit',
  'handwritten',
  'pool',
  'tag',
  'construct',
  'min-ms',
  'fingerprint',
  'hide',
  'fold',
  'form',
] as const;

export interface ParameterContext {
  readonly nowMs: number;
  /** How errors name a parameter. */
  readonly place?: (name: string) => string;
}

/** Throws UsageError naming the parameter. */
export function readStatementsQuery(parameters: URLSearchParams, context: ParameterContext): StatementsQuery {
  const read = new Reading(parameters, STATEMENT_NAMES, context);
  const sort = read.oneOf('sort', STATEMENT_SORTS) ?? 'total';
  const form = read.oneOf('form', FORMS) ?? 'json';
  const limit = read.text('limit');
  const pool = read.text('pool');
  const tags = read.tags();
  if (pool !== undefined && tags !== undefined) {
    throw new UsageError('tags are not kept by pool', {
      where: `${read.place('pool')}, ${read.place('tag')}`,
      hint: 'ask for a pool or for tags',
    });
  }
  const hidden = read.text('hide') ?? read.text('fold');
  if (read.text('hide') !== undefined && read.text('fold') !== undefined) {
    throw new UsageError('given twice', { where: read.place('hide'), hint: 'fold is its old name: leave it out' });
  }
  return {
    range: rangeOf(read, context),
    filter: {
      source: read.text('source'),
      handwritten: read.flag('handwritten'),
      construct: read.text('construct'),
      pool,
      tags,
      prefix: read.prefix('fingerprint'),
    },
    sort,
    limit: limit === undefined ? 20 : parseWhole(limit, { min: 0, max: 1_000_000, where: read.place('limit') }),
    minMs: read.milliseconds('min-ms'),
    hidden: hidden?.split(',') ?? [],
    form,
  };
}

/** For what takes a window and nothing else. Throws UsageError naming the parameter. */
export function readTimeRange(parameters: URLSearchParams, context: ParameterContext): TimeRange {
  return rangeOf(new Reading(parameters, RANGE_NAMES, context), context);
}

export interface StatementQuery {
  readonly range: TimeRange;
  readonly form: ReportForm;
}

/** For a single statement. Throws UsageError naming the parameter. */
export function readStatementQuery(parameters: URLSearchParams, context: ParameterContext): StatementQuery {
  const read = new Reading(parameters, [...RANGE_NAMES, 'form'], context);
  return { range: rangeOf(read, context), form: read.oneOf('form', FORMS) ?? 'json' };
}

export interface TimelineQuery {
  readonly range: TimeRange;
  readonly source?: string;
  readonly form: ReportForm;
}

/** For a statement over time. Throws UsageError naming the parameter. */
export function readTimelineQuery(parameters: URLSearchParams, context: ParameterContext): TimelineQuery {
  const read = new Reading(parameters, [...RANGE_NAMES, 'source', 'form'], context);
  return { range: rangeOf(read, context), source: read.text('source'), form: read.oneOf('form', FORMS) ?? 'json' };
}

/** The sequence to tail from. Throws UsageError naming the parameter. */
export function readTailQuery(parameters: URLSearchParams, context: ParameterContext): number {
  const read = new Reading(parameters, ['after'], context);
  const after = read.text('after');
  return after === undefined
    ? 0
    : parseWhole(after, { min: 0, max: Number.MAX_SAFE_INTEGER, where: read.place('after') });
}

export function writeTimeRange(range: TimeRange): URLSearchParams {
  const parameters = new URLSearchParams();
  if (range.sinceMs !== undefined) parameters.set('since', new Date(range.sinceMs).toISOString());
  if (range.untilMs !== undefined) parameters.set('until', new Date(range.untilMs).toISOString());
  return parameters;
}

export function writeStatementQuery({ range, form }: StatementQuery): URLSearchParams {
  const parameters = writeTimeRange(range);
  if (form !== 'json') parameters.set('form', form);
  return parameters;
}

export function writeStatementsQuery(query: StatementsQuery): URLSearchParams {
  const { filter } = query;
  const parameters = writeStatementQuery(query);
  for (const name of ['source', 'construct', 'pool'] as const) {
    const value = filter[name];
    if (value !== undefined) parameters.set(name, value);
  }
  if (filter.handwritten) parameters.set('handwritten', 'true');
  if (filter.prefix !== undefined) parameters.set('fingerprint', filter.prefix);
  if (query.hidden.length > 0) parameters.set('hide', query.hidden.join(','));
  for (const [key, value] of filter.tags ?? []) parameters.append('tag', `${key}=${value}`);
  if (query.minMs > 0) parameters.set('min-ms', String(query.minMs));
  parameters.set('sort', query.sort);
  parameters.set('limit', String(query.limit));
  return parameters;
}

class Reading {
  readonly place: (name: string) => string;
  readonly #parameters: URLSearchParams;

  constructor(parameters: URLSearchParams, names: readonly string[], context: ParameterContext) {
    this.#parameters = parameters;
    this.place = context.place ?? ((name) => `parameter "${name}"`);
    for (const name of new Set(parameters.keys())) {
      if (!names.includes(name)) {
        const near = nearestName(name, names);
        const hint = near === undefined ? `known: ${names.join(', ')}` : `did you mean ${near}?`;
        throw new UsageError('unknown parameter', { where: this.place(name), hint });
      }
      if (name !== 'tag' && parameters.getAll(name).length > 1) {
        throw new UsageError('given twice', { where: this.place(name), hint: 'give it once' });
      }
    }
  }

  text(name: string): string | undefined {
    const value = this.#parameters.get(name);
    if (value === '')
      throw new UsageError('nothing is given', { where: this.place(name), hint: 'give a value or leave it out' });
    return value ?? undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.#parameters.get(name);
    if (value === null) return undefined;
    if (value === '' || value === 'true' || value === '1') return true;
    if (value === 'false' || value === '0') return undefined;
    throw new UsageError(`"${value}" is neither true nor false`, { where: this.place(name) });
  }

  oneOf<T extends string>(name: string, known: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const found = known.find((candidate) => candidate === value);
    if (found !== undefined) return found;
    throw new UsageError(`"${value}" is not known`, {
      where: this.place(name),
      hint: `use one of ${known.join(', ')}`,
    });
  }

  tags(): ReadonlyArray<readonly [string, string]> | undefined {
    const given = this.#parameters.getAll('tag');
    if (given.length === 0) return undefined;
    return given.map((pair) => {
      const at = pair.indexOf('=');
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)] as const;
      throw new UsageError(`"${pair}" is not a tag`, {
        where: this.place('tag'),
        hint: 'write key=value, for instance route=/books/',
      });
    });
  }

  prefix(name: string): string | undefined {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined || /^[xt]?[0-9a-f]{0,16}$/.test(value)) return value;
    throw new UsageError(`"${value}" is not the beginning of a fingerprint`, {
      where: this.place(name),
      hint: 'give up to 16 of its characters',
    });
  }

  milliseconds(name: string): number {
    const value = this.text(name);
    if (value === undefined) return 0;
    if (/^[0-9]{1,9}(?:\.[0-9]{1,6})?$/.test(value)) return Number(value);
    throw new UsageError(`"${value}" is not a number of milliseconds`, {
      where: this.place(name),
      hint: 'for instance 0.5 or 20',
    });
  }
}

function rangeOf(read: Reading, context: ParameterContext): TimeRange {
  const moment = (name: string): number | undefined => {
    const value = read.text(name);
    return value === undefined ? undefined : parseMoment(value, { nowMs: context.nowMs, where: read.place(name) });
  };
  const sinceMs = moment('since');
  const untilMs = moment('until');
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs) {
    throw new UsageError('the window is empty', { where: read.place('since'), hint: 'since must lie before until' });
  }
  return { sinceMs, untilMs };
}
