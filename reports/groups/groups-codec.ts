// Groups as JSON that another pgwitness can merge, and merging them.
// Invariant: decode(encode(report)) equals the report; merging is adding, so the order does not matter.
// Not here: the JSON that people and scripts read (groups-json.ts).

import * as v from 'valibot';
import { LogHistogram } from '../../facts/histogram.js';
import type { TagMeasureName } from '../../facts/measures.js';
import { addAll, addSums, TAG_RULES } from '../../facts/sums.js';
import { decodeObserved, encodeObserved, observedSchema } from '../observed-codec.js';
import { emptyGroup, type GroupFacts, type GroupsReport } from './groups.js';

const names = Object.keys(TAG_RULES) as TagMeasureName[];
/** A reader refuses another form. */
const FORM = `1 ${names.join(' ')}`;
const count = v.pipe(v.number(), v.minValue(0));
const counts = v.array(v.tuple([v.string(), count]));
const schema = v.object({
  form: v.literal(FORM, 'it was made by another version of pgwitness'),
  window: v.object({ sinceMs: v.number(), untilMs: v.number() }),
  observed: observedSchema,
  groups: v.array(
    v.object({
      value: v.string(),
      statements: v.array(v.string()),
      sources: counts,
      /** In the order of the form; null = the minimum of nothing. */
      measures: v.array(v.nullable(count)),
      histogram: v.string(),
    }),
  ),
});

/** A value for JSON.stringify. */
export function encodeGroups({ window, observed, groups }: GroupsReport): v.InferOutput<typeof schema> {
  return {
    form: FORM,
    window,
    observed: encodeObserved(observed),
    groups: groups.map((group) => ({
      value: group.value,
      statements: [...group.statements],
      sources: [...group.sources],
      measures: names.map((name) => (Number.isFinite(group[name]) ? group[name] : null)),
      histogram: group.histogram.toBase64(),
    })),
  };
}

/** `value` as JSON.parse gives it. Throws valibot's ValiError or RangeError on anything else than encoded groups. */
export function decodeGroups(value: unknown): GroupsReport {
  const { window, observed, groups } = v.parse(schema, value);
  return {
    window,
    observed: decodeObserved(observed),
    groups: groups.map(({ value: name, statements, sources, measures, histogram }) => {
      const group = emptyGroup(name);
      addSums(TAG_RULES, group, Object.fromEntries(names.map((measure, at) => [measure, measures[at]])));
      return {
        ...group,
        statements: new Set(statements),
        sources: new Map(sources),
        histogram: LogHistogram.fromBase64(histogram),
      };
    }),
  };
}

/** At least one report. Requests that pass several sidecars count at each. */
export function mergeGroups(reports: readonly GroupsReport[]): GroupsReport {
  const merged = new Map<string, GroupFacts>();
  const byReason = new Map<string, number>();
  for (const { groups, observed } of reports) {
    addAll(byReason, observed.notObservedByReason);
    for (const group of groups) {
      const into = merged.get(group.value) ?? emptyGroup(group.value);
      merged.set(group.value, into);
      addSums(TAG_RULES, into, group);
      addAll(into.sources, group.sources);
      for (const fingerprint of group.statements) into.statements.add(fingerprint);
      into.histogram.merge(group.histogram);
    }
  }
  const sum = (of: 'executions' | 'notObserved' | 'unknown'): number =>
    reports.reduce((total, { observed }) => total + observed[of], 0);
  return {
    window: {
      sinceMs: Math.min(...reports.map(({ window }) => window.sinceMs)),
      untilMs: Math.max(...reports.map(({ window }) => window.untilMs)),
    },
    observed: {
      executions: sum('executions'),
      notObserved: sum('notObserved'),
      notObservedByReason: byReason,
      unknown: sum('unknown'),
      exact: reports.every(({ observed }) => observed.exact),
    },
    groups: [...merged.values()],
  };
}
