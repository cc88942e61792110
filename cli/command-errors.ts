// Turns commander's errors into a UsageError with what, where and a hint.
// Not here: errors of values (config/values/errors.ts).

import type { CommanderError } from 'commander';
import { UsageError } from '../config/values/errors.js';

/** Flags that other reading commands have, and why these have not. */
const NO_SUCH_PLACE: Readonly<Record<string, { message: string; hint: string }>> = {
  'tail --data': {
    message: 'a data directory has what was stored, and not what goes on now',
    hint: 'give --url, the address at which its pgwitness run --http listens',
  },
  'sql --url': {
    message: 'pgwitness takes no SQL over HTTP',
    hint: 'give --data on the machine of its data directory; top, history and export take --url',
  },
};

/** "error: unknown option '--lisen'\n(Did you mean --listen?)" → what, where and what to do. */
export function usageErrorOf(error: CommanderError, argv: readonly string[]): UsageError {
  // `help` of an unknown command: commander has printed the general help and gives no message.
  if (error.code === 'commander.help') {
    return new UsageError(`unknown command '${argv[1] ?? ''}'`, { hint: 'see pgwitness --help' });
  }
  if (error.code === 'commander.excessArguments') {
    const command = argv[0] ?? '';
    return new UsageError('too many arguments', {
      where: command,
      hint: `quote what has spaces or a *, and see pgwitness ${command} --help`,
    });
  }
  const [first, ...rest] = error.message.replace(/^error: /, '').split('\n');
  const guess = /^\(Did you mean (.*)\?\)$/.exec(rest.join(' ').trim())?.[1];
  const command = argv.find((word) => !word.startsWith('-'));
  const ofCommand = error.code !== 'commander.unknownCommand' && command !== undefined;
  const option = /^unknown option '(--[a-z-]+)/.exec(first)?.[1] ?? '';
  const place = NO_SUCH_PLACE[`${command} ${option}`];
  if (place !== undefined) return new UsageError(place.message, { where: option, hint: place.hint });
  const help = ofCommand ? `see pgwitness ${command} --help` : 'see pgwitness --help';
  return new UsageError(first, {
    where: ofCommand ? command : '',
    hint: guess === undefined ? help : `did you mean ${guess}? ${help}`,
  });
}
