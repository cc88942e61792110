// Keeps the form in which this command prints: text, JSON, Markdown or CSV.
// Invariant: it is set once, before anything is printed. Not here: the flag (cli/reading/format-flag.ts), the forms
// (output.ts, table.ts, markdown.ts, csv.ts).

export const FORMS = ['text', 'json', 'markdown', 'csv'] as const;
export type Form = (typeof FORMS)[number];

let chosen: Form = 'text';

export function setForm(form: Form): void {
  chosen = form;
}

export function formNow(): Form {
  return chosen;
}
