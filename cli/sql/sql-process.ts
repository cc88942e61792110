// Runs people's SQL in a process of its own, because SQLite within this one could not be stopped.
// Invariant: `run` settles at its time limit and when it is cancelled; the process does not outlive this one.
// Not here: what the process does (sql-child.ts), reading and printing (../commands/sql.ts).

import { type ChildProcess, fork } from 'node:child_process';
import { RuntimeError, UsageError } from '../../config/values/errors.js';
import type { ShellAnswer } from '../../storage/sqlite/read/shell.js';
import { type RunQuestion, type SqlRunner, startLimit } from './sql-runner.js';

/** Within the time limit of `run`. */
export type SqlQuestion = Omit<RunQuestion, 'timeoutMs' | 'limit'>;

export type SqlReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly answer: ShellAnswer }
  /** Of the statement. */
  | { readonly kind: 'mistake'; readonly message: string }
  /** Of the disk. */
  | { readonly kind: 'failed'; readonly message: string; readonly hint: string };

interface Waiting {
  take: (reply: SqlReply) => void;
  fail: (error: Error) => void;
}

const NARROWER = 'raise --timeout, or narrow it: WHERE, one span_s, an end to WITH RECURSIVE';
const CHILD = new URL('./sql-child.js', import.meta.url);

export class SqlProcess implements SqlRunner {
  readonly tablesSql = "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY type DESC, name";
  readonly #dataDir: string;
  #child: ChildProcess | undefined;
  #waiting: Waiting | undefined;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        this.close();
        // Nobody handles it any more, so it ends this process as it would have.
        process.kill(process.pid, signal);
      });
    }
  }

  /** Rejects with RuntimeError where there is no database of ours. */
  async open(): Promise<void> {
    if (this.#child !== undefined) return;
    const child = fork(CHILD, [this.#dataDir], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    child.on('message', (reply: SqlReply) => this.#waiting?.take(reply));
    child.on('error', (error) => this.#end(child, error));
    child.on('exit', (code, signal) => {
      const how = signal ?? `exit code ${code}`;
      this.#end(child, new RuntimeError(`the process that ran the statement ended (${how})`, { where: 'sql' }));
    });
    try {
      await this.#reply();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Runs one statement. `timeoutMs` 0 = as long as it takes. Rejects with UsageError for a mistake in it, RuntimeError
   * for the disk, the time limit and `cancel`.
   */
  async run({ timeoutMs, limit, ...question }: RunQuestion): Promise<ShellAnswer> {
    await this.open();
    const timer = startLimit({ timeoutMs, limit }, { hint: NARROWER, stop: (reason) => this.#kill(reason) });
    try {
      const reply = this.#reply();
      this.#child?.send(question satisfies SqlQuestion);
      const { answer } = (await reply) as Extract<SqlReply, { kind: 'answer' }>;
      return answer;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Stops the statement that runs. Returns false if none does. */
  cancel(): boolean {
    if (this.#waiting === undefined) return false;
    this.#kill(new RuntimeError('cancelled', { where: 'sql' }));
    return true;
  }

  close(): void {
    this.#kill(new RuntimeError('closed', { where: 'sql' }));
  }

  #reply(): Promise<SqlReply> {
    return new Promise((resolve, reject) => {
      this.#waiting = {
        take: (reply) => {
          this.#waiting = undefined;
          if (reply.kind === 'mistake') {
            reject(new UsageError(reply.message, { where: 'sql', hint: 'see docs/SQL.md for tables and views' }));
          } else if (reply.kind === 'failed') reject(new RuntimeError(reply.message, reply));
          else resolve(reply);
        },
        fail: (error) => {
          this.#waiting = undefined;
          reject(error);
        },
      };
    });
  }

  /** A reader that is killed leaves nothing behind: the system drops its locks. The next statement gets a new one. */
  #kill(reason: Error): void {
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGKILL');
    this.#end(child, reason);
  }

  #end(child: ChildProcess, reason: Error): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#waiting?.fail(reason);
  }
}
