// Tells requests of the application apart by the trace or request id in comments.
// Invariant: a request counts once per statement, on however many connections it runs. Memory is bounded: an id that
// comes again after thousands of others counts anew, and at most requestStatementsMax statements of a request are
// counted. Not here: which tag is the id (notable/request-tags.ts), counts (rollup/).

import { limits } from '../../config/limits.js';

export class RequestWatch {
  /**
   * Request id → fingerprints it ran. An id that is used moves to the young generation; the old one is dropped whole.
   */
  #young = new Map<string, Set<string>>();
  #old = new Map<string, Set<string>>();
  /** Statements of the young generation. */
  #statements = 0;

  /** True for the first execution of this statement in this request; false where there is no id. */
  isFirst(id: string, fingerprint: string): boolean {
    if (id === '') return false;
    const statements = this.#young.get(id) ?? this.#recall(id);
    if (statements.has(fingerprint) || statements.size >= limits.requestStatementsMax) return false;
    statements.add(fingerprint);
    this.#statements++;
    return true;
  }

  #recall(id: string): Set<string> {
    if (this.#young.size >= limits.requestsMax || this.#statements >= limits.requestsStatementsMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#statements = 0;
    }
    const statements = this.#old.get(id) ?? new Set();
    this.#old.delete(id);
    this.#young.set(id, statements);
    this.#statements += statements.size;
    return statements;
  }
}
