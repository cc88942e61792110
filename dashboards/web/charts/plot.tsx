// A uPlot chart as a Preact component: it follows its width, the colour scheme and new data.
// Invariant: every chart has a name for screen readers, and its view shows the same numbers as text. What is drawn of
// time that is not over is pale. Not here: what is drawn, marks (pins.tsx).

import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { moment } from '../data/format.js';
import { type Pin, Pins, type PlotArea } from './pins.js';

export interface PlotTheme {
  /** Value of a custom property of look/colours.css. */
  colour(property: string): string;
}

export interface PlotProps {
  /** What the chart shows, for screen readers. */
  readonly label: string;
  /** Seconds since the Unix epoch, then a list per series. */
  readonly data: uPlot.AlignedData;
  readonly height: number;
  /** Called again when the colour scheme changes. */
  readonly options: (theme: PlotTheme) => Omit<uPlot.Options, 'width' | 'height'>;
  /** Changes whenever the result of `options` would. */
  readonly optionsKey: string;
  /** Length of a point. */
  readonly stepMs: number;
  /** Moments that are marked. */
  readonly pins?: readonly Pin[];
  /** A stretch was chosen with the pointer, in Unix ms. */
  readonly onBrush?: (sinceMs: number, untilMs: number) => void;
  /** The values at a point, in words, for the pointer. */
  readonly readout?: (at: number) => string;
}

export function Plot({ label, data, height, options, optionsKey, stepMs, pins = [], onBrush, readout }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [area, setArea] = useState<PlotArea | undefined>(undefined);
  const [pointed, setPointed] = useState<number | null>(null);
  const latest = useRef({ onBrush, stepMs });
  latest.current = { onBrush, stepMs };
  const scheme = useColourScheme();
  useEffect(() => {
    const element = place.current!;
    const style = getComputedStyle(document.documentElement);
    const theme = { colour: (property: string) => style.getPropertyValue(property).trim() };
    const hooks: uPlot.Hooks.Arrays = {
      draw: [
        (drawn) => {
          paleUnfinished(drawn, { stepMs: latest.current.stepMs, theme });
          setArea((last) => areaOf(drawn, last));
        },
      ],
      setCursor: [(drawn) => setPointed(drawn.cursor.idx ?? null)],
      setSelect: [(drawn) => brushed(drawn, latest.current.onBrush)],
    };
    const shared: Partial<uPlot.Options> = {
      padding: PADDING,
      legend: { show: false },
      cursor: { y: false, drag: { x: onBrush !== undefined, y: false, setScale: false } },
    };
    const made = new uPlot({ ...shared, ...options(theme), hooks, width: element.clientWidth, height }, data, element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [optionsKey, scheme, height]);
  useEffect(() => plot.current?.setData(data), [data]);
  return (
    <div class="chart">
      <div class="plot" ref={place} role="img" aria-label={label} />
      {area !== undefined && pins.length > 0 && <Pins pins={pins} area={area} />}
      {readout !== undefined && (
        <p class="readout" aria-hidden="true">
          {pointed !== null && data[0][pointed] !== undefined
            ? `${moment(new Date(data[0][pointed] * 1_000).toISOString())}: ${readout(pointed)}`
            : onBrush === undefined
              ? ' '
              : 'Drag over the chart to look at a stretch of time.'}
        </p>
      )}
    </div>
  );
}

/** Room for the right half of the last label. */
const PADDING: uPlot.Padding = [18, 26, null, null];
/** Narrower than this is a click, not a stretch. */
const BRUSH_PX_MIN = 6;

function brushed(plot: uPlot, onBrush: PlotProps['onBrush']): void {
  const { left, width } = plot.select;
  if (onBrush === undefined || width < BRUSH_PX_MIN) return;
  onBrush(1_000 * plot.posToVal(left, 'x'), 1_000 * plot.posToVal(left + width, 'x'));
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

/** The last step may not be over: what is counted in it so far is not all. */
function paleUnfinished(plot: uPlot, { stepMs, theme }: { stepMs: number; theme: PlotTheme }): void {
  const last = plot.data[0].at(-2) ?? plot.data[0].at(-1);
  if (last === undefined || last * 1_000 + stepMs <= Date.now()) return;
  const { left, top, width, height } = plot.bbox;
  const from = Math.max(left, plot.valToPos(last, 'x', true));
  plot.ctx.save();
  plot.ctx.globalAlpha = 0.55;
  plot.ctx.fillStyle = theme.colour('--back');
  plot.ctx.fillRect(from, top, left + width - from, height);
  plot.ctx.restore();
}

function areaOf(plot: uPlot, last: PlotArea | undefined): PlotArea {
  const { min = 0, max = 0 } = plot.scales.x;
  const next = {
    sinceS: min ?? 0,
    untilS: max ?? 0,
    left: plot.bbox.left / devicePixelRatio,
    top: plot.bbox.top / devicePixelRatio,
    width: plot.bbox.width / devicePixelRatio,
    height: plot.bbox.height / devicePixelRatio,
  };
  const same =
    last !== undefined && (Object.keys(next) as Array<keyof PlotArea>).every((key) => next[key] === last[key]);
  return same ? last : next;
}

/** No bucket is shorter than a minute, so no label needs to be either. */
const INCREMENTS_S = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => 60 * minutes),
  ...[1, 2, 3, 6, 12].map((hours) => 3_600 * hours),
  ...[1, 2, 7, 14, 28, 91, 182, 364].map((days) => 86_400 * days),
];
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const DAY = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });

/** The time of day, with the day below it where one begins; only days for long ranges. */
function timesOf(splits: readonly number[], incrementS: number): string[] {
  let before = '';
  return splits.map((seconds) => {
    const date = new Date(seconds * 1000);
    const day = DAY.format(date);
    if (incrementS >= 86_400) return day;
    const isNew = day !== before;
    before = day;
    return isNew ? `${CLOCK.format(date)}\n${day}` : CLOCK.format(date);
  });
}

/** The axes of every chart. `format` writes a value of the y axis, whose unit is part of it. */
export function axes(theme: PlotTheme, format: (value: number) => string): uPlot.Axis[] {
  const shared = {
    stroke: theme.colour('--dim'),
    font: FONT,
    grid: { stroke: theme.colour('--line'), width: 1 },
    ticks: { stroke: theme.colour('--line'), width: 1 },
  };
  const times: uPlot.Axis = {
    ...shared,
    incrs: INCREMENTS_S,
    space: 64,
    values: (_: uPlot, splits: number[], __: number, ___: number, incrementS: number) => timesOf(splits, incrementS),
  };
  return [
    times,
    {
      ...shared,
      size: 62,
      values: (_: uPlot, splits: number[]) => splits.map((value) => (value === 0 ? '0' : format(value))),
    },
  ];
}

const FONT = '12px system-ui, sans-serif';

/**
 * Points at every step from the first to the last, undefined where nothing was: a gap is drawn as a gap. One more
 * ends the last bar. `window`: from its start, where it is given.
 */
export function everyStep<T>(
  points: ReadonlyArray<T & { at: string }>,
  stepMs: number,
): { times: number[]; at: Array<T | undefined> } {
  const byTime = new Map(points.map((point) => [Date.parse(point.at), point]));
  const known = [...byTime.keys()];
  const times: number[] = [];
  const at: Array<T | undefined> = [];
  if (known.length === 0) return { times, at };
  for (let time = known[0]; time <= known.at(-1)! + stepMs; time += stepMs) {
    times.push(time / 1000);
    at.push(byTime.get(time));
  }
  return { times, at };
}

/** "light" or "dark", as chosen on the page or by the system. */
function useColourScheme(): string {
  const [scheme, setScheme] = useState(currentScheme);
  useEffect(() => {
    const follow = (): void => setScheme(currentScheme());
    const media = matchMedia('(prefers-color-scheme: dark)');
    media.addEventListener('change', follow);
    const observer = new MutationObserver(follow);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-scheme'] });
    return () => {
      media.removeEventListener('change', follow);
      observer.disconnect();
    };
  }, []);
  return scheme;
}

export function currentScheme(): string {
  const chosen = document.documentElement.dataset.scheme;
  return chosen ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
}

/** Bars as wide as a step. */
export function bars(): uPlot.Series.PathBuilder {
  return uPlot.paths.bars!({ size: [1, Number.POSITIVE_INFINITY], align: 1 });
}

/** A scale that starts at 0 and is never empty. */
export function fromZero(_: uPlot, __: number, max: number | null): [number, number] {
  return [0, (max ?? 0) > 0 ? max! * 1.08 : 1];
}
