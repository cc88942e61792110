// A sparkline: bars of one height scale, with no axis; the number beside it says how much.
// Not here: the values (reports/trends).

export function Spark({ values }: { values: readonly number[] | undefined }) {
  if (values === undefined) return <span class="spark" />;
  const tallest = Math.max(...values);
  return (
    <svg class="spark" viewBox={`0 0 ${4 * values.length} 24`} preserveAspectRatio="none" aria-hidden="true">
      {values.map((value, at) => {
        const height = tallest === 0 || value === 0 ? 0 : Math.max(1.5, (24 * value) / tallest);
        return <rect key={at} x={4 * at} width={3} y={24 - height} height={height} />;
      })}
    </svg>
  );
}
