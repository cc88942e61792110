// Tells the person who waits what is going on: a line per step, a bar per known length.
// Invariant: writes to stderr only, and only plain whole lines where stderr is not a terminal.
// Not here: what the steps do.

const BAR_WIDTH = 28;
const REDRAW_MS = 250;
/** Without a terminal a step says that it goes on: soon for the first time, then now and then. */
const FIRST_LINE_MS = 3_000;
const LINE_EVERY_MS = 10_000;

/**
 * @typedef {object} Progress
 * @property {<T>(title: string, work: (note: (text: string) => void) => Promise<T>) => Promise<T>} step
 *   Runs `work` as a step; the last `note` stands beside its result.
 * @property {(title: string, total: number) => Bar} bar
 * @property {(text: string) => void} say
 *
 * @typedef {object} Bar
 * @property {(done: number, text?: string) => void} update
 * @property {(text?: string) => void} end
 */

/** @param {number} ms @returns {string} */
export function inWords(ms) {
  if (ms < 950) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** @param {NodeJS.WriteStream} stream @returns {Progress} */
export function openProgress(stream = process.stderr) {
  const live = stream.isTTY === true && process.env.CI === undefined;
  const write = (/** @type {string} */ text) => stream.write(text);
  const redraw = (/** @type {string} */ text) => {
    write(`\r\x1b[2K${text.slice(0, Math.max(20, (stream.columns ?? 80) - 1))}`);
  };

  /** @type {Progress['step']} */
  async function step(title, work) {
    const startedAt = Date.now();
    let noted = '';
    const draw = () => redraw(`  … ${title} (${inWords(Date.now() - startedAt)})${noted && `: ${noted}`}`);
    const tell = () => write(`  … ${title} (${inWords(Date.now() - startedAt)})${noted && `: ${noted}`}\n`);
    let timer = live
      ? setInterval(draw, REDRAW_MS)
      : setTimeout(() => {
          tell();
          timer = setInterval(tell, LINE_EVERY_MS);
        }, FIRST_LINE_MS);
    if (live) draw();
    else write(`  … ${title}\n`);
    const finish = (/** @type {string} */ mark) => {
      clearInterval(timer);
      const line = `  ${mark} ${title}${noted && `: ${noted}`} (${inWords(Date.now() - startedAt)})`;
      if (live) redraw('');
      write(`${line}\n`);
    };
    try {
      const result = await work((text) => {
        noted = text;
      });
      finish('✓');
      return result;
    } catch (error) {
      finish('✗');
      throw error;
    }
  }

  /** @type {Progress['bar']} */
  function bar(title, total) {
    let drawnAt = 0;
    let quarter = 0;
    const line = (/** @type {number} */ done, /** @type {string} */ text) => {
      const share = total === 0 ? 1 : Math.min(1, done / total);
      const filled = Math.round(share * BAR_WIDTH);
      return `  ${title} [${'█'.repeat(filled)}${'·'.repeat(BAR_WIDTH - filled)}] ${Math.floor(share * 100)} % ${text}`;
    };
    return {
      update(done, text = '') {
        if (live) {
          if (Date.now() - drawnAt < REDRAW_MS / 2) return;
          drawnAt = Date.now();
          redraw(line(done, text));
          return;
        }
        // Without a terminal four lines are enough to show that it moves; the last one is that of the end.
        const reached = total === 0 ? 4 : Math.floor((done / total) * 4);
        if (reached > quarter && reached < 4) {
          quarter = reached;
          write(`${line(done, text)}\n`);
        }
      },
      end(text = '') {
        if (live) redraw('');
        write(`${line(total, text)}\n`);
      },
    };
  }

  return { step, bar, say: (text) => write(`${text}\n`) };
}
