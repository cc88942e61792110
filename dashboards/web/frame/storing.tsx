// Says above every view when what is observed is not stored.
// Not here: answers that fail (each view says its own).

import { useReport } from '../data/api.js';
import { moment } from '../data/format.js';

interface StatusJson {
  readonly storing: { failing: boolean; stored_until: string | null };
}

export function Storing({ live, version }: { live: boolean; version: number }) {
  const { data } = useReport<StatusJson>('/api/v1/status?since=15m', { live, version });
  if (!data?.storing.failing) return null;
  const { stored_until: until } = data.storing;
  return (
    <p class="problem banner" role="alert">
      The store takes nothing{until === null ? '' : ` since ${moment(until)}`}: what ran later waits in memory, and is
      not in these numbers. Look at the disk of the data directory and at the log of the observer.
    </p>
  );
}
