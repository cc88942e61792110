// The repository's sources and what they import, read as text, for the tests that lint the project.
// Invariant: what git ignores is no source. Not here: what is allowed (the tests).

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.join(import.meta.dirname, '..', '..');

/** Every file of the repository, as paths from its root. */
export const FILES: readonly string[] = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard'],
  {
    cwd: ROOT,
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((file) => file !== '' && existsSync(path.join(ROOT, file)));

export const SOURCES: readonly string[] = FILES.filter((file) => /\.(ts|tsx|mjs)$/.test(file));
/** Sources that are compiled into the package. */
export const PRODUCT: readonly string[] = SOURCES.filter((file) =>
  /^(facts|proxy|analyzer|audit|storage|reports|dashboards|observer|own-queries|cli|config)\//.test(file),
);

const texts = new Map<string, string>();

export function textOf(file: string): string {
  let text = texts.get(file);
  if (text === undefined) {
    text = readFileSync(path.join(ROOT, file), 'utf8');
    texts.set(file, text);
  }
  return text;
}

export interface Import {
  readonly file: string;
  /** A source of the repository, or a package's name. */
  readonly target: string;
}

/** Static and dynamic imports of the product, those of types included. */
export const IMPORTS: readonly Import[] = PRODUCT.flatMap((file) => {
  const found = textOf(file).matchAll(/^(?:import|export)\s[^;]*?from\s+'([^']+)'|import\(\s*'([^']+)'/gms);
  return [...found].map(([, from, dynamic]) => ({ file, target: resolved(file, from ?? dynamic) }));
});

function resolved(file: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  const target = path.join(path.dirname(file), specifier);
  const source = [target.replace(/\.js$/, '.ts'), target.replace(/\.js$/, '.tsx'), target].find((candidate) =>
    SOURCES.includes(candidate),
  );
  if (source === undefined) throw new Error(`${file} imports ${specifier}, which is not there`);
  return source;
}

/** Sets of more than one node that all reach one another (Tarjan, 1972). */
export function circlesOf(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const circles: string[][] = [];
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const visit = (node: string): void => {
    order.set(node, order.size);
    low.set(node, order.get(node)!);
    stack.push(node);
    for (const next of edges.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, low.get(next)!));
    }
    if (low.get(node) !== order.get(node)) return;
    const circle = stack.splice(stack.indexOf(node));
    if (circle.length > 1) circles.push(circle.sort());
  };
  for (const node of edges.keys()) if (!order.has(node)) visit(node);
  return circles;
}

/** The product's imports as edges between what `nodeOf` makes of files. */
export function edgesBetween(nodeOf: (file: string) => string): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>(PRODUCT.map((file) => [nodeOf(file), new Set()]));
  for (const { file, target } of IMPORTS) {
    if (!PRODUCT.includes(target) || nodeOf(file) === nodeOf(target)) continue;
    edges.get(nodeOf(file))!.add(nodeOf(target));
  }
  return edges;
}
