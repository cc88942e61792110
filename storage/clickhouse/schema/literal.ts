// A text as a literal of ClickHouse's SQL.
// Invariant: a text from outside is in a statement as this alone. Not here: lists and conditions (../read/questions/).

/** With its quotes. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
