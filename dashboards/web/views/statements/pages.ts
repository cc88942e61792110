// The rows of a long list, asked for by pages as they come into view.
// Invariant: what is asked for is what is in view; each answer says how long the list is; a page that was answered
// stays until the question changes. Not here: the question (statements-view.tsx), drawing (parts/virtual-table.tsx).

import { useEffect, useMemo, useState } from 'preact/hooks';
import { HIDDEN_SOURCES } from '../../../../facts/verdict.js';
import type { BriefStatementJson, BriefStatementsJson } from '../../../../reports/forms/statement-json.js';
import { type Report, useReport } from '../../data/api.js';

/** Rows that are asked for at once: more than a screen has. */
const PAGE = 200;
const REST_MS = 150;

export interface Pages {
  /** Of the page in view, else of the one before. */
  readonly report: Report<BriefStatementsJson>;
  /** As long as the list; a row that is not there yet is undefined. */
  readonly rows: ReadonlyArray<BriefStatementJson | undefined>;
  /** The rows are those of the question, not of the one before. */
  readonly isAnswered: boolean;
}

interface Options {
  readonly live: boolean;
  readonly version: number;
  /** Rows in view, from the first to behind the last. */
  readonly visible: readonly [first: number, last: number];
  /** Housekeeping and tools are not listed. */
  readonly hides: boolean;
}

/** `path`: the question without a limit. */
export function usePages(path: string, { live, version, visible, hides }: Options): Pages {
  const [from, to] = useRested(pagesOf(visible), path);
  const pathOf = (page: number): string => `${path}&limit=${PAGE}${page === 0 ? '' : `&offset=${page * PAGE}`}`;
  const first = useReport<BriefStatementsJson>(pathOf(from), { live, version });
  const second = useReport<BriefStatementsJson>(to === from ? '' : pathOf(to), { live, version });
  const [known, setKnown] = useState<{ question: string; pages: PageAnswers }>(NOTHING);
  const question = `${path} ${version}`;
  useEffect(() => {
    const answered = [
      [from, first],
      [to, second],
    ] as const;
    const fresh = answered.filter(([page, { path: of, data }]) => data !== undefined && of === pathOf(page));
    if (fresh.length === 0) return;
    const more = fresh.map(([page, { data }]) => [page, data!] as const);
    setKnown((last) => ({ question, pages: withPages(last.question === question ? last.pages : NOTHING.pages, more) }));
  }, [first.data, second.data, first.path, second.path, question, from, to]);
  const rows = useMemo(() => rowsOf(known.pages, hides), [known]);
  const report = { ...first, problem: first.problem ?? second.problem };
  return { report, rows, isAnswered: known.question === question };
}

const NOTHING = { question: '', pages: new Map<number, BriefStatementsJson>() };

function pagesOf([first, last]: readonly [number, number]): [number, number] {
  return [Math.floor(first / PAGE), Math.floor(Math.max(first, last - 1) / PAGE)];
}

/** Whoever scrolls past pages asks for none of them; another question begins where it is read from. */
function useRested([from, to]: [number, number], path: string): readonly [number, number] {
  const [rested, setRested] = useState<{ path: string; pages: readonly [number, number] }>({ path, pages: [0, 0] });
  useEffect(() => {
    const timer = setTimeout(() => setRested({ path, pages: [from, to] }), REST_MS);
    return () => clearTimeout(timer);
  }, [from, to, path]);
  return rested.path === path ? rested.pages : [from, to];
}

type PageAnswers = ReadonlyMap<number, BriefStatementsJson>;

/** What was answered last comes last: it says how long the list is. */
export function withPages(
  known: PageAnswers,
  more: ReadonlyArray<readonly [page: number, answer: BriefStatementsJson]>,
): PageAnswers {
  const pages = new Map(known);
  for (const [page, answer] of more) {
    pages.delete(page);
    pages.set(page, answer);
  }
  return pages;
}

export function rowsOf(pages: PageAnswers, hides: boolean): ReadonlyArray<BriefStatementJson | undefined> {
  const [newest] = [...pages.values()].slice(-1);
  if (newest === undefined) return [];
  const rows = new Array<BriefStatementJson | undefined>(listed(newest, hides)).fill(undefined);
  for (const [page, { statements }] of pages)
    for (const [at, row] of statements.entries()) if (page * PAGE + at < rows.length) rows[page * PAGE + at] = row;
  return rows;
}

/** Statements of the whole list. */
function listed({ sums }: BriefStatementsJson, hides: boolean): number {
  return Object.entries(sums).reduce(
    (count, [source, { statements }]) => count + (hides && HIDDEN_SOURCES.includes(source) ? 0 : statements),
    0,
  );
}
