// The parts of a Grafana dashboard, in the form of its JSON.
// Schema version 39, which Grafana 10.3 and later read.
// Invariant: a panel has a title that asks a question, a description, a unit and the dashboard's datasource variable.
// Not here: what the dashboards show (overview.mjs and the other files of this folder).

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana fills it in
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
/** Every expression is about the jobs and instances chosen. */
export const CHOSEN = 'job=~"$job", instance=~"$instance"';
/** Statements of the application, without housekeeping and tools. */
export const APPLICATION = `${CHOSEN}, source!~"housekeeping|tool"`;

/** Of the sources and pools that are chosen; for dashboards with these variables. */
export const OF_SOURCE = 'source=~"$source"';
export const OF_POOL = 'pool=~"$pool"';

/** The same colours as on pgwitness's own page. */
const SOURCE_COLOURS = {
  'django-orm': '#2f6fd0',
  sqlalchemy: '#e0a100',
  raw: '#c2571a',
  unknown: '#8a94a1',
  housekeeping: '#a9b4c2',
  tool: '#c3b7a6',
};

/**
 * @typedef {object} Query
 * @property {string} expr
 * @property {string} [legend]
 * @property {'time_series' | 'heatmap' | 'table'} [format]
 * @property {boolean} [instant]
 */
/**
 * @typedef {object} PanelSpec
 * @property {string} title a question
 * @property {string} description
 * @property {string} unit of Grafana: s, ops, percentunit, bytes, Bps, short
 * @property {readonly Query[]} queries
 * @property {number} [width] of 24 columns; default 12
 * @property {number} [height] in Grafana's rows; default 8
 * @property {'none' | 'normal' | 'percent'} [stacking]
 * @property {number} [max]
 * @property {Link} [link] where a series, or a cell of the column `linked`, leads
 */
/** @typedef {{ title: string, url: string }} Link */

/** Of a statement or a route on pgwitness's own page, by the labels of a series. */
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: Grafana fills it in
export const TO_STATEMENT = { title: 'On the page', url: '${page}/#/statements/${__field.labels.fingerprint}' };
export const TO_ROUTE = {
  title: 'On the page',
  url: '${page}/#/routes/${__field.labels.kind}:${__field.labels.route:percentencode}',
};
/** Of the same, by the columns of a table. */
export const ROW_TO_STATEMENT = { title: 'On the page', url: '${page}/#/statements/${__data.fields.Fingerprint}' };
export const ROW_TO_ROUTE = {
  title: 'On the page',
  url: '${page}/#/routes/${__data.fields.Kind}:${__data.fields.Route:percentencode}',
};
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: Grafana fills it in

/** @param {Link | undefined} link */
function linksOf(link) {
  return link === undefined ? {} : { links: [{ ...link, targetBlank: true }] };
}

/** @param {readonly Query[]} queries */
function targets(queries) {
  return queries.map(({ expr, legend = '', format = 'time_series', instant = false }, index) => ({
    refId: String.fromCharCode(65 + index),
    datasource: DATASOURCE,
    expr,
    legendFormat: legend,
    format,
    instant,
    range: !instant,
  }));
}

function colourOverrides() {
  return Object.entries(SOURCE_COLOURS).map(([source, colour]) => ({
    matcher: { id: 'byName', options: source },
    properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: colour } }],
  }));
}

/** @param {string} type @param {PanelSpec} spec */
function panel(type, { title, description, unit, queries, width = 12, height = 8 }) {
  return { type, title, description, unit, width, height, datasource: DATASOURCE, targets: targets(queries) };
}

/** Lines or stacked areas over time. @param {PanelSpec} spec */
export function lines(spec) {
  const { unit, ...rest } = panel('timeseries', spec);
  const stacking = spec.stacking ?? 'none';
  return {
    ...rest,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(spec.max === undefined ? {} : { max: spec.max }),
        ...linksOf(spec.link),
        color: { mode: 'palette-classic' },
        custom: {
          drawStyle: 'line',
          lineWidth: 1,
          fillOpacity: stacking === 'none' ? 8 : 60,
          showPoints: 'never',
          stacking: { mode: stacking, group: 'A' },
        },
      },
      overrides: colourOverrides(),
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  };
}

/**
 * One number, with its history behind it.
 * @param {PanelSpec & { thresholds?: readonly (readonly [number | null, string])[] }} spec
 */
export function number(spec) {
  const { unit, ...rest } = panel('stat', { width: 6, height: 5, ...spec });
  const steps = (spec.thresholds ?? [[null, 'blue']]).map(([value, color]) => ({ value, color }));
  return {
    ...rest,
    fieldConfig: { defaults: { unit, thresholds: { mode: 'absolute', steps } }, overrides: [] },
    options: {
      colorMode: 'value',
      graphMode: 'area',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    },
  };
}

/** How durations are distributed over time. @param {PanelSpec} spec */
export function heatmap(spec) {
  const { unit, ...rest } = panel('heatmap', spec);
  return {
    ...rest,
    fieldConfig: { defaults: { unit: 'short' }, overrides: [] },
    options: {
      calculate: false,
      yAxis: { unit },
      color: { mode: 'scheme', scheme: 'Blues', steps: 64 },
      cellGap: 1,
      tooltip: { mode: 'single', yHistogram: true },
    },
  };
}

/**
 * A row per series; each query is a column.
 * @param {PanelSpec & { columns: readonly { title: string, unit: string }[], hidden: readonly string[], sortBy:
 *   string, rename?: Record<string, string>, linked?: string }} spec
 */
export function table(spec) {
  const { unit, ...rest } = panel('table', spec);
  const { columns, hidden, sortBy, rename = {}, link, linked = '' } = spec;
  const valueNames = Object.fromEntries(
    columns.map(({ title }, index) => [`Value #${String.fromCharCode(65 + index)}`, title]),
  );
  return {
    ...rest,
    fieldConfig: {
      defaults: { unit, custom: { align: 'auto', filterable: true } },
      overrides: [
        ...columns.map((column) => ({
          matcher: { id: 'byName', options: column.title },
          properties: [{ id: 'unit', value: column.unit }],
        })),
        ...(link === undefined
          ? []
          : [
              {
                matcher: { id: 'byName', options: linked },
                properties: [{ id: 'links', value: linksOf(link).links }],
              },
            ]),
      ],
    },
    options: { showHeader: true, sortBy: [{ displayName: sortBy, desc: true }] },
    transformations: [
      { id: 'merge', options: {} },
      {
        id: 'organize',
        options: {
          excludeByName: Object.fromEntries(hidden.map((name) => [name, true])),
          renameByName: { ...valueNames, ...rename },
        },
      },
    ],
  };
}

/** @param {string} name @param {string} label @param {string} query */
function labelVariable(name, label, query) {
  return {
    type: 'query',
    name,
    label,
    datasource: DATASOURCE,
    query: { query, refId: name },
    definition: query,
    refresh: 2,
    multi: true,
    includeAll: true,
    allValue: '.+',
    current: { text: 'All', value: '$__all' },
    sort: 1,
  };
}

/** Each is filled with what the jobs and instances chosen have. */
const CHOICES = {
  source: labelVariable('source', 'Source', `label_values(pgwitness_statements_total{${CHOSEN}}, source)`),
  pool: labelVariable('pool', 'Pool', `label_values(pgwitness_pool_connections{${CHOSEN}}, pool)`),
  route: labelVariable('route', 'Route', `label_values(pgwitness_route_requests_total{${CHOSEN}}, route)`),
  /** Where browsers reach `--http`: links lead there. */
  page: {
    type: 'textbox',
    name: 'page',
    label: 'Page of pgwitness',
    query: 'http://127.0.0.1:6434',
    current: { text: 'http://127.0.0.1:6434', value: 'http://127.0.0.1:6434' },
  },
};

/** @param {ReadonlyArray<keyof typeof CHOICES>} choices */
function variables(choices) {
  return [
    { type: 'datasource', name: 'datasource', label: 'Prometheus', query: 'prometheus', refresh: 1, hide: 0 },
    labelVariable('job', 'Job', 'label_values(pgwitness_build_info, job)'),
    labelVariable('instance', 'Instance', 'label_values(pgwitness_build_info{job=~"$job"}, instance)'),
    ...choices.map((name) => CHOICES[name]),
  ];
}

/** Vertical marks in every panel. @param {string} name @param {{ expr: string, colour: string, title: string }} mark */
function annotation(name, { expr, colour, title }) {
  return {
    name,
    datasource: DATASOURCE,
    enable: true,
    hide: false,
    iconColor: colour,
    expr,
    step: '30s',
    titleFormat: name,
    textFormat: title,
  };
}

function annotations() {
  return [
    annotation('Mark', {
      expr: `changes(pgwitness_last_mark_timestamp_seconds{${CHOSEN}}[1m]) > 0`,
      colour: 'purple',
      title: 'A mark ({{kind}}) on {{instance}}: pgwitness compare --around shows what changed',
    }),
    annotation('pgwitness restarted', {
      expr: `changes(pgwitness_observer_restarts_total{${CHOSEN}}[1m]) > 0`,
      colour: 'orange',
      title: 'The observer on {{instance}} was started again',
    }),
    annotation('Another build', {
      expr: `pgwitness_build_info{${CHOSEN}} unless pgwitness_build_info{${CHOSEN}} offset 5m`,
      colour: 'blue',
      title: 'pgwitness {{version}} on {{instance}}',
    }),
  ];
}

/**
 * @param {{ uid: string, title: string, description: string, panels: readonly any[],
 *   choices?: ReadonlyArray<keyof typeof CHOICES> }} spec panels from left to right, row by row
 */
export function dashboard({ uid, title, description, panels, choices = [] }) {
  let x = 0;
  let y = 0;
  let rowHeight = 0;
  const placed = panels.map(({ width, height, ...rest }, index) => {
    if (x + width > 24) {
      x = 0;
      y += rowHeight;
      rowHeight = 0;
    }
    const gridPos = { x, y, w: width, h: height };
    x += width;
    rowHeight = Math.max(rowHeight, height);
    return { id: index + 1, gridPos, ...rest };
  });
  return {
    uid,
    title,
    description,
    tags: ['pgwitness'],
    schemaVersion: 39,
    editable: false,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    annotations: { list: annotations() },
    templating: { list: variables(choices) },
    links: [
      {
        type: 'dashboards',
        title: 'pgwitness',
        icon: 'external link',
        tooltip: 'the other dashboards of pgwitness',
        tags: ['pgwitness'],
        asDropdown: true,
        targetBlank: false,
        keepTime: true,
        includeVars: true,
      },
    ],
    panels: placed,
  };
}
