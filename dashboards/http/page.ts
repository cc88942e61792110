// Serves the built files of the page from memory; they are read once.
// Invariant: a path is looked up, never joined to a file name. Not here: the page itself (dashboards/web), its data
// (api.ts).

import { existsSync, readFileSync } from 'node:fs';

export interface PageFile {
  readonly contentType: string;
  readonly body: string;
}

const FILES = [
  { path: '/', file: 'index.html', contentType: 'text/html; charset=utf-8' },
  { path: '/app.js', file: 'app.js', contentType: 'text/javascript; charset=utf-8' },
  { path: '/app.css', file: 'app.css', contentType: 'text/css; charset=utf-8' },
  { path: '/icon.svg', file: 'icon.svg', contentType: 'image/svg+xml' },
] as const;

/** Paths of the page's files. They hold no data: the page's script asks the API. */
export const PAGE_PATHS: ReadonlySet<string> = new Set(FILES.map(({ path }) => path));

/** Beside this file in a build; in dist/ when the sources run unbuilt. */
const PLACES = ['../web/', '../../dist/dashboards/web/'];

let loaded: ReadonlyMap<string, PageFile> | undefined;

/** The file at a path; undefined for any other path, and for every path while the page is not built. */
export function pageFile(path: string): PageFile | undefined {
  if (!PAGE_PATHS.has(path)) return undefined;
  loaded ??= load();
  return loaded.get(path);
}

function load(): ReadonlyMap<string, PageFile> {
  const place = PLACES.map((relative) => new URL(relative, import.meta.url)).find((url) =>
    existsSync(new URL('app.js', url)),
  );
  if (place === undefined) return new Map();
  return new Map(
    FILES.map(({ path, file, contentType }) => [
      path,
      { contentType, body: readFileSync(new URL(file, place), 'utf8') },
    ]),
  );
}
