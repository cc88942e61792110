// The alert rules, judged by promtool and on a real Prometheus and Alertmanager.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CATALOGUE } from '../../dashboards/metrics/catalogue/catalogue.js';
import { MetricsExporter } from '../../dashboards/metrics/exporter.js';
import { MetricsState } from '../../dashboards/metrics/state/metrics-state.js';
import { LogHistogram } from '../../facts/histogram.js';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { have, run } from '../kit/debian-tools.js';

const PROMETHEUS = join(ROOT, 'dashboards', 'prometheus');
const rules = parse(readFileSync(join(PROMETHEUS, 'rules.yml'), 'utf8')) as {
  groups: Array<{
    rules: Array<{ alert?: string; record?: string; expr: string; for?: string; annotations?: Record<string, string> }>;
  }>;
};
const WORDS: Readonly<Record<string, number | undefined>> = { a: 1, two: 2, five: 5, ten: 10 };
const ALL = rules.groups.flatMap(({ rules }) => rules);
const ALERTS = ALL.filter(({ alert }) => alert !== undefined);

describe.skipIf(!have('promtool'))('promtool', () => {
  test('accepts the rules and the configuration', () => {
    expect(run('promtool', ['check', 'rules', join(PROMETHEUS, 'rules.yml')])).toMatchObject({ code: 0 });
    expect(run('promtool', ['check', 'config', join(PROMETHEUS, 'prometheus.yml')])).toMatchObject({ code: 0 });
  });

  test('finds every alert firing when it should and silent when not', () => {
    const { code, output } = run('promtool', ['test', 'rules', 'rules.test.yml'], { cwd: PROMETHEUS });
    expect(output).toContain('SUCCESS');
    expect(code).toBe(0);
  });

  test('finds nothing to say about the metrics', async () => {
    const state = new MetricsState({ notObservedReasons: ['queue_full'], topSeries: 1 });
    state.recordStatement({
      source: 'raw',
      confidence: 'strong',
      poolName: 'p',
      command: 'SELECT',
      outcome: 'ok',
      calls: 1,
      serviceNs: 1,
      batched: false,
      traceId: '',
      atMs: 0,
    });
    const transactionHistogram = new LogHistogram();
    transactionHistogram.add(3e6);
    state.recordPool(
      { name: 'p', owner: 'django' },
      {
        activeMs: 1,
        idleMs: 1,
        idleInTransactionMs: 1,
        transactions: 1,
        transactionStatements: 2,
        transactionTotalMs: 3,
        transactionHistogram,
      },
    );
    state.setPoolConnections([{ name: 'p', active: 1, idle: 0, idleInTransaction: 0, idleInTransactionLongestMs: 0 }]);
    const exporter = new MetricsExporter(state);
    afterAll(() => exporter.close());
    const { code, output } = run('promtool', ['check', 'metrics'], { input: await exporter.render() });
    expect([code, output]).toEqual([0, '']);
  });
});

describe('every alert', () => {
  const runbook = readFileSync(join(ROOT, 'docs', 'RUNBOOK.md'), 'utf8');
  const cases = readFileSync(join(PROMETHEUS, 'rules.test.yml'), 'utf8');

  test.each(ALERTS.map(({ alert, annotations }) => [alert!, annotations!] as const))(
    '%s has its runbook and its test',
    (alert, annotations) => {
      expect(annotations.runbook_url).toBe(`{{ $externalLabels.runbooks }}docs/RUNBOOK.md#${alert.toLowerCase()}`);
      expect(runbook).toContain(`\n## ${alert}\n`);
      expect(cases).toContain(`alertname: ${alert}\n        exp_alerts:`);
    },
  );

  test.each(ALERTS.map(({ alert, for: held = '0m', annotations }) => [alert!, held, annotations!] as const))(
    '%s fires after the time that its runbook and its description say',
    (alert, held, annotations) => {
      const [part] = runbook.split(`\n## ${alert}\n`)[1].split('\n## ');
      const said = [part.split('\n1. ')[0], annotations.description].flatMap((text) =>
        [...text.matchAll(/\bfor (\w+) minutes?\b/g)].map(([, minutes]) => `${WORDS[minutes] ?? minutes}m`),
      );
      expect(said.filter((time) => time !== held)).toEqual([]);
      // A condition that must hold for a while says so.
      if (Number.parseInt(held, 10) > 2) expect(said.length).toBeGreaterThan(0);
    },
  );

  test('names metrics of the catalogue and no others', () => {
    const known = new Set([
      'up',
      ...ALL.flatMap(({ record }) => record ?? []),
      ...CATALOGUE.flatMap(({ name, type }) =>
        type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    ]);
    const named = ALL.flatMap(({ expr }) => expr.match(/\bpgwitness[_:][a-z_:]+|\bup\b/g) ?? []);
    expect(named.length).toBeGreaterThan(ALERTS.length);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });

  test('has a part of its own in the runbook, which has no other parts', () => {
    const parts = [...runbook.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(parts.sort()).toEqual(ALERTS.map(({ alert }) => alert).sort());
  });
});

describe.skipIf(!have('amtool'))('amtool', () => {
  const config = join(ROOT, 'dashboards', 'alertmanager', 'alertmanager.yml');

  test('accepts the example', () => {
    const { code, output } = run('amtool', ['check-config', config]);
    expect(output).toContain('2 receivers');
    expect(code).toBe(0);
  });

  test.each([
    ['critical', 'team-slack,team-mail'],
    ['warning', 'team-mail'],
  ])('sends what is %s to %s', (severity, receivers) => {
    const asked = ['config', 'routes', 'test', `--config.file=${config}`, `severity=${severity}`];
    expect(run('amtool', asked).output.split('\n')[0]).toBe(receivers);
  });
});
