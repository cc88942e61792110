// Asks the observer, and asks again while a view is live.
// Invariant: a view never asks twice at once, and asking takes at most a twentieth of the time, however long an
// answer takes.
// Not here: what is answered (dashboards/http), the form that asks for a token (frame/token-form.tsx).

import { useEffect, useRef, useState } from 'preact/hooks';
import { withinFleet } from './address.js';

const TOKEN_KEY = 'pgwitness-token';
/** Dispatched at the window when an answer says that a token is needed. */
export const TOKEN_NEEDED = 'pgwitness-token-needed';
const LIVE_INTERVAL_MS = 5_000;
const REST_PER_ASKING = 20;

export class ApiProblem extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** For this tab, until it is closed. */
export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
}

/** Rejects with ApiProblem, whose message is for a person; status 0 = no answer. */
export async function ask<T>(path: string, { method = 'GET', signal }: RequestInit = {}): Promise<T> {
  const token = sessionStorage.getItem(TOKEN_KEY);
  let response: Response;
  try {
    const headers: HeadersInit = token === null ? {} : { authorization: `Bearer ${token}` };
    response = await fetch(path, { method, signal, headers });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiProblem('pgwitness does not answer: look whether its observer runs, and at its log.', 0);
  }
  const body: unknown = await response.json().catch(() => ({}));
  if (response.ok) return body as T;
  if (response.status === 401) dispatchEvent(new Event(TOKEN_NEEDED));
  const { error = `the answer is ${response.status}`, hint = '' } = body as { error?: string; hint?: string };
  throw new ApiProblem(hint === '' || error.endsWith(hint) ? error : `${error}: ${hint}`, response.status);
}

/** What a person is told; of no answer also what the page shows meanwhile, and whether it asks again by itself. */
export function problemOf(error: unknown, { isShown, isLive }: { isShown: boolean; isLive: boolean }): ApiProblem {
  const { message, status } = error instanceof ApiProblem ? error : new ApiProblem(String(error), 0);
  if (status !== 0) return new ApiProblem(message, status);
  const shown = isShown ? ' What is below is its last answer.' : '';
  const again = isLive ? ' The page asks again by itself.' : ' The page asks again once Live is on.';
  return new ApiProblem(`${message}${shown}${again}`, 0);
}

export interface Report<T> {
  /**
   * The question that `data` answers, as it was asked: the one before while a new one is not answered yet; '' where
   * that was of another part of the fleet.
   */
  readonly path: string;
  readonly data: T | undefined;
  readonly problem: ApiProblem | undefined;
  readonly loading: boolean;
}

interface Options {
  readonly live: boolean;
  readonly version?: number;
  /** Time between two questions, at least. */
  readonly everyMs?: number;
  /** Of all of the fleet, whatever part is chosen. */
  readonly whole?: boolean;
}

/** Asks at once, again and again while `live`, and whenever `version` changes. An empty path asks nothing. */
export function useReport<T>(asked: string, options: Options): Report<T> {
  const meant = (question: string): string => (options.whole ? question : withinFleet(question));
  const path = meant(asked);
  const { live, version = 0, everyMs = LIVE_INTERVAL_MS } = options;
  const [{ answered, ...report }, setReport] = useState<Report<T> & { answered: string }>({
    path: asked,
    answered: path,
    data: undefined,
    problem: undefined,
    loading: true,
  });
  const liveNow = useRef(live);
  liveNow.current = live;
  useEffect(() => {
    if (path === '') return;
    const aborter = new AbortController();
    let timer = 0;
    const turn = async (first: boolean): Promise<void> => {
      let took = 0;
      if (first || (liveNow.current && !document.hidden)) {
        const before = performance.now();
        try {
          const data = await ask<T>(path, { signal: aborter.signal });
          setReport({ path: asked, answered: path, data, problem: undefined, loading: false });
        } catch (error) {
          if (aborter.signal.aborted) return;
          setReport((last) => {
            const data = last.answered === path ? last.data : undefined;
            const problem = problemOf(error, { isShown: data !== undefined, isLive: liveNow.current });
            return { path: asked, answered: path, data, problem, loading: false };
          });
        }
        took = performance.now() - before;
      }
      timer = window.setTimeout(() => turn(false), Math.max(everyMs, REST_PER_ASKING * took));
    };
    setReport((last) => ({ ...last, loading: true }));
    turn(true);
    return () => {
      aborter.abort();
      clearTimeout(timer);
    };
  }, [path, version]);
  return { ...report, path: meant(report.path) === answered ? report.path : '' };
}
