// Announces an open session to an observer that has come, or that keeps up again.
// Invariant: the record is marked as resumed, so that the session counts once. Not here: when (link.ts), what the
// session tells again (session/session.ts).

import type { SessionState } from '../session/session-state.js';
import type { SessionOpened } from '../stream/observation.js';
import type { BatchWriter } from '../stream/writer.js';
import { readyFields } from './statement-fields.js';

/** An open session as the link announces it. */
export interface AnnouncedSession {
  opened: Omit<SessionOpened, 'kind' | 'resumed'>;
  session: { readonly state: SessionState; tellAgain(): void };
}

export function announce({ opened, session }: AnnouncedSession, writer: BatchWriter): void {
  writer.sessionOpened({ ...opened, resumed: true });
  session.tellAgain();
  if (!session.state.starting) writer.sessionReady(readyFields(session.state));
}
