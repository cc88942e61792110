// Words that were given up, each with the one that took its place.
// docs/GLOSSARY.md has those in use.
// Not here: spelling.

import { expect, test } from 'vitest';
import { FILES, textOf } from './sources.js';

/** [what is not written any more, what is written instead, files in which it is another thing] */
const RETIRED: ReadonlyArray<readonly [word: RegExp, instead: string, elsewhere?: RegExp]> = [
  [/octet/i, 'byte', /^scripts\/lib\/certificates\.mjs$/],
  [/frame-scanner|\bFrameScanner\b|\bFrameSink\b/, 'MessageScanner, MessageSink'],
  [/\bRelayService\b/, 'Relay'],
  [
    /PerSource|per[-_]source/i,
    'per address',
    /^(config\/options\.ts|docs\/CONFIGURATION\.md|test\/config\/config\.test\.ts)$/,
  ],
  [/report-source|\bReportSource\b/, 'place'],
  [/\bcatalogs?\b/i, 'catalogue', /^(clients|examples|deploy)\//],
  [/fold-frames|\bFoldFrames\b/, 'brackets'],
];

/** Texts that people write; not what is generated, recorded or quoted from elsewhere. */
const WRITTEN = FILES.filter(
  (file) =>
    /\.(ts|tsx|mjs|md|py|yml|yaml|css)$/.test(file) &&
    !/^(CHANGELOG\.md|test\/tidy\/words\.test\.ts|docs\/(PROFILES|COMPATIBILITY|FINGERPRINTS)\.md)$/.test(file),
);

test.each(RETIRED.map(([word, instead, elsewhere]) => ({ word, instead, elsewhere })))(
  '$word is written $instead',
  ({ word, elsewhere }) => {
    const found = WRITTEN.filter((file) => !elsewhere?.test(file)).flatMap((file) =>
      textOf(file)
        .split('\n')
        .flatMap((line, at) => (word.test(line) ? [`${file}:${at + 1}: ${line.trim().slice(0, 100)}`] : [])),
    );
    expect(found).toEqual([]);
  },
);
