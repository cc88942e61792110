// Cuts an answer to what an assistant can take in, and says what is missing.
// Invariant: what is cut is whole rows and lines, JSON stays JSON, and a cut is always said.
// Not here: fewer rows by asking for fewer (each command's --limit).

/** About 10,000 tokens: usual clients refuse or warn from 10,000 to 25,000. */
const ANSWER_CHARS_MAX = 32_000;
const ASK_LESS = 'ask for less: a smaller limit, a filter, a shorter window';

export function boundedText(text: string, charsMax = ANSWER_CHARS_MAX): string {
  if (text.length <= charsMax) return text;
  const lines = text.trimEnd().split('\n');
  const kept: string[] = [];
  let chars = 0;
  for (const line of lines) {
    chars += line.length + 1;
    if (chars > charsMax) break;
    kept.push(line);
  }
  if (kept.length === 0) kept.push(`${lines[0].slice(0, charsMax)}…`);
  if (kept.filter((line) => line.startsWith('```')).length % 2 === 1) kept.push('```');
  return `${kept.join('\n')}\n\nCut after ${kept.length} of ${lines.length} lines: ${ASK_LESS}.\n`;
}

/** `text`: one JSON value. */
export function boundedJson(text: string, charsMax = ANSWER_CHARS_MAX): { json: string; note?: string } {
  const value: unknown = JSON.parse(text);
  const cuts = new Map<string, { kept: number; of: number }>();
  let json = JSON.stringify(value);
  while (json.length > charsMax) {
    const longest = longestList(value, '');
    if (longest === undefined) break;
    const { path, list } = longest;
    const of = cuts.get(path)?.of ?? list.length;
    list.length = Math.floor(list.length / 2);
    cuts.set(path, { kept: list.length, of });
    json = JSON.stringify(value);
  }
  if (json.length > charsMax) return { json: '{}', note: `The answer is too long: ${ASK_LESS}.` };
  if (cuts.size === 0) return { json };
  const parts = [...cuts].map(([path, { kept, of }]) => `${path}: the first ${kept} of ${of}`);
  return { json, note: `Cut: ${parts.join('; ')}. To see the rest, ${ASK_LESS}.` };
}

interface Found {
  readonly path: string;
  readonly list: unknown[];
  readonly chars: number;
}

/** The list whose text is longest and that can be halved; one that holds another is longer than that. */
function longestList(value: unknown, path: string): Found | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (Array.isArray(value) && value.length > 1) return { path, list: value, chars: JSON.stringify(value).length };
  let longest: Found | undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = longestList(inner, path === '' ? key : `${path}.${key}`);
    if (found !== undefined && found.chars > (longest?.chars ?? 0)) longest = found;
  }
  return longest;
}
