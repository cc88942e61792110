// Keeps the form in which this command prints: text, JSON, Markdown, CSV, or one for CI.
// Invariant: it is set once, before anything is printed. Not here: the flag (cli/reading/format-flag.ts), the forms
// (output.ts, table.ts, markdown.ts, csv.ts, verdicts.ts).

export const FORMS = ['text', 'json', 'markdown', 'csv'] as const;
/** Of commands that judge. */
export const CI_FORMS = ['junit', 'github'] as const;
export type Form = (typeof FORMS)[number] | (typeof CI_FORMS)[number];

let chosen: Form = 'text';

export function setForm(form: Form): void {
  chosen = form;
}

export function formNow(): Form {
  return chosen;
}
