// Runs the thread of reports: it answers the API from a database connection of its own.
// It has the observer's low priority.
// Invariant: a report over the whole store delays neither observing nor a scrape.
// Not here: its start and end (reports-thread.ts).

import { parentPort, workerData } from 'node:worker_threads';
import { giveWayToTraffic } from '../../config/process/niceness.js';
import { threadId } from '../../config/process/thread-cpu.js';
import { openFleetStore } from '../../reports/questions/fleet-store.js';
import { openReader } from '../../storage/sqlite/read/reader.js';
import { setMark } from '../../storage/sqlite/write/mark-writer.js';
import { StoreError } from '../../storage/store-error.js';
import { Api } from '../http/api.js';
import { AskedLive } from '../http/live-reader.js';
import { type FromReports, failed, type ReportsStart, type ToReports } from './messages.js';

const port = parentPort!;

function main({ dataDir, store, observes, files }: ReportsStart): void {
  say({ kind: 'begun', thread: threadId() });
  // On Linux this sets the priority of this thread alone.
  giveWayToTraffic();
  const file = store === undefined ? openReader(dataDir) : undefined;
  const live = observes ? new AskedLive((id, question) => say({ kind: 'live-asked', id, question })) : undefined;
  const api = new Api({
    reader: file ?? openFleetStore(store!),
    files,
    live,
    // Marks of a fleet are set where they are made: at its sidecars.
    setMark: file === undefined ? undefined : (mark) => setMark(dataDir, mark),
    onDamage: sayDamage,
  });
  port.on('message', (message: ToReports) => {
    if (message.kind === 'live') return live?.take(message.id, message.answer);
    if (message.kind === 'storing') return file?.tellUnstored(message.unstoredSinceMs);
    void answer(message);
  });

  async function answer({ id, url }: { id: number; url: string }): Promise<void> {
    try {
      const { body, ...rest } = await api.answer(url);
      // Transferred, not copied, to the HTTP thread.
      const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
      say({ kind: 'answer', id, answer: { ...rest, body: bytes } }, [bytes.buffer as ArrayBuffer]);
    } catch (error) {
      say({ kind: 'fault', id, message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
  say({ kind: 'ready' });
}

function say(message: FromReports, transferred: ArrayBuffer[] = []): void {
  port.postMessage(message, transferred);
}

function sayDamage(reason: string): void {
  say({ kind: 'damage-met', reason });
}

try {
  main(workerData as ReportsStart);
} catch (error) {
  if (error instanceof StoreError && error.code === 'corrupt') sayDamage(error.message);
  say(failed(error));
  port.close();
}
