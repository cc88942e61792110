// Judges conditions on a store made by hand, as `check` does.
// Not here: the command (check.test.ts).

import { parseCatalogue } from '../../audit/catalogue.js';
import { gather } from '../../cli/checking/gather.js';
import { readProduction } from '../../cli/checking/production.js';
import { openPlaces } from '../../cli/reading/place.js';
import type { Flush } from '../../facts/flush.js';
import { readAllowances } from '../../reports/check/asked/allowances.js';
import { type Baseline, readBaseline } from '../../reports/check/asked/baseline.js';
import { readMax, readNoNew, readNone } from '../../reports/check/asked/conditions.js';
import { exceptionsOf, type WrittenException } from '../../reports/check/asked/exceptions.js';
import type { BypassFacts } from '../../reports/check/facts.js';
import { type CheckResult, judge } from '../../reports/check/judge.js';
import {
  DAY_START_MIN,
  entryOf,
  flushOf,
  MINUTE_MS,
  openStore,
  poolOf,
  rollupOf,
  tagsOf,
  temporaryDirectory,
  verdictOf,
} from '../storage/flushes.js';

export const ORM = 'bbbb000000000001';
export const RAW = 'aaaa000000000001';
export const CORE = 'cccc000000000001';
export const FROM_MS = DAY_START_MIN * MINUTE_MS;
/** The end of the hour in which the observer of these stores ran. */
export const UNTIL_MS = FROM_MS + 60 * MINUTE_MS;
const MS = 1_000_000;

/** One statement of each source: its text in the catalogue, why it is of this source, and its pool. */
const KNOWN = {
  [ORM]: {
    source: 'django-orm',
    construct: 'queryset',
    pool: 'django',
    query: 'SELECT "id" FROM "book"',
    summary: 'SELECT book',
  },
  [RAW]: {
    source: 'raw',
    construct: 'cursor',
    pool: 'django',
    query: 'SELECT total(?) FROM shop_order',
    summary: 'SELECT shop_order',
  },
  [CORE]: {
    source: 'sqlalchemy',
    construct: 'core',
    pool: 'alchemy',
    query: 'SELECT id FROM stock',
    summary: 'SELECT stock',
  },
} as const;
type Known = keyof typeof KNOWN;

/** Executions of one of the statements in a minute (from FROM_MS on), with its tags. */
export interface Ran {
  of: Known;
  minute?: number;
  callsMs?: readonly number[];
  errors?: number;
  source?: string;
  construct?: string;
  fingerprint?: string;
  tags?: Readonly<Record<string, string>>;
  pool?: string;
}

/** A data directory in which these ran. */
export function storeOf(ran: readonly Ran[], parts: Partial<Flush> = {}): string {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  const watched = [{ fromMinute: DAY_START_MIN - 120, untilMinute: DAY_START_MIN + 59 }];
  store.flush(flushOf({ ...flushedOf(ran), watched, ...parts }));
  store.close();
  return dataDir;
}

function flushedOf(ran: readonly Ran[]): Partial<Flush> {
  const all = ran.map((one) => {
    const { source, construct, pool, query, summary } = KNOWN[one.of];
    return {
      minute: DAY_START_MIN + (one.minute ?? 0),
      fingerprint: one.fingerprint ?? one.of,
      source: one.source ?? source,
      construct: one.construct ?? construct,
      pool: one.pool ?? pool,
      query,
      summary,
      callsNs: (one.callsMs ?? [1]).map((ms) => ms * MS),
      errors: Array.from({ length: one.errors ?? 0 }, () => '57014'),
      tags: one.tags,
    };
  });
  return {
    rollups: all.map((one) => rollupOf(one)),
    catalogue: all.map((one) => entryOf({ ...one, keyHash: one.fingerprint })),
    statements: all.map(({ fingerprint, source, construct, minute, callsNs, errors }) =>
      verdictOf({
        fingerprint,
        source,
        construct,
        firstSeenMs: minute * MINUTE_MS + 1_000,
        lastSeenMs: minute * MINUTE_MS + 2_000,
        calls: callsNs.length,
        errors: errors.length,
      }),
    ),
    tags: all.flatMap(({ tags, callsNs, errors, minute, fingerprint, source }) =>
      tags === undefined
        ? []
        : [tagsOf(tags, { minute, fingerprint, source, calls: callsNs.length, errors: errors.length })],
    ),
    pools: [
      { ...poolOf('django', 'django:app@shop') },
      ...(all.some(({ pool }) => pool === 'alchemy') ? [poolOf('alchemy', 'sqlalchemy:app@shop')] : []),
    ],
  };
}

export interface Judging {
  none?: readonly string[];
  max?: readonly string[];
  noNew?: readonly string[];
  allow?: readonly string[];
  exceptions?: readonly WrittenException[];
  baseline?: string;
  sinceMs?: number;
  untilMs?: number;
  code?: string;
  /** Files and directories. */
  production?: readonly string[];
  bypass?: BypassFacts;
  isRun?: boolean;
}

/** Of one data directory, or of several together. */
export async function judged(dataDirs: string | string[], asked: Judging): Promise<CheckResult> {
  const place = await openPlaces({ directories: [dataDirs].flat(), urls: [] });
  const baseline: Baseline | undefined =
    asked.baseline === undefined ? undefined : readBaseline(asked.baseline, 'b.txt');
  try {
    const range = { sinceMs: asked.sinceMs, untilMs: asked.untilMs ?? UNTIL_MS };
    const { facts, asked: about } = await gather(place, {
      range,
      production: await readProduction(asked.production ?? [], { range, config: '' }),
      conditions: [
        ...(asked.none ?? []).map(readNone),
        ...(asked.max ?? []).map(readMax),
        ...(asked.noNew ?? []).map(readNoNew),
      ],
      exceptions: exceptionsOf(asked.exceptions ?? []),
      baseline,
      bypass: asked.bypass,
      code: asked.code === undefined ? undefined : parseCatalogue(asked.code, 'audit.json'),
      isRun: asked.isRun ?? false,
    });
    return judge(facts, { asked: about, allowances: readAllowances(asked.allow ?? []) });
  } finally {
    place.close();
  }
}

/** What failed and what was not shown, in one list to look at. */
export function said({ failed, notShown }: CheckResult): string[] {
  return [...failed.map(({ what }) => `failed: ${what}`), ...notShown.map(({ what }) => `not shown: ${what}`)];
}
