// A uPlot chart as a Preact component: it follows its width, the colour scheme and new data.
// Invariant: every chart has a name for screen readers, and its view shows the same numbers as text. Not here: what
// is drawn.

import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { duration, moment } from '../data/format.js';

export interface PlotTheme {
  /** Value of a custom property of app.css. */
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
}

export function Plot({ label, data, height, options, optionsKey }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const scheme = useColourScheme();
  useEffect(() => {
    const element = place.current!;
    const style = getComputedStyle(document.documentElement);
    const theme = { colour: (property: string) => style.getPropertyValue(property).trim() };
    const made = new uPlot({ padding: PADDING, ...options(theme), width: element.clientWidth, height }, data, element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [optionsKey, scheme, height]);
  useEffect(() => plot.current?.setData(data), [data]);
  return <div class="plot" ref={place} role="img" aria-label={label} />;
}

/** Room for the right half of the last label. */
const PADDING: uPlot.Padding = [8, 26, null, null];

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

/** The times, as the legend writes them. */
export const TIMES: uPlot.Series = {
  label: 'from',
  value: (_: uPlot, seconds: number | null) =>
    seconds === null ? '–' : moment(new Date(seconds * 1000).toISOString()),
};

/** The axes of every chart. `format` writes a value of the y axis. */
export function axes(theme: PlotTheme, format: (value: number) => string): uPlot.Axis[] {
  const shared = {
    stroke: theme.colour('--dim'),
    grid: { stroke: theme.colour('--line'), width: 1 },
    ticks: { stroke: theme.colour('--line'), width: 1 },
  };
  const times: uPlot.Axis = {
    ...shared,
    incrs: INCREMENTS_S,
    space: 64,
    values: (_: uPlot, splits: number[], __: number, ___: number, incrementS: number) => timesOf(splits, incrementS),
  };
  return [times, { ...shared, size: 70, values: (_: uPlot, splits: number[]) => splits.map(format) }];
}

/**
 * Points at every step from the first to the last, undefined where nothing was: a gap is drawn as a gap. One more
 * ends the last bar.
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

/** A value of the legend. */
export function durationValue(_: uPlot, ms: number | null): string {
  return duration(ms);
}
