// The options of a script: what was given, or one line that says what was wrong with it.
// Invariant: returns only with options that the script knows; --help is answered with exit 0, anything else with one
// line and exit 2.
// Not here: what the values may be (each script).

import { parseArgs } from 'node:util';

/**
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} T
 * @param {string} name of the script, for its messages
 * @param {{ usage: string, options: T }} known `usage`: how it is called, in its first line, and what the options mean
 * @returns {ReturnType<typeof parseArgs<{ options: T }>>['values']}
 */
export function optionsOf(name, { usage, options }) {
  if (process.argv.slice(2).includes('--help')) {
    console.log(`usage: ${usage}`);
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    // Node's hint, from the second sentence on, is about what a shell would take.
    const [what] = /** @type {Error} */ (error).message.split(/\.\s/);
    console.error(`${name}: ${what}; usage: ${usage.split('\n')[0]}`);
    process.exit(2);
  }
}
