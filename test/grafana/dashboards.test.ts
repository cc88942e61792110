// The Grafana dashboards: made by scripts/grafana, and asking only for metrics that exist.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { CATALOGUE } from '../../dashboards/metrics/catalogue/catalogue.js';
import { DASHBOARDS, dashboardFile } from '../../scripts/grafana/all.mjs';
import { queryExemplars, queryPrometheus } from '../../scripts/lib/monitoring.mjs';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { type Stack, startStack } from '../../scripts/lib/stack.mjs';
import { connect } from '../../scripts/lib/wire/client.mjs';
import { have } from '../kit/debian-tools.js';
import { until } from '../kit/sidecar.js';
import { filledIn, labelsNamed, metricsNamed, syntaxErrors } from './promql.js';

interface Link {
  url: string;
}

interface Panel {
  id: number;
  type: string;
  title: string;
  description: string;
  datasource: { uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig: {
    defaults: { unit?: string; links?: Link[] };
    overrides: Array<{ properties: Array<{ id: string; value: unknown }> }>;
  };
  targets: Array<{ expr: string; datasource: { uid: string }; refId: string }>;
}

interface Dashboard {
  uid: string;
  title: string;
  description: string;
  editable: boolean;
  panels: Panel[];
  annotations: { list: Array<{ name: string; expr: string }> };
  templating: { list: Array<{ name: string; type: string; query: unknown }> };
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: as Grafana reads it
const PAGE = '${page}/#/';

function linksOf({ panels }: Dashboard): string[] {
  return panels.flatMap(({ fieldConfig: { defaults, overrides } }) => {
    const ofCells = overrides.flatMap(({ properties }) =>
      properties.filter(({ id }) => id === 'links').flatMap(({ value }) => value as Link[]),
    );
    return [...(defaults.links ?? []), ...ofCells].map(({ url }) => url);
  });
}

const FOLDER = join(ROOT, 'dashboards', 'grafana');
const files = readdirSync(join(FOLDER, 'dashboards')).sort();
const dashboards = files.map((name) => {
  return [name, JSON.parse(readFileSync(join(FOLDER, 'dashboards', name), 'utf8')) as Dashboard] as const;
});
const PANELS = dashboards.flatMap(([name, { panels }]) => panels.map((panel) => [name, panel.title, panel] as const));
const EXPRESSIONS = [
  ...PANELS.flatMap(([name, title, { targets }]) => targets.map(({ expr }) => [name, title, expr] as const)),
  ...dashboards.flatMap(([name, { annotations }]) =>
    annotations.list.map(({ name: mark, expr }) => [name, mark, expr] as const),
  ),
];
const SERIES = new Map(
  CATALOGUE.flatMap(({ name, type, labels }) => {
    if (type !== 'histogram') return [[name, labels] as const];
    return ['bucket', 'sum', 'count'].map((suffix) => [`${name}_${suffix}`, [...labels, 'le']] as const);
  }),
);

test('the files are what scripts/grafana makes', () => {
  expect(files).toEqual(Object.keys(DASHBOARDS).sort());
  for (const [name, dashboard] of Object.entries(DASHBOARDS)) {
    expect(readFileSync(join(FOLDER, 'dashboards', name), 'utf8'), `run node scripts/grafana.mjs: ${name}`).toBe(
      dashboardFile(dashboard),
    );
  }
});

test('Grafana is told where they and Prometheus are', () => {
  const read = (path: string) => parse(readFileSync(join(FOLDER, 'provisioning', path), 'utf8'));
  expect(read('datasources/prometheus.yaml').datasources).toMatchObject([{ type: 'prometheus', isDefault: true }]);
  expect(read('dashboards/pgwitness.yaml').providers).toMatchObject([
    { type: 'file', allowUiUpdates: false, options: { path: '/etc/pgwitness/dashboards' } },
  ]);
});

describe.each(dashboards)('%s', (_, dashboard) => {
  test('can be told from the others, and cannot be edited in place', () => {
    expect(dashboards.filter(([, { uid }]) => uid === dashboard.uid)).toHaveLength(1);
    expect(dashboard).toMatchObject({ title: expect.stringMatching(/^pgwitness \/ /), editable: false });
    expect(dashboard.description).not.toBe('');
  });

  test('lets one choose the datasource, the job and the instance, and nothing without an effect', () => {
    const { list } = dashboard.templating;
    const [datasource, job, instance, ...more] = list.map(({ name, type }) => `${name} ${type}`);
    expect([datasource, job, instance]).toEqual(['datasource datasource', 'job query', 'instance query']);
    const asked = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const used = (name: string) =>
      name === 'page'
        ? linksOf(dashboard).some((url) => url.startsWith(PAGE))
        : asked.some((expr) => expr.includes(`${name}=~"$${name}"`));
    expect(more.filter((choice) => !used(choice.split(' ')[0]))).toEqual([]);
    const known = list.map(({ name }) => `$${name}`);
    const named = asked.flatMap((expr) => expr.match(/(?<==~")\$\w+/g) ?? []);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  test('its panels do not overlap', () => {
    const taken = new Set<string>();
    for (const { gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x},${y}`)).toBe(false);
          taken.add(`${x},${y}`);
        }
    }
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});

test.each(PANELS)('%s: "%s" is a question with a description, a unit and the chosen datasource', (_, title, panel) => {
  expect(title).toMatch(/^[A-Z].+\?$/);
  expect(panel.description.length).toBeGreaterThan(10);
  expect(panel.fieldConfig.defaults.unit).toMatch(/^(?:s|ops|percentunit|bytes|Bps|short)$/);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as Grafana reads it
  for (const { datasource } of [panel, ...panel.targets]) expect(datasource.uid).toBe('${datasource}');
  expect(panel.targets.length).toBeGreaterThan(0);
});

test.each(EXPRESSIONS)('%s: the expression of "%s" reads, and names what there is', (_, __, expr) => {
  const filled = filledIn(expr);
  expect(filled).not.toContain('$');
  expect(syntaxErrors(filled)).toEqual([]);
  const named = metricsNamed(filled);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !SERIES.has(name))).toEqual([]);
  const known = new Set(['job', 'instance', 'summary', ...named.flatMap((name) => [...SERIES.get(name)!])]);
  expect(labelsNamed(filled).filter((label) => !known.has(label))).toEqual([]);
  expect(expr).toContain('job=~"$job", instance=~"$instance"');
  // A fixed range would be wrong for another scrape interval.
  if (expr.includes('rate(')) expect(expr).toMatch(/\[\$__rate_interval\]/);
});

test('links lead to a statement or a route of the page', () => {
  const of = (title: string) =>
    linksOf(dashboards.find(([, dashboard]) => dashboard.title === `pgwitness / ${title}`)![1]);
  expect(new Set(of('Slow raw statements').map((url) => url.split(/(?<=#\/\w+\/)/)[0]))).toEqual(
    new Set([`${PAGE}statements/`]),
  );
  expect(new Set(of('Routes').map((url) => url.split(/(?<=#\/\w+\/)/)[0]))).toEqual(new Set([`${PAGE}routes/`]));
});

test('an expression that is none is found out', () => {
  expect(syntaxErrors('sum by (le (rate(x[5m]))')).not.toEqual([]);
});

describe.skipIf(!have('prometheus', 'prometheus-alertmanager'))('with a real Prometheus that scrapes pgwitness', () => {
  let stack: Stack;
  let open: Awaited<ReturnType<typeof connect>> | undefined;

  beforeAll(async () => {
    await build(() => {});
    stack = await startStack();
    // Twice: what a metric counts before Prometheus saw it first is no increase.
    await stack.play();
    const early = await sendTagged(stack);
    early.close();
    const raw = 'pgwitness_top_statement_executions_total{source="raw", fingerprint!="other"}';
    await until('the first scrape', async () => (await queryPrometheus(stack.prometheus.url, raw)).length > 0);
    await writeLedger(stack.ledger, stack.sidecar.httpUrl);
    const named = 'pgwitness_migration_uses_total';
    await until('the ledger', async () => (await queryPrometheus(stack.prometheus.url, named)).length === 4);
    const route = 'pgwitness_route_requests_total{route="orders/"}';
    await until('the route', async () => (await queryPrometheus(stack.prometheus.url, route)).length > 0);
    await stack.play();
    // A pool without an open connection is neither full nor empty.
    open = await sendTagged(stack);
    const grown = 'increase(pgwitness_route_requests_total{route="orders/"}[5m]) > 0';
    await until('more of the route', async () => (await queryPrometheus(stack.prometheus.url, grown)).length > 0);
    const errors = 'sum(increase(pgwitness_statement_duration_seconds_count{outcome="error"}[5m])) > 0';
    await until('the second round', async () => (await queryPrometheus(stack.prometheus.url, errors)).length > 0);
  }, 180_000);
  afterAll(async () => {
    open?.close();
    await stack?.stop();
  });

  test.each(PANELS)('%s: "%s" has data', async (_, __, { targets }) => {
    for (const { expr } of targets) {
      const result = await queryPrometheus(stack.prometheus.url, filledIn(expr));
      expect(result.length, expr).toBeGreaterThan(0);
      expect(
        result.some(({ value }) => !Number.isNaN(Number(value[1]))),
        expr,
      ).toBe(true);
    }
  });

  test('an exemplar leads from a bucket to the trace of the request that sent it', async () => {
    const { prometheus } = stack;
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const client = await connectTo(stack);
    onTestFinished(() => client.close());
    await client.query(`SELECT pg_sleep(0.03) /*traceparent='00-${traceId}-00f067aa0ba902b7-01'*/`);
    const selector = 'pgwitness_statement_duration_seconds_bucket{command="SELECT"}';
    let found: Array<{ le: string; seconds: number }> = [];
    await until('the exemplar', async () => {
      found = (await queryExemplars(prometheus.url, selector)).flatMap(({ seriesLabels, exemplars }) =>
        exemplars
          .filter(({ labels }) => labels.trace_id === traceId)
          .map(({ value }) => ({ le: seriesLabels.le, seconds: Number(value) })),
      );
      return found.length > 0;
    });
    const [{ le, seconds }] = found;
    expect(seconds).toBeGreaterThanOrEqual(0.03);
    expect(seconds).toBeLessThanOrEqual(le === '+Inf' ? Infinity : Number(le));
  });

  test('annotations can be asked for', async () => {
    for (const [, { annotations }] of dashboards) {
      for (const { expr } of annotations.list) await queryPrometheus(stack.prometheus.url, filledIn(expr));
    }
  });

  test('all that a rule asks for is there', async () => {
    const file = readFileSync(join(ROOT, 'dashboards', 'prometheus', 'rules.yml'), 'utf8');
    const rules = (parse(file) as { groups: Array<{ rules: Array<{ expr: string }> }> }).groups.flatMap(
      ({ rules }) => rules,
    );
    const named = [...new Set(rules.flatMap(({ expr }) => metricsNamed(expr)))];
    expect(named.length).toBeGreaterThan(10);
    const missing: string[] = [];
    for (const name of named) {
      if ((await queryPrometheus(stack.prometheus.url, `count(${name})`)).length === 0) missing.push(name);
    }
    expect(missing).toEqual([]);
  });

  test('Prometheus loads the rules without a complaint, and knows its Alertmanager', async () => {
    const { data } = await (await fetch(`${stack.prometheus.url}/api/v1/rules`)).json();
    const rules = data.groups.flatMap((group: { rules: unknown[] }) => group.rules);
    expect(rules).toHaveLength(21);
    await until('an evaluation of each rule', async () => {
      const now = await (await fetch(`${stack.prometheus.url}/api/v1/rules`)).json();
      return now.data.groups.every((group: { rules: Array<{ health: string }> }) =>
        group.rules.every(({ health }) => health === 'ok'),
      );
    });
    const managers = await (await fetch(`${stack.prometheus.url}/api/v1/alertmanagers`)).json();
    expect(managers.data.activeAlertmanagers).toHaveLength(1);
  });
});

function connectTo({ sidecar, postgres }: Stack): ReturnType<typeof connect> {
  const startup = [
    ['user', postgres.user],
    ['database', postgres.database],
  ] as [string, string][];
  return connect({ host: sidecar.host, port: sidecar.port, startup });
}

/** A request of one route, since what was recorded names none. */
async function sendTagged(stack: Stack): ReturnType<typeof connect> {
  const client = await connectTo(stack);
  for (let n = 0; n < 3; n++) await client.query("SELECT count(*) FROM pg_class /*route='orders%2F'*/");
  return client;
}

/** Two places, each of which is paired with a statement of the ORM. */
async function writeLedger(file: string, sidecar: string): Promise<void> {
  const mostOf = async (source: string): Promise<string[]> => {
    const { statements } = await (
      await fetch(`${sidecar}/api/v1/statements?source=${source}&sort=calls&limit=2`)
    ).json();
    return statements.map(({ fingerprint }: { fingerprint: string }) => fingerprint);
  };
  const [raw, alchemy, orm] = await Promise.all([mostOf('raw'), mostOf('sqlalchemy'), mostOf('django-orm')]);
  writeFileSync(
    file,
    `version: 1
places:
  - {id: one, at: 'store/a.py:1', function: f, kind: raw, state: done, statements: ['${raw[0]}'], new: {fingerprint: '${orm[0]}'}}
  - {id: two, at: 'store/b.py:1', function: g, kind: sqlalchemy, statements: ['${alchemy[0]}'], new: {fingerprint: '${orm[1]}'}}
`,
  );
}
