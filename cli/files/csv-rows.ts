// Reads CSV (RFC 4180) into rows of texts.
// Invariant: a field in quotes may hold commas, line ends and doubled quotes. Not here: writing CSV
// (cli/terminal/csv.ts).

export function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  // A field, in quotes or not, and what ends it.
  const field = /(?:"((?:[^"]|"")*)"|([^,\n]*?))(,|\r?\n|$)/y;
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (found === null) break;
    row.push(found[1] === undefined ? found[2] : found[1].replaceAll('""', '"'));
    if (found[3] === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
