// The sources of statements: their order and their colours, the same in every view.
// Not here: which name has which colour (facts/words/source-colours.ts), what the names mean (docs).

import { BUILT_IN, colourSlotOf } from '../../../facts/words/source-colours.js';

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
  return `--source-${colourSlotOf(source)}`;
}
