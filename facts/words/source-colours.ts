// Gives each source the colour that it has in every view, by the name of a slot.
// Invariant: a name always has the same slot. Not here: the colours (dashboards/web/app.css, cli/terminal/output.ts).

/** In the order of views: what is known first. */
export const BUILT_IN = ['django-orm', 'sqlalchemy', 'raw', 'unknown', 'housekeeping', 'tool'] as const;
/** Of user rules, by name. */
const OTHER_SLOTS = ['other-0', 'other-1', 'other-2', 'other-3'] as const;

export type ColourSlot = (typeof BUILT_IN)[number] | (typeof OTHER_SLOTS)[number];

export function colourSlotOf(source: string): ColourSlot {
  const known = BUILT_IN.find((name) => name === source);
  if (known !== undefined) return known;
  let hash = 0;
  for (const character of source) hash = (hash * 31 + character.codePointAt(0)!) % 9973;
  return OTHER_SLOTS[hash % OTHER_SLOTS.length];
}
