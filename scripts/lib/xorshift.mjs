// Repeatable random numbers, unlike Math.random.

/** Numbers from 0 to below 1, the same ones each time. @returns {() => number} */
export function xorshift() {
  let state = 2463534242;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
