// Reads the patterns of rules, filters and exceptions: `*` stands for anything, nothing included.
// Invariant: a test goes through a value once and never back; every other character is itself, with its case.
// Not here: expressions over SQL (sql-pattern.ts), patterns within SQL (storage/sqlite/tables/filter-conditions.ts).

const LINE = /:\d+$/;

/**
 * For many values: the pattern is read once. One that ends with the number of a line (`FILE:41`) fits whatever function
 * stands behind it, because the Python package writes `FILE:41 FUNCTION`.
 */
export function globTest(pattern: string): (value: string) => boolean {
  const test = oneTest(pattern);
  const within = functionsOf(pattern);
  if (within === undefined) return test;
  const testWithin = oneTest(within);
  return (value) => test(value) || testWithin(value);
}

/** The pattern of the functions of a line; undefined for one that ends with no line. */
export function functionsOf(pattern: string): string | undefined {
  return LINE.test(pattern) ? `${pattern} *` : undefined;
}

function oneTest(pattern: string): (value: string) => boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return (value) => value === pattern;
  const first = parts[0];
  const last = parts[parts.length - 1];
  const between = parts.slice(1, -1).filter((part) => part !== '');
  return (value) => {
    if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) return false;
    let at = first.length;
    const end = value.length - last.length;
    for (const part of between) {
      // The leftmost place leaves the most for the parts behind it.
      const found = value.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}

export function fitsGlob(value: string, pattern: string): boolean {
  return globTest(pattern)(value);
}
