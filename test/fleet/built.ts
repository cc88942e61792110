// Loads a module of the product as it is built: threads of it begin with JavaScript.
// Not here: building (scripts/lib/setup/build.mjs).

/** `file`: within dist. */
export function built<Module>(file: string): Promise<Module> {
  return import(new URL(`../../dist/${file}`, import.meta.url).href);
}
