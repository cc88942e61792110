// Marks and findings over a chart: lines and points that are links.
// Invariant: each is an element of the document, so that keyboard and screen reader reach it. Not here: the chart
// (plot.tsx), which moments these are (the views).

import { moment } from '../data/format.js';

export interface Pin {
  readonly atMs: number;
  /** A mark is a line with its name, a finding a point. */
  readonly kind: 'mark' | 'finding';
  readonly title: string;
  readonly href: string;
}

/** Where the chart has drawn, in px, and for which time. */
export interface PlotArea {
  readonly sinceS: number;
  readonly untilS: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A name needs so much room; where there is less, its line is enough. */
const NAME_PX = 110;

export function Pins({ pins, area }: { pins: readonly Pin[]; area: PlotArea }) {
  const { sinceS, untilS, left, top, width, height } = area;
  // The newest first, so that of two that are close its name is the one that is written.
  let namedFrom = Number.POSITIVE_INFINITY;
  const placed = [...pins]
    .sort((a, b) => b.atMs - a.atMs)
    .filter(({ atMs }) => atMs >= sinceS * 1_000 && atMs <= untilS * 1_000)
    .map((pin) => {
      const x = left + (width * (pin.atMs / 1_000 - sinceS)) / Math.max(1, untilS - sinceS);
      const flipped = x + NAME_PX > left + width;
      const [from, to] = flipped ? [x - NAME_PX, x] : [x, x + NAME_PX];
      const named = pin.kind === 'mark' && to <= namedFrom && from >= 0;
      if (named) namedFrom = from;
      return { pin, x, named, flipped };
    })
    .reverse();
  return (
    <ul class="pins" aria-label="Marks and findings">
      {placed.map(({ pin, x, named, flipped }) => (
        <li
          key={`${pin.kind} ${pin.atMs} ${pin.title}`}
          style={{ left: `${x}px`, top: `${top}px`, height: `${height}px` }}
        >
          <a
            class={`pin ${pin.kind}${flipped ? ' flipped' : ''}`}
            href={pin.href}
            title={`${moment(new Date(pin.atMs).toISOString())}: ${pin.title}`}
          >
            <span class={named ? 'name' : 'sr-only'}>{pin.title}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
