// Makes a tool of a command: its arguments and flags are the parameters, under the same names.
// Invariant: no parameter names a server, a program or a file but the code to audit, and none has no end. A value is
// never read as a flag.
// Not here: which commands are tools (cli/commands/mcp.ts), running one (run-command.ts).

import type { Command, Option } from 'commander';
import { UsageError } from '../../config/values/errors.js';
import { isRepeatable } from '../reading/read-flags.js';

interface Parameter {
  readonly type: 'string' | 'number' | 'boolean' | 'array';
  readonly description: string;
  readonly items?: { readonly type: 'string' };
  readonly enum?: readonly string[];
}

/** As MCP lists it. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: {
    readonly type: 'object';
    readonly properties: Readonly<Record<string, Parameter>>;
    readonly required: string[];
    readonly additionalProperties: false;
  };
  readonly annotations: { readonly readOnlyHint: true; readonly idempotentHint: true; readonly openWorldHint: false };
}

const ANSWER_FORMS = ['markdown', 'json'] as const;
const FORMAT: Parameter = {
  type: 'string',
  enum: ANSWER_FORMS,
  description: 'markdown is short (default); json has every field',
};
const FORM_FLAGS = ['--format', '--json', '--markdown'];
const ENDLESS_FLAGS = ['--watch'];
/** What such a flag names is chosen by who starts the server. */
const NAMES_A_PLACE = /<(dir|url|dsn|file|command)>/;
/** Read as data, by `audit`. */
const READ_AS_DATA = ['--code'];
const VALUE_CHARS_MAX = 4_000;

export function toolOf(command: Command): Tool {
  const flags = flagsOf(command).map((option) => [nameOf(option), parameterOf(option)] as const);
  const named = command.registeredArguments.map((argument) => {
    const description = argument.description || `the ${argument.name()}`;
    return [argument.name(), { type: 'string', description }] as const;
  });
  const required = command.registeredArguments.filter((argument) => argument.required);
  return {
    name: command.name(),
    description: command.description(),
    inputSchema: {
      type: 'object',
      properties: Object.fromEntries([...named, ...flags, ['format', FORMAT]]),
      required: required.map((argument) => argument.name()),
      additionalProperties: false,
    },
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  };
}

/** What to type after `pgwitness` for these parameters. Throws UsageError naming the parameter. */
export function argumentsOf(command: Command, given: Readonly<Record<string, unknown>>): string[] {
  const { properties, required } = toolOf(command).inputSchema;
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(properties, name));
  if (unknown !== undefined) {
    const hint = `${command.name()} takes ${Object.keys(properties).join(', ')}`;
    throw new UsageError(`there is no parameter "${unknown}"`, { where: command.name(), hint });
  }
  const missing = required.find((name) => given[name] === undefined);
  if (missing !== undefined) {
    throw new UsageError(`${missing} is missing`, { where: command.name(), hint: properties[missing].description });
  }
  const flags: string[] = [`--format=${ANSWER_FORMS[0]}`];
  const positional: string[] = [];
  const isArgument = (name: string): boolean => command.registeredArguments.some((known) => known.name() === name);
  for (const [name, parameter] of Object.entries(properties)) {
    for (const value of valuesOf(given[name], { name, parameter })) {
      if (parameter.type === 'boolean') flags.push(`--${name}`);
      else if (isArgument(name)) positional.push(value);
      // One word, and of several formats the last one counts: whatever the value begins with, it is no flag.
      else flags.push(`--${name}=${value}`);
    }
  }
  return [command.name(), ...flags, ...(positional.length === 0 ? [] : ['--', ...positional])];
}

function flagsOf(command: Command): Option[] {
  const left = [...FORM_FLAGS, ...ENDLESS_FLAGS];
  return command.options.filter(
    ({ long, flags }) =>
      long != null && !left.includes(long) && (READ_AS_DATA.includes(long) || !NAMES_A_PLACE.test(flags)),
  );
}

function nameOf({ long }: Option): string {
  return (long ?? '').slice(2);
}

function parameterOf(option: Option): Parameter {
  const { description } = option;
  if (option.isBoolean()) return { type: 'boolean', description };
  if (isRepeatable(option)) return { type: 'array', items: { type: 'string' }, description };
  return { type: /<(n|ms)>/.test(option.flags) ? 'number' : 'string', description };
}

/** None for what was left out, or is false. */
function valuesOf(given: unknown, { name, parameter }: { name: string; parameter: Parameter }): string[] {
  if (given === undefined || given === null || given === false) return [];
  const wrong = (hint: string): UsageError => new UsageError('this value does not fit', { where: name, hint });
  if (parameter.type === 'boolean') {
    if (given === true || given === 'true') return ['true'];
    if (given === 'false') return [];
    throw wrong('give true or false');
  }
  if (Array.isArray(given) && parameter.type !== 'array') throw wrong('give one value');
  return (Array.isArray(given) ? given : [given]).map((value) => {
    // Assistants write numbers as text, and text that looks like one as a number.
    if (typeof value !== 'string' && typeof value !== 'number') throw wrong('give text');
    const text = String(value);
    if (text.length > VALUE_CHARS_MAX) throw wrong(`give at most ${VALUE_CHARS_MAX} characters`);
    if (text.includes('\0')) throw wrong('leave out the NUL character');
    return text;
  });
}
