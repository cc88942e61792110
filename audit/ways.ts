// Says what replaces a statement in Django, how far it goes, and what is at risk.
// Invariant: the words name constructs that the Django version has; the hardest category decides.
// Not here: finding the categories (difficulty.ts).

import type { Category } from './difficulty.js';

/** From easy to hard. */
export const COMPLEXITIES = ['orm', 'orm-expressions', 'raw-queryset', 'stays'] as const;
export type Complexity = (typeof COMPLEXITIES)[number];

interface Way {
  readonly complexity: Complexity;
  readonly words: string;
  /** Page of Django's documentation below the version. */
  readonly page: string;
}

const WAYS: Readonly<Record<Category, Way>> = {
  window: way(
    'orm-expressions',
    'Window(expression=…, partition_by=…, order_by=…)',
    'ref/models/expressions/#window-functions',
  ),
  'window-frame': way(
    'orm-expressions',
    'Window(…, frame=RowRange(…) or ValueRange(…))',
    'ref/models/expressions/#frames',
  ),
  cte: way(
    'raw-queryset',
    '.raw(); a Subquery() or two querysets where the CTE is read once',
    'topics/db/sql/#performing-raw-queries',
  ),
  'recursive-cte': way('stays', 'stays raw SQL in a manager; Django has no WITH RECURSIVE', 'topics/db/sql/'),
  'writing-cte': way('stays', 'stays raw SQL, or one write per statement inside atomic()', 'topics/db/sql/'),
  'join-off-keys': way(
    'raw-queryset',
    'FilteredRelation() or a Subquery(); .raw() where neither fits',
    'ref/models/querysets/#filteredrelation-objects',
  ),
  lateral: way(
    'raw-queryset',
    'Subquery() with OuterRef() and a slice, once per column; else .raw()',
    'ref/models/expressions/#subquery-expressions',
  ),
  'set-operation': way(
    'orm-expressions',
    'queryset.union(), .intersection(), .difference()',
    'ref/models/querysets/#union',
  ),
  'database-function': way(
    'orm-expressions',
    'a Func(…, function="…") in annotate()',
    'ref/models/expressions/#func-expressions',
  ),
  'stored-function': way(
    'stays',
    'stays raw SQL; what runs inside the function is not on the wire',
    'topics/db/sql/#calling-stored-procedures',
  ),
  subquery: way(
    'orm-expressions',
    'Subquery(), Exists() and OuterRef()',
    'ref/models/expressions/#subquery-expressions',
  ),
  'aggregate-filter': way(
    'orm-expressions',
    'an aggregate with filter=Q(…)',
    'ref/models/conditional-expressions/#conditional-aggregation',
  ),
  'grouping-sets': way('stays', 'stays raw SQL; Django has no GROUPING SETS', 'topics/db/sql/'),
  'distinct-on': way('orm', '.order_by("field").distinct("field")', 'ref/models/querysets/#distinct'),
  json: way(
    'orm-expressions',
    'key lookups on a JSONField, KT(), JSONObject()',
    'topics/db/queries/#querying-jsonfield',
  ),
  'full-text': way('orm-expressions', 'django.contrib.postgres.search', 'ref/contrib/postgres/search/'),
  upsert: way('orm-expressions', 'bulk_create(update_conflicts=True, …)', 'ref/models/querysets/#bulk-create'),
  'update-from': way(
    'orm-expressions',
    'update() with a Subquery(); the join becomes a subquery',
    'ref/models/querysets/#update',
  ),
  'delete-using': way('orm-expressions', 'filter(…__in=…).delete(), or Exists()', 'ref/models/querysets/#delete'),
  locking: way('orm', '.select_for_update(of=…, skip_locked=…)', 'ref/models/querysets/#select-for-update'),
  'materialised-view': way(
    'stays',
    'an unmanaged model reads it; REFRESH stays raw SQL',
    'ref/models/options/#managed',
  ),
  'temporary-table': way('stays', 'stays raw SQL', 'topics/db/sql/'),
  copy: way('stays', 'stays COPY; bulk_create() in batches where it is small', 'ref/models/querysets/#bulk-create'),
  'schema-change': way('stays', 'a migration', 'topics/migrations/'),
  'not-parsed': way('stays', 'to be read by a person: the grammar does not read the text', 'topics/db/sql/'),
};

/** What is known of a place that says how much is at stake. */
export interface Stakes {
  /** Share of all database time, 0 to 1. */
  readonly timeShare: number;
  readonly callsPerDay: number;
  readonly writes: boolean;
  readonly touchesMoney: boolean;
}

export interface Risk {
  readonly level: 'low' | 'medium' | 'high';
  readonly reasons: readonly string[];
}

const HOT_SHARE = 0.05;
const HOT_CALLS_PER_DAY = 100_000;

/** The hardest of the categories decides; none is a plain queryset. */
export function complexityOf(categories: readonly Category[]): Complexity {
  const levels = categories.map((category) => COMPLEXITIES.indexOf(WAYS[category].complexity));
  return COMPLEXITIES[Math.max(0, ...levels)];
}

/** In words with links, hardest first; `django`: a version such as "5.2". */
export function replacedBy(categories: readonly Category[], django: string): string {
  if (categories.length === 0)
    return `filter(), annotate() and values() of a queryset (${page('topics/db/queries/', django)})`;
  const hardest = [...categories].sort(
    (a, b) => COMPLEXITIES.indexOf(WAYS[b].complexity) - COMPLEXITIES.indexOf(WAYS[a].complexity),
  );
  return hardest.map((category) => `${WAYS[category].words} (${page(WAYS[category].page, django)})`).join('; ');
}

export function riskOf({ timeShare, callsPerDay, writes, touchesMoney }: Stakes): Risk {
  const reasons: string[] = [];
  if (timeShare >= HOT_SHARE || callsPerDay >= HOT_CALLS_PER_DAY) reasons.push('hot path');
  if (writes) reasons.push('writes');
  if (touchesMoney) reasons.push('money');
  return { level: reasons.length === 0 ? 'low' : reasons.length === 1 ? 'medium' : 'high', reasons };
}

function way(complexity: Complexity, words: string, documented: string): Way {
  return { complexity, words, page: documented };
}

function page(path: string, django: string): string {
  return `https://docs.djangoproject.com/en/${django}/${path}`;
}
