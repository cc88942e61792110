// Content types, labels and numbers of Prometheus' two formats: text 0.0.4 and OpenMetrics 1.0.0.
// Only OpenMetrics carries exemplars.
// Invariant: a label value can hold anything and never ends its line. Not here: which samples there are (catalogue/),
// their lines (sampled-lines.ts, histogram-lines.ts).
// Sources: prometheus.io/docs/instrumenting/exposition_formats; the OpenMetrics specification, version 1.0.

import type { Family } from './catalogue/family.js';

export type Format = 'text' | 'openmetrics';

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The format that an Accept header asks for: OpenMetrics if it is named and not refused, else text. */
export function formatFor(accept: string | undefined): Format {
  const named = /application\/openmetrics-text[^,]*/i.exec(accept ?? '')?.[0];
  return named === undefined || /;\s*q=0(?:\.0*)?\s*(?:;|$)/i.test(named) ? 'text' : 'openmetrics';
}

/** The lines before a family's samples. */
export function headerOf(
  { name, help, type, unit }: Pick<Family, 'name' | 'help' | 'type' | 'unit'>,
  format: Format,
): string {
  if (format === 'text') return `# HELP ${name} ${escapedHelp(help)}\n# TYPE ${name} ${type}\n`;
  // OpenMetrics names a family without the suffix of its samples.
  const family = type === 'counter' ? name.replace(/_total$/, '') : name;
  const unitLine = unit === '' ? '' : `# UNIT ${family} ${unit}\n`;
  return `# HELP ${family} ${escapedHelp(help).replaceAll('"', '\\"')}\n# TYPE ${family} ${type}\n${unitLine}`;
}

/** `a="1",b="2"`, without braces. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapedLabel(value)}"`)
    .join(',');
}

export function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

/** The last line of an exposition. */
export function trailerOf(format: Format): string {
  return format === 'openmetrics' ? '# EOF\n' : '';
}

function escapedLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

function escapedHelp(help: string): string {
  return help.replace(/[\\\n]/g, (character) => (character === '\n' ? '\\n' : '\\\\'));
}
