// Collapses repeats in a sequence: A A A is one line, A B A B A B are two lines that take turns.
// Invariant: every execution is in one line, and lines are in the order in which they first came.
// Not here: printing (cli/views).

/** Executions that a line stands for. */
export interface Line<Item> {
  readonly items: Item[];
  /** Its place among lines that take turns; 'alone' = it takes turns with none. */
  place: 'alone' | 'first' | 'inner' | 'last';
}

/** Lines in a turn; longer turns are not looked for. */
const TURN_MAX = 8;

/** Lines that came as they stand, or in turns: then with what alike turns sent. */
interface Block<Item> {
  readonly key: number;
  readonly lines: Item[][];
}

/** Items with an equal key are alike. */
export function collapsed<Item>(items: readonly Item[], keyOf: (item: Item) => string): Line<Item>[] {
  const keys = new Map<string, number>();
  const keyFor = (text: string): number => {
    const known = keys.get(text);
    if (known !== undefined) return known;
    keys.set(text, keys.size);
    return keys.size - 1;
  };
  let blocks: Block<Item>[] = items.map((item) => ({ key: keyFor(`one ${keyOf(item)}`), lines: [[item]] }));
  for (let turn = 1; turn <= TURN_MAX; turn++) {
    // Once a turn is found, it may itself be repeated.
    for (let before = 0; before !== blocks.length; ) {
      before = blocks.length;
      blocks = withoutTurns(blocks, { turn, keyFor });
    }
  }
  return blocks.flatMap(({ lines }) => lines.map((items, at) => ({ items, place: placeOf(at, lines.length) })));
}

/** One pass: neighbours of `turn` blocks that come again right after become one. */
function withoutTurns<Item>(
  blocks: readonly Block<Item>[],
  { turn, keyFor }: { turn: number; keyFor: (text: string) => number },
): Block<Item>[] {
  const out: Block<Item>[] = [];
  for (let at = 0; at < blocks.length; ) {
    let end = at + turn;
    while (isSame(blocks, { at, other: end, turn })) end += turn;
    if (end === at + turn) {
      out.push(blocks[at]);
      at++;
      continue;
    }
    const first = blocks.slice(at, at + turn);
    const lines = first.flatMap((block) => block.lines.map((items) => [...items]));
    for (let next = at + turn; next < end; next += turn) {
      const more = blocks.slice(next, next + turn).flatMap((block) => block.lines);
      for (const [n, items] of more.entries()) for (const item of items) lines[n].push(item);
    }
    const key = turn === 1 ? first[0].key : keyFor(`turn ${first.map((block) => block.key).join(' ')}`);
    out.push({ key, lines });
    at = end;
  }
  return out;
}

function isSame<Item>(
  blocks: readonly Block<Item>[],
  { at, other, turn }: { at: number; other: number; turn: number },
): boolean {
  if (other + turn > blocks.length) return false;
  for (let n = 0; n < turn; n++) if (blocks[at + n].key !== blocks[other + n].key) return false;
  return true;
}

function placeOf(at: number, lines: number): Line<unknown>['place'] {
  if (lines === 1) return 'alone';
  if (at === 0) return 'first';
  return at === lines - 1 ? 'last' : 'inner';
}
