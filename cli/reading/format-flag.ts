// Defines --format, and brings it to the command: to a flag of its own, or to all printing.
// Invariant: --format json is --json. Not here: the forms (cli/terminal/form.ts).

import { type Command, Option } from 'commander';
import { UsageError } from '../../config/values/errors.js';
import { FORMS, type Form, setForm } from '../terminal/form.js';

export function formatFlag(): Option {
  return new Option('--format <form>', `${FORMS.join(', ')} (default: text)`);
}

/** Before the command runs. Throws UsageError. */
export function applyFormat(command: Command): void {
  const has = (flag: string): boolean => command.options.some(({ long }) => long === flag);
  if (!has('--format')) return;
  const { format, json } = command.opts<{ format?: string; json?: boolean }>();
  if (format === undefined) return;
  if (!isForm(format)) {
    throw new UsageError(`"${format}" is not known`, { where: '--format', hint: `use one of ${FORMS.join(', ')}` });
  }
  if (json && format !== 'json') {
    throw new UsageError('two output formats', { where: '--json, --format', hint: 'give one of them' });
  }
  // A flag of the command's own, such as --json, or --csv of sql.
  if (has(`--${format}`)) command.setOptionValue(format, true);
  else {
    setForm(format);
    if (format === 'csv') command.setOptionValue('json', true);
  }
}

function isForm(text: string): text is Form {
  return FORMS.some((form) => form === text);
}
