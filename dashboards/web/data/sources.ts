// The sources of statements: their order and their colours, the same in every view.
// Invariant: a name always has the same colour. Not here: what the names mean (docs).

const BUILT_IN = ['django-orm', 'sqlalchemy', 'raw', 'unknown', 'housekeeping', 'tool'] as const;
/** Of user rules, by name. */
const OTHER_COLOURS = 4;

export function bySourceOrder(a: string, b: string): number {
  return rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);
}

function rank(source: string): number {
  const at = (BUILT_IN as readonly string[]).indexOf(source);
  // Names of user rules stand between what is known and what is not.
  return at < 0 ? 2.5 : at;
}

/** Every name that may be asked for: the built-in ones and those seen. */
export function sourceNames(seen: Iterable<string>): string[] {
  return [...new Set([...BUILT_IN, ...seen])].sort(bySourceOrder);
}

/** Name of a custom property of app.css. */
export function colourOf(source: string): string {
  if ((BUILT_IN as readonly string[]).includes(source)) return `--source-${source}`;
  let hash = 0;
  for (const character of source) hash = (hash * 31 + character.codePointAt(0)!) % 9973;
  return `--source-other-${hash % OTHER_COLOURS}`;
}
