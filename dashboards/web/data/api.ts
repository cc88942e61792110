// Asks the observer, and asks again while a view is live.
// Invariant: a view never asks twice at once, and asking takes at most a twentieth of the time, however long an
// answer takes.
// Not here: what is answered (dashboards/http).

import { useEffect, useRef, useState } from 'preact/hooks';

const TOKEN_KEY = 'pgwitness-token';
const LIVE_INTERVAL_MS = 5_000;
const REST_PER_ASKING = 20;

export class ApiProblem extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
}

/** Rejects with ApiProblem, whose message is for a person; status 0 = no answer. */
async function ask<T>(path: string, signal?: AbortSignal): Promise<T> {
  const token = sessionStorage.getItem(TOKEN_KEY);
  let response: Response;
  try {
    response = await fetch(path, { signal, headers: token === null ? {} : { authorization: `Bearer ${token}` } });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiProblem('pgwitness does not answer. The page shows its last answer.', 0);
  }
  const body: unknown = await response.json().catch(() => ({}));
  if (response.ok) return body as T;
  const { error = `the answer is ${response.status}`, hint = '' } = body as { error?: string; hint?: string };
  throw new ApiProblem(hint === '' ? error : `${error}: ${hint}`, response.status);
}

export interface Report<T> {
  /** The last answer to this path. */
  readonly data: T | undefined;
  readonly problem: ApiProblem | undefined;
  readonly loading: boolean;
}

/** Asks at once, again and again while `live`, and whenever `version` changes. */
export function useReport<T>(path: string, { live, version = 0 }: { live: boolean; version?: number }): Report<T> {
  const [report, setReport] = useState<Report<T> & { path: string }>({
    path,
    data: undefined,
    problem: undefined,
    loading: true,
  });
  const liveNow = useRef(live);
  liveNow.current = live;
  useEffect(() => {
    const aborter = new AbortController();
    let timer = 0;
    const turn = async (first: boolean): Promise<void> => {
      let took = 0;
      if (first || (liveNow.current && !document.hidden)) {
        const before = performance.now();
        try {
          const data = await ask<T>(path, aborter.signal);
          setReport({ path, data, problem: undefined, loading: false });
        } catch (error) {
          if (aborter.signal.aborted) return;
          const problem = error instanceof ApiProblem ? error : new ApiProblem(String(error), 0);
          setReport((last) => ({ path, data: last.path === path ? last.data : undefined, problem, loading: false }));
        }
        took = performance.now() - before;
      }
      timer = window.setTimeout(() => turn(false), Math.max(LIVE_INTERVAL_MS, REST_PER_ASKING * took));
    };
    setReport((last) => ({ ...last, loading: true }));
    turn(true);
    return () => {
      aborter.abort();
      clearTimeout(timer);
    };
  }, [path, version]);
  return report;
}
