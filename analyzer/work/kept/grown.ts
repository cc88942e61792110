// Makes room in an array of numbers.
// Not here: how much (its callers double it).

type Numbers = Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** The same numbers with zeros behind them. @param room numbers, those of before among them */
export function grown<Of extends Numbers>(numbers: Of, room: number): Of {
  const larger = new (numbers.constructor as new (length: number) => Of)(room);
  larger.set(numbers);
  return larger;
}
