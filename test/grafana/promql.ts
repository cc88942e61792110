// Reads the names in a PromQL expression of a dashboard, and says whether it is one at all.
// Invariant: Grafana's variables are filled in before it is read. Not here: running it.

import { parser } from '@prometheus-io/lezer-promql';

/** As Grafana would send it with everything chosen. */
export function filledIn(expr: string): string {
  return expr
    .replaceAll('$__rate_interval', '20s')
    .replaceAll('$__range', '5m')
    .replaceAll('$__interval', '15s')
    .replaceAll(/\$(?:job|instance|source|pool|route)\b/g, '.+');
}

/** Stretches that the grammar cannot read; none for an expression. */
export function syntaxErrors(expr: string): string[] {
  const errors: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) errors.push(`${from}–${to}: "${expr.slice(Math.max(0, from - 10), to + 10)}"`);
    },
  });
  return errors;
}

export function metricsNamed(expr: string): string[] {
  const names: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, from, to, node }) => {
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') names.push(expr.slice(from, to));
    },
  });
  return names;
}

/** Labels that selectors and groupings name. */
export function labelsNamed(expr: string): string[] {
  const names: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, from, to }) => {
      if (name === 'LabelName') names.push(expr.slice(from, to));
    },
  });
  return names;
}
