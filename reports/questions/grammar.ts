// The spelling of questions: query parameters and command-line flags in one grammar.
// Invariant: reading what was written asks the same question again.
// Not here: reading one parameter (reading.ts), a time or a size (config/values/units.ts), answering
// (dashboards/http/api.ts, cli/reading/place.ts), flags (cli).

import { limits } from '../../config/limits.js';
import { UsageError } from '../../config/values/errors.js';
import { parseMoment } from '../../config/values/units.js';
import type { ExecutionFilter, StatementFilter } from '../../facts/answers.js';
import { STATEMENT_SORTS, type StatementSort } from '../../facts/statement-order.js';
import { type ParameterContext, Reading } from './reading.js';

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
  /** Statements that come before those that are asked for; undefined = none. */
  readonly offset?: number;
  /** Least mean service time in ms; 0 = any. */
  readonly minMs: number;
  readonly form: ReportForm;
  /** Sources that are in the sums but not in the list. */
  readonly hidden: readonly string[];
}

const FORMS = ['json', 'mergeable', 'brief'] as const;
/**
 * `mergeable`: histograms instead of percentiles, to be merged with other sidecars' (forms/statements-codec.ts).
 * `brief`: like json, with long texts cut, for lists.
 */
export type ReportForm = (typeof FORMS)[number];

const RANGE_NAMES = ['since', 'until'] as const;
/** Names of an ExecutionFilter. */
const FILTER_NAMES = ['source', 'handwritten', 'construct', 'pool', 'tag', 'find', 'table'] as const;
const STATEMENT_NAMES = [
  ...RANGE_NAMES,
  ...FILTER_NAMES,
  'sort',
  'limit',
  'offset',
  'min-ms',
  'fingerprint',
  'hide',
  'fold',
  'form',
] as const;

/** Throws UsageError naming the parameter. */
export function readStatementsQuery(parameters: URLSearchParams, context: ParameterContext): StatementsQuery {
  const read = new Reading(parameters, STATEMENT_NAMES, context);
  const sort = read.oneOf('sort', STATEMENT_SORTS) ?? 'total';
  const form = read.oneOf('form', FORMS) ?? 'json';
  const hidden = read.text('hide') ?? read.text('fold');
  if (read.text('hide') !== undefined && read.text('fold') !== undefined) {
    throw new UsageError('given twice', { where: read.place('hide'), hint: 'fold is its old name: leave it out' });
  }
  return {
    range: rangeOf(read, context),
    filter: { ...filterOf(read), prefix: read.prefix('fingerprint') },
    sort,
    limit: read.whole('limit') ?? 20,
    offset: read.whole('offset'),
    minMs: read.milliseconds('min-ms'),
    hidden: hidden?.split(',') ?? [],
    form,
  };
}

/** For questions that take a window and nothing else. Throws UsageError naming the parameter. */
export function readTimeRange(parameters: URLSearchParams, context: ParameterContext): TimeRange {
  return rangeOf(new Reading(parameters, RANGE_NAMES, context), context);
}

/** Routes of a window, or one of them by its name. Throws UsageError naming the parameter. */
export function readRoutesQuery(
  parameters: URLSearchParams,
  context: ParameterContext,
): { range: TimeRange; route: string | undefined } {
  const read = new Reading(parameters, [...RANGE_NAMES, 'route'], context);
  return { range: rangeOf(read, context), route: read.text('route') };
}

/** Findings of a window, or the one with this id; `all`: candidates too. Throws UsageError naming the parameter. */
export function readFindingsQuery(
  parameters: URLSearchParams,
  context: ParameterContext,
): { range: TimeRange; all: boolean; id: string | undefined } {
  const read = new Reading(parameters, [...RANGE_NAMES, 'all', 'id'], context);
  return { range: rangeOf(read, context), all: read.flag('all') ?? false, id: read.text('id') };
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

export interface TimelineQuery extends ExecutionFilter {
  readonly range: TimeRange;
  readonly form: ReportForm;
}

/** For a statement over time. Throws UsageError naming the parameter. */
export function readTimelineQuery(parameters: URLSearchParams, context: ParameterContext): TimelineQuery {
  const read = new Reading(parameters, [...RANGE_NAMES, ...FILTER_NAMES, 'form'], context);
  return { range: rangeOf(read, context), ...filterOf(read), form: read.oneOf('form', FORMS) ?? 'json' };
}

/** The sequence to tail from. Throws UsageError naming the parameter. */
export function readTailQuery(parameters: URLSearchParams, context: ParameterContext): number {
  const read = new Reading(parameters, ['after'], context);
  return read.whole('after', Number.MAX_SAFE_INTEGER) ?? 0;
}

/** A mark to set: its name, and when (now, where nothing is said). Throws UsageError naming the parameter. */
export function readMarkQuery(parameters: URLSearchParams, context: ParameterContext): { name: string; atMs: number } {
  const read = new Reading(parameters, ['name', 'at'], context);
  const name = read.text('name')?.trim() ?? '';
  if (name === '' || name.length > limits.markNameCharsMax) {
    const hint = `give 1 to ${limits.markNameCharsMax} characters`;
    throw new UsageError('not a valid name', { where: read.place('name'), hint });
  }
  const at = read.text('at');
  const { nowMs } = context;
  return { name, atMs: at === undefined ? nowMs : parseMoment(at, { nowMs, where: read.place('at') }) };
}

export function writeTimeRange(range: TimeRange): URLSearchParams {
  const parameters = new URLSearchParams();
  if (range.sinceMs !== undefined) parameters.set('since', new Date(range.sinceMs).toISOString());
  if (range.untilMs !== undefined) parameters.set('until', new Date(range.untilMs).toISOString());
  return parameters;
}

export function writeTimelineQuery({ range, form, ...filter }: TimelineQuery): URLSearchParams {
  const parameters = writeStatementQuery({ range, form });
  writeFilter(parameters, filter);
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
  writeFilter(parameters, filter);
  if (filter.prefix !== undefined) parameters.set('fingerprint', filter.prefix);
  if (query.hidden.length > 0) parameters.set('hide', query.hidden.join(','));
  if (query.minMs > 0) parameters.set('min-ms', String(query.minMs));
  parameters.set('sort', query.sort);
  parameters.set('limit', String(query.limit));
  if (query.offset !== undefined) parameters.set('offset', String(query.offset));
  return parameters;
}

function writeFilter(parameters: URLSearchParams, filter: ExecutionFilter): void {
  for (const name of ['source', 'construct', 'pool', 'table'] as const) {
    const value = filter[name];
    if (value !== undefined) parameters.set(name, value);
  }
  if (filter.find !== undefined) parameters.set('find', filter.find.join(' '));
  if (filter.handwritten) parameters.set('handwritten', 'true');
  for (const [key, value] of filter.tags ?? []) parameters.append('tag', `${key}=${value}`);
}

function filterOf(read: Reading): ExecutionFilter {
  return {
    source: read.text('source'),
    handwritten: read.flag('handwritten'),
    construct: read.text('construct'),
    pool: read.text('pool'),
    tags: read.tags(),
    find: read.text('find')?.split(/\s+/).filter(Boolean),
    table: read.text('table'),
  };
}

function rangeOf(read: Reading, context: ParameterContext): TimeRange {
  const moment = (name: string): number | undefined => {
    const value = read.text(name);
    return value === undefined ? undefined : momentOf(value, { ...context, where: read.place(name) });
  };
  const sinceMs = moment('since');
  const untilMs = moment('until');
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs) {
    throw new UsageError('the window is empty', { where: read.place('since'), hint: 'since must lie before until' });
  }
  return { sinceMs, untilMs };
}

export interface RequestsQuery {
  readonly range: TimeRange;
  readonly tags: ReadonlyArray<readonly [key: string, value: string]>;
  /** Tag to group by. */
  readonly by?: string;
}

/** Throws UsageError naming the parameter. */
export function readRequestsQuery(parameters: URLSearchParams, context: ParameterContext): RequestsQuery {
  const read = new Reading(parameters, [...RANGE_NAMES, 'tag', 'by'], context);
  return { range: rangeOf(read, context), tags: read.tags() ?? [], by: read.text('by') };
}

export function writeRequestsQuery({ range, tags, by }: RequestsQuery): URLSearchParams {
  const parameters = writeTimeRange(range);
  for (const [key, value] of tags) parameters.append('tag', `${key}=${value}`);
  if (by !== undefined) parameters.set('by', by);
  return parameters;
}

/** A moment, else the last mark of this name. Throws UsageError naming `where`. */
export function momentOf(text: string, context: ParameterContext & { readonly where: string }): number {
  const { nowMs, where, markAt } = context;
  try {
    return parseMoment(text, { nowMs, where });
  } catch (error) {
    const atMs = markAt?.(text);
    if (atMs !== undefined) return atMs;
    if (markAt === undefined || !(error instanceof UsageError)) throw error;
    throw new UsageError(`"${text}" is not a moment`, {
      where,
      hint: 'write how long ago (15m, 7d), ISO 8601 (2026-01-31T08:00:00Z) or the name of a mark',
    });
  }
}
