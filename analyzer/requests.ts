// Requests of the application on one connection, told apart by the trace or request id in comments.
// Invariant: a request counts once per statement while its id stays the last one seen; bounded. Two requests that take turns on one
// connection, statement by statement, count more than once: pools hand a connection to one request at a time.
// Not here: which tag is the id (samples.ts), counts (rollup/).

const STATEMENTS_MAX = 1_000;

export class RequestWatch {
  #id = '';
  readonly #seen = new Set<string>();

  /** True for the first execution of this statement in this request; false where there is no id. */
  isFirst(id: string, fingerprint: string): boolean {
    if (id === '') return false;
    if (id !== this.#id) {
      this.#id = id;
      this.#seen.clear();
    } else if (this.#seen.has(fingerprint)) return false;
    if (this.#seen.size < STATEMENTS_MAX) this.#seen.add(fingerprint);
    return true;
  }
}
