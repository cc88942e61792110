// Draws a CPU profile of V8 as a flame graph: one SVG that needs nothing else.
// Callers stand above what they called; width is the share of the time that was not idle.
// Invariant: boxes of one row never overlap, a box is as wide as its function and all below it, and the file stays
// below SVG_BYTES_MAX: what is too narrow to be seen is left out first.
// Not here: taking profiles (profile-on-signal.mjs), which ones (flame.mjs). Source of the form: Brendan Gregg, "The
// Flame Graph", CACM 59(6), 2016; turned upside down (icicle).

/**
 * @typedef {object} CpuProfile as the inspector's Profiler.stop gives it
 * @property {readonly { id: number, callFrame: { functionName: string, url: string }, children?: readonly number[]
 *   }[]} nodes
 * @property {readonly number[]} samples node ids
 * @property {readonly number[]} timeDeltas µs
 *
 * @typedef {object} Frame
 * @property {string} name of the function
 * @property {string} file where it stands; '' = native
 * @property {number} selfUs
 * @property {number} totalUs
 * @property {Map<string, Frame>} children
 */

export const SVG_BYTES_MAX = 140_000;

const WIDTH = 1200;
const ROW = 17;
const TOP = 44;
const CHARACTER = 6.3;
/** A label shorter than this says nothing. */
const LABEL_CHARACTERS_MIN = 3;
const DEPTH_MAX = 48;
const IDLE = '(idle)';

/**
 * What a function belongs to, first match: name, colour, and whether a frame does.
 * @type {readonly [string, string, (frame: Frame) => boolean][]}
 */
const GROUPS = [
  ['garbage collector', '#d4a5a5', ({ name }) => name === '(garbage collector)'],
  ['relay: bytes to messages', '#f2b04c', ({ file }) => file.startsWith('proxy/wire/')],
  ['relay: messages to observations', '#f28c4c', ({ file }) => file.startsWith('proxy/session/')],
  ['link: records and batches', '#c9a0dc', ({ file }) => /^proxy\/(?:observ|losses|statement-fields)/.test(file)],
  ['relay: sockets', '#f2d04c', ({ file }) => /^proxy\/|^(?:empty-relay|wire-up)\.mjs$/.test(file)],
  ['lexer and fingerprint', '#7fb8e6', ({ file }) => /^analyzer\/(?:sql|fingerprint)\//.test(file)],
  ['attribution', '#8fd1a8', ({ file }) => file.startsWith('analyzer/attribution/')],
  ['counting', '#66c2c2', ({ file }) => /^analyzer\/(?:rollup|pools|transactions)\/|^dashboards\/metrics\//.test(file)],
  ['observer: the rest', '#a9c77d', ({ file }) => /^(?:analyzer|dashboards|config|cli|server)\//.test(file)],
  ['store', '#b0b5e8', ({ file }) => file.startsWith('storage/') || file.startsWith('better-sqlite3')],
  ['Node', '#dcdcdc', ({ file }) => file !== ''],
  ['native code and system calls', '#c3ccd4', () => true],
];

/** @param {Frame} frame @returns {readonly [string, string, unknown]} */
const groupOf = (frame) => /** @type {(typeof GROUPS)[number]} */ (GROUPS.find(([, , matches]) => matches(frame)));

/**
 * Equal functions under equal callers are one frame; idle time is in none.
 * @param {CpuProfile} profile
 * @returns {Frame}
 */
export function treeOf(profile) {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  /** @type {Map<number, number>} */
  const selfUs = new Map();
  for (let i = 0; i + 1 < profile.samples.length; i++) {
    const id = profile.samples[i];
    // A delta is the time since the sample before.
    selfUs.set(id, (selfUs.get(id) ?? 0) + Math.max(0, profile.timeDeltas[i + 1]));
  }
  const root = newFrame('all', '');
  /** @param {number} id @param {Frame} into */
  const add = (id, into) => {
    const node = /** @type {CpuProfile['nodes'][number]} */ (nodes.get(id));
    into.selfUs += selfUs.get(id) ?? 0;
    for (const child of node.children ?? []) {
      const { functionName, url } = /** @type {CpuProfile['nodes'][number]} */ (nodes.get(child)).callFrame;
      if (functionName === IDLE) continue;
      const name = functionName || '(anonymous)';
      const file = fileOf(url);
      const key = `${name}\0${file}`;
      let frame = into.children.get(key);
      if (frame === undefined) {
        frame = newFrame(name, file);
        into.children.set(key, frame);
      }
      add(child, frame);
    }
  };
  add(profile.nodes[0].id, root);
  sum(root);
  return root;
}

/** @param {string} name @param {string} file @returns {Frame} */
function newFrame(name, file) {
  return { name, file, selfUs: 0, totalUs: 0, children: new Map() };
}

/** @param {Frame} frame @returns {number} */
function sum(frame) {
  frame.totalUs = frame.selfUs;
  for (const child of frame.children.values()) frame.totalUs += sum(child);
  return frame.totalUs;
}

/** A source file of the repository, a package's name, or Node's own name for its part. @param {string} url */
function fileOf(url) {
  if (url.startsWith('wasm:')) return 'libpg-query';
  const packaged = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url);
  if (packaged !== null) return packaged[1];
  const own = /\/dist\/(.+)\.js$/.exec(url);
  if (own !== null) return `${own[1]}.ts`;
  return url.startsWith('file:') ? (url.split('/').at(-1) ?? '') : url;
}

/**
 * Share of each group in the time not idle, largest first.
 * @param {Frame} root
 * @returns {[group: string, share: number][]}
 */
export function sharesOf(root) {
  /** @type {Map<string, number>} */
  const shares = new Map();
  const visit = (/** @type {Frame} */ frame) => {
    const [group] = groupOf(frame);
    shares.set(group, (shares.get(group) ?? 0) + frame.selfUs / root.totalUs);
    for (const child of frame.children.values()) visit(child);
  };
  for (const child of root.children.values()) visit(child);
  return [...shares].sort((a, b) => b[1] - a[1]);
}

/**
 * Functions that took most time themselves.
 * @param {Frame} root
 * @param {number} count
 * @returns {{ name: string, file: string, share: number }[]}
 */
export function hottest(root, count) {
  /** @type {Map<string, { name: string, file: string, share: number }>} */
  const byFunction = new Map();
  const visit = (/** @type {Frame} */ frame) => {
    const key = `${frame.name}\0${frame.file}`;
    const known = byFunction.get(key) ?? { name: frame.name, file: frame.file, share: 0 };
    known.share += frame.selfUs / root.totalUs;
    byFunction.set(key, known);
    for (const child of frame.children.values()) visit(child);
  };
  for (const child of root.children.values()) visit(child);
  return [...byFunction.values()].sort((a, b) => b.share - a.share).slice(0, count);
}

/** @param {Frame} root @param {string} title @returns {string} an SVG document */
export function flameGraph(root, title) {
  for (let narrowest = 0.4; ; narrowest *= 1.3) {
    const svg = drawn(root, title, narrowest);
    if (Buffer.byteLength(svg) <= SVG_BYTES_MAX) return svg;
  }
}

/** @param {Frame} root @param {string} title @param {number} narrowest px */
function drawn(root, title, narrowest) {
  const scale = WIDTH / root.totalUs;
  /** @type {string[]} */
  const boxes = [];
  let deepest = 0;
  /** @param {Frame} frame @param {number} x @param {number} depth */
  const draw = (frame, x, depth) => {
    const width = frame.totalUs * scale;
    if (width < narrowest || depth > DEPTH_MAX) return;
    deepest = Math.max(deepest, depth);
    boxes.push(box(frame, { x, width, depth, share: frame.totalUs / root.totalUs }));
    let at = x;
    // Widest first, so that what matters stands at the left at every depth.
    for (const child of [...frame.children.values()].sort((a, b) => b.totalUs - a.totalUs)) {
      draw(child, at, depth + 1);
      at += child.totalUs * scale;
    }
  };
  draw(root, 0, 0);
  const shares = new Map(sharesOf(root));
  const legend = GROUPS.filter(([group]) => (shares.get(group) ?? 0) >= 0.005);
  const legendAt = TOP + (deepest + 2) * ROW;
  const perRow = 3;
  const height = legendAt + Math.ceil(legend.length / perRow) * ROW + 10;
  const keys = legend.map(([group, colour], i) => {
    const x = 8 + (i % perRow) * (WIDTH / perRow);
    const y = legendAt + Math.floor(i / perRow) * ROW;
    const percent = ((shares.get(group) ?? 0) * 100).toFixed(1);
    return `<rect x="${x}" y="${y}" width="12" height="12" fill="${colour}"/><text x="${x + 18}" y="${y + 10}">${escaped(group)}: ${percent} %</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="ui-monospace,Menlo,Consolas,monospace" font-size="10.5">
<rect width="100%" height="100%" fill="#fff"/>
<text x="8" y="20" font-size="15" fill="#222">${escaped(title)}</text>
<text x="8" y="36" fill="#555">width: share of ${(root.totalUs / 1e6).toFixed(1)} s that the process's main thread was not idle; from above to below: caller to called</text>
<g stroke="#fff" stroke-width="0.5">
${boxes.join('\n')}
</g>
<g fill="#222">${keys.join('')}</g>
</svg>
`;
}

/** @param {Frame} frame @param {{ x: number, width: number, depth: number, share: number }} at */
function box(frame, { x, width, depth, share }) {
  const [, colour] = groupOf(frame);
  const y = TOP + depth * ROW;
  const where = frame.file === '' ? '' : ` (${frame.file})`;
  const title = `${frame.name}${where}: ${(share * 100).toFixed(2)} %`;
  const rect = `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="${depth === 0 ? '#eee' : colour}"><title>${escaped(title)}</title></rect>`;
  const room = Math.floor((width - 4) / CHARACTER);
  if (room < LABEL_CHARACTERS_MIN) return rect;
  const whole = depth === 0 ? 'all' : `${frame.name}${where}`;
  const label = whole.length <= room ? whole : `${whole.slice(0, room - 1)}…`;
  return `${rect}<text x="${(x + 3).toFixed(1)}" y="${y + 12}" stroke="none" fill="#222">${escaped(label)}</text>`;
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
