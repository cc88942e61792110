// The words for statements that no place of the code sends itself: what gives or loads them.
// Invariant: terminal and page say the same. Not here: inferring (audit/inferred.ts).

export function inferredText(by: 'cursor' | 'relationship'): string {
  return by === 'cursor' ? 'rows of the cursor declared at' : 'loaded by a relationship of the model at';
}
