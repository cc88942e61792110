// Commands that the documents and the help texts show: each exists, and so does each of its flags.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';

const COMMANDS = path.join(ROOT, 'cli', 'commands');

/** Every command by its name, with the flags it takes and its whole help. */
async function known(): Promise<Map<string, { flags: Set<string>; help: string }>> {
  const commands = new Map<string, { flags: Set<string>; help: string }>();
  for (const file of readdirSync(COMMANDS)) {
    const program = new Command('pgwitness');
    const { register } = (await import(path.join(COMMANDS, file))) as { register: (program: Command) => void };
    register(program);
    for (const command of program.commands) {
      let help = '';
      command.configureOutput({
        writeOut: (text) => {
          help += text;
        },
      });
      command.outputHelp();
      const flags = new Set(command.options.flatMap(({ long }) => (long == null ? [] : [long])));
      commands.set(command.name(), { flags: flags.add('--help'), help });
    }
  }
  return commands;
}

/** `pgwitness NAME …`, up to the end of the code that it stands in, or to the `--` before a command that it runs. */
function examplesOf(text: string): Array<{ name: string; flags: string[] }> {
  const lines = text.replace(/\\\n\s*/g, ' ').split('\n');
  return lines.flatMap((line) =>
    [...line.matchAll(/(?:^|[\s`$(])pgwitness ([a-z][a-z-]+)((?: [^`|>&#\n]*)?)/g)].map(([, name, rest]) => ({
      name,
      flags: [...rest.split(' -- ')[0].matchAll(/(?<=\s)--[a-z][a-z-]*/g)].map(([flag]) => flag),
    })),
  );
}

function codeOf(markdown: string): string {
  const blocks = [...markdown.matchAll(/```[\s\S]*?```|^ {4}.*$|`[^`\n]+`/gm)];
  return blocks.map(([code]) => code).join('\n');
}

test('what is shown can be typed', async () => {
  const commands = await known();
  const documents = readdirSync(path.join(ROOT, 'docs')).map((name) => path.join('docs', name));
  const texts = new Map(
    ['README.md', 'clients/python/README.md', ...documents.filter((name) => name.endsWith('.md'))].map((file) => [
      file,
      codeOf(readFileSync(path.join(ROOT, file), 'utf8')),
    ]),
  );
  for (const [name, { help }] of commands) texts.set(`pgwitness ${name} --help`, help);
  const wrong: string[] = [];
  let examples = 0;
  for (const [where, text] of texts) {
    for (const { name, flags } of examplesOf(text)) {
      const command = commands.get(name);
      if (command === undefined) continue;
      examples++;
      for (const flag of flags) if (!command.flags.has(flag)) wrong.push(`${where}: pgwitness ${name} ${flag}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(examples).toBeGreaterThan(100);
});

test('a flag that a command does not take is found', () => {
  expect(examplesOf('$ npx pgwitness top --sorce raw \\\n  --limit 3 | head')).toEqual([
    { name: 'top', flags: ['--sorce', '--limit'] },
  ]);
});
