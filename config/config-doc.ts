// Makes docs/CONFIGURATION.md from the table of options.
// Invariant: every option has its row. Not here: writing the file (scripts/config-doc.mjs).

import { environmentName, flagName } from './option.js';
import { OPTIONS } from './options.js';
import { COUNTED_KINDS, TIMED_KINDS } from './values/finding-kinds.js';

export function configDoc(): string {
  const rows = Object.values(OPTIONS).map(({ name, formerName, value, fallback, help }) => {
    const preset = fallback === '' ? '' : `\`${fallback}\``;
    const former =
      formerName === undefined
        ? ''
        : ` (formerly \`${formerName}\`: the old names of flag, variable and key still work)`;
    const flag = `--${flagName(name)}${value === '' ? '' : ` <${value.replaceAll('|', '\\|')}>`}`;
    return `| \`${flag}\` | \`${environmentName(name)}\` | \`${name}\` | ${preset} | ${(help + former).replaceAll('|', '\\|')} |`;
  });
  return `${HEAD}
| flag | environment | config file | default | |
|---|---|---|---|---|
${rows.join('\n')}

${LISTS}`;
}

const HEAD = `# Configuration

Made from the table of options by \`node scripts/config-doc.mjs\`.

Flags win over environment variables, these over the config file (\`--config FILE\` or \`PGWITNESS_CONFIG\`), that over defaults.
\`pgwitness check-config\` takes the same and prints every value in force and where it came from. A fault is reported with file, line and
column, and nothing starts. Durations are \`250ms\`, \`15m\`, \`7d\`; sizes \`64MiB\`; addresses \`HOST:PORT\`, \`[IPv6]:PORT\` or\n\`unix:PATH\`.
`;

const LISTS = `## Only in the config file

\`\`\`yaml
listen: 127.0.0.1:6433
upstream: db.internal:5432

# Several listeners, each with an upstream of its own (then listen and upstream above are not used).
# pairs:
#   - { listen: 127.0.0.1:6433, upstream: db.internal:5432 }
#   - { listen: 127.0.0.1:6443, upstream: replica.internal:5432, upstreamTls: require }

# Your own rules: the first that matches decides, before any other evidence, and is certain. In values * stands for anything.
rules:
  - name: the workers
    match: { application_name: "celery*" }
    set: { source: celery, tags: { component: job } }
  - match: { user: reporting, client_network: 10.2.0.0/16 }
    set: { pool: reporting }
  - match: { sql: '(?i)from "?ledger_', tag: { route: "/reports/*" } }
    set: { source: reports }
  - match: { driver: asyncpg }
    set: { source: covet }

# Your names for pools. A pool is identified by user, database, application_name, options, owner and client_network.
pools:
  - name: web
    match: { owner: django, user: app }

# Networks that distinguish pools. Without any, all clients are in one network.
clientNetworks:
  - { name: web, prefix: 10.1.0.0/16 }

# Comment tags that are counted by, and tags of a single request, which never are.
dimensionKeys: [route, controller, action, app, caller, job]
contextKeys: [traceparent, request_id]

# How long counts per minute, hour and day are kept, and the largest size of the file.
retention: { minutes: 24h, hours: 30d, days: 400d, size: 2GiB }

# What conditions of \`check\` leave out, with the reason that is printed: see CI.md.
exceptions:
  - reason: the nightly export stays on COPY until spring
    match: { source: raw, route: exports/* }
    until: 2027-03-31

# What \`pgwitness findings\` finds, and what of it is known. The first threshold that fits holds.
findings:
  thresholds:
    - { kind: n-plus-one, route: "/reports/*", least: 20 }
    - { kind: idle-in-transaction, source: raw, after: 5s }
  accepted:
    - { id: 4f1c20b7, reason: one row a day }
    - { kind: duplicate, route: "/admin/*", table: "auth_*", reason: the admin does that, until: 2027-01-31 }
  readOnly:
    - { pool: "reporting*" }
  migrated:
    - { route: "/orders/*", sources: [raw, sqlalchemy] }
\`\`\`

A rule may match \`application_name\`, \`user\`, \`database\`, \`client_network\` (10.1.0.0/16, or a name from \`clientNetworks\`), \`driver\`
(\`asyncpg\` or \`psycopg3\`, where it shows on the wire), \`tag\` (a map), \`fingerprint\` and \`sql\`, and set \`source\` (a built-in one or a name of yours), \`pool\` and \`tags\`. All that a rule matches must hold. \`sql\`
is a regular expression in [RE2's syntax](https://github.com/google/re2/wiki/Syntax), found anywhere in the normalised text as \`show\` prints
it, without literals. A pool belongs to a connection: a rule that sets one matches connections alone (not \`tag\`, \`fingerprint\` or \`sql\`).

In \`findings\`, \`route\`, \`source\`, \`pool\` and \`table\` take \`*\` for anything; what is left out fits all. A threshold is \`least\`
(repetitions or rows; of ${COUNTED_KINDS.map((kind) => `\`${kind}\``).join(', ')}) or \`after\` (of ${TIMED_KINDS.map((kind) => `\`${kind}\``).join(', ')}).
An accepted finding is named by the first 6 digits or more of its \`id\`, or by its \`kind\` with or without \`route\` and \`table\`, and says its \`reason\`; from the day \`until\` on
it is found again. \`readOnly\` names pools or sources that must not write, \`migrated\` routes on which \`sources\` (left out: raw and sqlalchemy) must not come any more.
[FINDINGS.md](FINDINGS.md) has the kinds.

SIGHUP to \`run\` or \`observe\` reads rules, client networks and findings again without a pause. They hold for later statements. A file with a
fault changes nothing, and the fault is logged.

At SIGHUP \`run\` and \`relay\` also take certificates, upstreams, caps of connections and the drain timeout for new sessions, \`observe\` on or off and
the log level at once; \`run\` restarts its observer when another option of the observer changed. What a reload cannot change (\`listen\`, \`health\`, \`socket\`, \`relays\`; of \`observe\`
all but rules, client networks and findings) stays as it was, and the log names each such option that differs.
`;
