// Values by source over time, stacked: bars in the colours of the sources.
// Invariant: a bar's parts are in one order everywhere, and add up to the whole. Not here: which values (the views).

import { useMemo } from 'preact/hooks';
import type uPlot from 'uplot';
import { colourOf } from '../data/sources.js';
import type { Pin } from './pins.js';
import { axes, bars, everyStep, fromZero, Plot, type PlotTheme } from './plot.js';

export interface StackProps<Point> {
  readonly label: string;
  readonly points: ReadonlyArray<Point & { readonly at: string }>;
  readonly stepMs: number;
  /** From the bottom up. */
  readonly names: readonly string[];
  readonly amountOf: (point: Point, name: string) => number;
  readonly format: (value: number) => string;
  /** Each bar is 100 %. */
  readonly isShare?: boolean;
  readonly height: number;
  readonly pins?: readonly Pin[];
  readonly onBrush?: (sinceMs: number, untilMs: number) => void;
}

export function Stack<Point>(props: StackProps<Point>) {
  const { label, points, stepMs, names, amountOf, format, isShare = false, height, pins, onBrush } = props;
  const { data, values } = useMemo(
    () => stacked({ points, stepMs, names, amountOf, isShare }),
    [points, stepMs, names, isShare],
  );
  const readout = (at: number): string => {
    const parts = names
      .map((name, index) => [name, values[index]?.[at] ?? 0] as const)
      .filter(([, value]) => value > 0);
    return parts.length === 0 ? 'nothing' : parts.map(([name, value]) => `${name} ${format(value)}`).join(' · ');
  };
  return (
    <Plot
      label={label}
      data={data}
      height={height}
      options={(theme) => optionsOf(theme, { names, format, isShare })}
      optionsKey={`${names.join(' ')} ${isShare}`}
      stepMs={stepMs}
      pins={pins}
      onBrush={onBrush}
      readout={readout}
    />
  );
}

type Stacked<Point> = Pick<StackProps<Point>, 'points' | 'stepMs' | 'names' | 'amountOf'> & { isShare: boolean };

/** Layers up to and including each source, the last source first: each is drawn over the one before. */
function stacked<Point>({ points, stepMs, names, amountOf, isShare }: Stacked<Point>): {
  data: uPlot.AlignedData;
  values: number[][];
} {
  const { times, at } = everyStep(points, stepMs);
  const layers: Array<Array<number | null>> = names.map(() => []);
  const values: number[][] = names.map(() => []);
  for (const point of at) {
    const each = names.map((name) => (point === undefined ? 0 : amountOf(point as Point, name)));
    const whole = each.reduce((sum, value) => sum + value, 0);
    let upTo = 0;
    for (const [index, value] of each.entries()) {
      const part = isShare ? (whole === 0 ? 0 : (100 * value) / whole) : value;
      upTo += part;
      values[index].push(part);
      layers[index].push(whole === 0 ? null : upTo);
    }
  }
  return { data: [times, ...layers.reverse()], values };
}

function optionsOf(
  theme: PlotTheme,
  { names, format, isShare }: { names: readonly string[]; format: (value: number) => string; isShare: boolean },
): Omit<uPlot.Options, 'width' | 'height'> {
  return {
    scales: { y: { range: isShare ? () => [0, 100] : fromZero } },
    axes: axes(theme, format),
    series: [
      {},
      ...[...names].reverse().map((name): uPlot.Series => {
        const colour = theme.colour(colourOf(name));
        return { label: name, stroke: colour, fill: colour, width: 0, paths: bars(), points: { show: false } };
      }),
    ],
  };
}
