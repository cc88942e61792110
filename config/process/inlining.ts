// Has V8 compile the observing process's steps of a statement into few pieces of code.
// Why: they are many small functions in many files. V8 stops inlining after 920 bytes of bytecode, so that a statement
// makes dozens of calls, a tenth and more of what it costs (bench/pipeline.mjs). A Node without these flags says
// so on stderr and goes on.
// Invariant: nothing changes but compiled code, which is larger and takes longer to make. Not here: the heap
// (young-objects.ts).

import { setFlagsFromString } from 'node:v8';

/** Bytes of bytecode: of all that one function inlines, below V8's last limit (4,600); of one that is inlined. */
const ALL_BYTES_MAX = 4_000;
const ONE_BYTES_MAX = 1_000;

/** Call it once, at the start. */
export function inlineMore(): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${ALL_BYTES_MAX}`);
  setFlagsFromString(`--max-inlined-bytecode-size=${ONE_BYTES_MAX}`);
}
