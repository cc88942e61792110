// A strict reader of the Prometheus text format, for tests.
// Throws on any line that the format does not allow.

export interface ReadSample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface ReadFamily {
  type: string;
  help: string;
  samples: ReadSample[];
}

export function parseExposition(text: string) {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, ReadFamily>();
  let current: ReadFamily | undefined;
  let currentName = '';
  for (const line of text.split('\n')) {
    const header = /^# (HELP|TYPE) ([a-z_]+) (.*)$/.exec(line);
    if (header !== null) {
      if (header[1] === 'HELP') {
        if (families.has(header[2])) throw new Error(`two families ${header[2]}`);
        currentName = header[2];
        current = { type: '', help: header[3], samples: [] };
        families.set(currentName, current);
      } else if (header[2] !== currentName || current === undefined) throw new Error(`TYPE without HELP: ${line}`);
      else current.type = header[3];
    } else if (line !== '') {
      const sample = readSample(line);
      const family = current?.type === 'histogram' ? sample.name.replace(/_(bucket|sum|count)$/, '') : sample.name;
      if (family !== currentName || current === undefined) throw new Error(`a sample out of its family: ${line}`);
      current.samples.push(sample);
    }
  }
  const value = (name: string, labels: Record<string, string>): number | undefined => {
    const wanted = Object.entries(labels);
    for (const { samples } of families.values())
      for (const sample of samples)
        if (sample.name === name && wanted.every(([label, text]) => sample.labels[label] === text)) return sample.value;
    return undefined;
  };
  return { families, value };
}

function readSample(line: string): ReadSample {
  const parts = /^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? ([0-9.e+-]+|\+Inf|NaN)$/.exec(line);
  if (parts === null) throw new Error(`not a sample: ${line}`);
  const labels: Record<string, string> = {};
  for (const [, name, raw] of (parts[2] ?? '').matchAll(/([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"/g)) {
    if (name in labels) throw new Error(`label ${name} twice: ${line}`);
    labels[name] = raw.replace(/\\([\\"n])/g, (_, character: string) => (character === 'n' ? '\n' : character));
  }
  return { name: parts[1], labels, value: Number(parts[3]) };
}
