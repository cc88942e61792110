// Defines --format, and brings it to the command: to a flag of its own, or to all printing.
// Invariant: --format json is --json. Not here: the forms (cli/terminal/form.ts).

import { type Command, Option } from 'commander';
import { UsageError } from '../../config/values/errors.js';
import { CI_FORMS, FORMS, type Form, setForm } from '../terminal/form.js';

export function formatFlag(): Option {
  return new Option('--format <form>', `${FORMS.join(', ')} (default: text)`);
}

const FOR_CI = new WeakSet<Command>();

/** Lets a command that has --format take junit and github too. */
export function addCiForms(command: Command): Command {
  FOR_CI.add(command);
  const option = command.options.find(({ long }) => long === '--format')!;
  option.description = `${[...FORMS, ...CI_FORMS].join(', ')} (default: text)`;
  return command;
}

/** Before the command runs. Throws UsageError. */
export function applyFormat(command: Command): void {
  const has = (flag: string): boolean => command.options.some(({ long }) => long === flag);
  if (!has('--format')) return;
  const { format, json } = command.opts<{ format?: string; json?: boolean }>();
  if (format === undefined) return;
  const forms: readonly string[] = FOR_CI.has(command) ? [...FORMS, ...CI_FORMS] : FORMS;
  if (!isOneOf(forms, format)) {
    throw new UsageError(`"${format}" is not known`, { where: '--format', hint: `use one of ${forms.join(', ')}` });
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

function isOneOf(forms: readonly string[], text: string): text is Form {
  return forms.includes(text);
}
