// Findings as lines: each with its severity, its place and its cost.
// Not here: all of one (finding-view.tsx).

import type { findingsJson } from '../../../../reports/forms/findings-json.js';
import { type Address, linkTo } from '../../data/address.js';
import { count, duration } from '../../data/format.js';

export type Finding = ReturnType<typeof findingsJson>['findings'][number];

export function FindingLines({ address, findings }: { address: Address; findings: readonly Finding[] }) {
  return (
    <ul class="lines">
      {findings.map((finding) => (
        <li key={finding.id}>
          <a href={linkTo(address, { view: 'findings', id: finding.id })}>{finding.title}</a>
          <span class="below-line">
            <span class={`severity ${finding.severity}`}>{finding.severity}</span> {finding.callers[0] ?? ''} ·{' '}
            {count(finding.units)} requests · {duration(finding.cost_ms_per_day)} a day
          </span>
        </li>
      ))}
    </ul>
  );
}
