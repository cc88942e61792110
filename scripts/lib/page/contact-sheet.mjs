// Puts several pictures beside one another on one, each with its name above it.
// Invariant: none is cut or distorted; every one is as wide as it is said to be.
// Not here: taking them (screenshots.mjs).

import { readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * @param {import('playwright-core').Browser} browser
 * @param {ReadonlyArray<{ file: string, widthPx: number }>} pictures
 * @param {{ file: string, widthPx: number }} sheet
 */
export async function contactSheet(browser, pictures, { file, widthPx }) {
  const page = await browser.newPage({ viewport: { width: widthPx, height: 400 } });
  const figures = pictures.map(({ file: picture, widthPx: width }) => {
    const data = readFileSync(picture).toString('base64');
    const name = path.basename(picture, '.png');
    return `<figure style="width:${width}px"><figcaption>${name}</figcaption><img src="data:image/png;base64,${data}"></figure>`;
  });
  await page.setContent(
    `<style>body{margin:8px;display:flex;flex-wrap:wrap;gap:8px;align-items:flex-start;background:#777;font:13px sans-serif;color:#fff}
    figure{margin:0}img{width:100%;display:block}</style>${figures.join('')}`,
    { waitUntil: 'load' },
  );
  await page.screenshot({ path: file, fullPage: true });
  await page.close();
}
