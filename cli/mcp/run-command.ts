// Runs a command of pgwitness in a process of its own and keeps what it printed.
// Invariant: bounded in number, time and output; a process ends with the server, or when nobody waits for it.
// Not here: what is run (tools.ts), how much of it is passed on (bounded-answer.ts).

import { type ChildProcess, spawn } from 'node:child_process';

export interface Ran {
  /** null where it was stopped. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it was stopped. */
  readonly stopped?: 'time' | 'output' | 'cancelled';
}

/** Each reads the store, which may take seconds of a core: assistants ask several things at once. */
const TOGETHER_MAX = 2;
export const TIME_MS_MAX = 120_000;
const OUTPUT_BYTES_MAX = 32 * 1024 * 1024;

const running = new Set<ChildProcess>();
const waiting: (() => void)[] = [];

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** `main`: the file of the command line. Never rejects for what the command does. */
export async function runCommand(main: string, args: readonly string[], cancelled: AbortSignal): Promise<Ran> {
  if (running.size >= TOGETHER_MAX) await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    if (cancelled.aborted) return { code: null, stdout: '', stderr: '', stopped: 'cancelled' };
    return await run(main, args, cancelled);
  } finally {
    waiting.shift()?.();
  }
}

function run(main: string, args: readonly string[], cancelled: AbortSignal): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let stopped: Ran['stopped'];
    const stop = (why: Ran['stopped']): void => {
      stopped ??= why;
      child.kill('SIGKILL');
    };
    const onCancel = (): void => stop('cancelled');
    cancelled.addEventListener('abort', onCancel, { once: true });
    const timer = setTimeout(() => stop('time'), TIME_MS_MAX);
    const kept: { stdout: Buffer[]; stderr: Buffer[]; bytes: number } = { stdout: [], stderr: [], bytes: 0 };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        kept.bytes += chunk.length;
        if (kept.bytes > OUTPUT_BYTES_MAX) stop('output');
        else kept[name].push(chunk);
      });
    }
    const end = (): void => {
      running.delete(child);
      clearTimeout(timer);
      cancelled.removeEventListener('abort', onCancel);
    };
    child.on('error', (error) => {
      end();
      reject(error);
    });
    child.on('close', (code) => {
      end();
      const text = (name: 'stdout' | 'stderr'): string => Buffer.concat(kept[name]).toString('utf8');
      resolve({ code, stdout: text('stdout'), stderr: text('stderr'), stopped });
    });
  });
}
