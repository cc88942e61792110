// The answer to a request: status, content type and body.
// Not here: choosing it (dispatch.ts, api.ts), its headers (handler.ts).

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  /** When to ask again, with status 429 or 503. */
  readonly retryAfterSeconds?: number;
}

export function jsonAnswer(status: number, value: unknown): Answer {
  return { status, contentType: 'application/json; charset=utf-8', body: JSON.stringify(value) };
}

/** It cannot be answered now. */
export function notNow(problem: { error: string; hint: string }, retryAfterSeconds: number): Answer {
  return { ...jsonAnswer(503, problem), retryAfterSeconds };
}
