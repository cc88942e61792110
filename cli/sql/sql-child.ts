// Answers the questions of a SqlProcess, one at a time, until its parent is gone.
// Invariant: it ends with its parent, also in the middle of a statement.
// Not here: SQLite (storage/sqlite/read/shell.ts), time limits (sql-process.ts).

import '../../config/process/no-inspector.js';
import { Worker } from 'node:worker_threads';
import { SqlShell } from '../../storage/sqlite/read/shell.js';
import type { SqlQuestion, SqlReply } from './sql-process.js';

const reply = (message: SqlReply): void => {
  process.send?.(message);
};

function fault(error: unknown): SqlReply {
  const { name, message, hint = '' } = error as Error & { hint?: string };
  return name === 'ShellError' ? { kind: 'mistake', message } : { kind: 'failed', message, hint };
}

process.once('disconnect', () => process.exit());
// Within a statement this thread hears nothing, so another one looks for the parent.
const watch = new Worker(new URL('./parent-watch.js', import.meta.url), { workerData: process.ppid });
watch.unref();
watch.once('online', () => {
  try {
    const shell = new SqlShell(process.argv[2]);
    process.on('message', ({ sql, rowsMax }: SqlQuestion) => {
      try {
        reply({ kind: 'answer', answer: shell.run(sql, { rowsMax }) });
      } catch (error) {
        reply(fault(error));
      }
    });
    reply({ kind: 'ready' });
  } catch (error) {
    reply(fault(error));
  }
});
