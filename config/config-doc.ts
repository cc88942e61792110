// docs/CONFIGURATION.md from the table of options: one row per option, so that no flag is without its line.
// Not here: writing the file (scripts/config-doc.mjs).

import { environmentName, flagName, OPTIONS } from './options.js';

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
\`pgwitness check-config\` takes the same and prints what is in force and where each value came from; a fault is named with file, line and
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

# Your own rules: the first that matches decides, before any other evidence, and is certain. Values are whole, or end or begin with *.
rules:
  - name: the workers
    match: { application_name: "celery*" }
    set: { source: celery, tags: { component: job } }
  - match: { user: reporting, client_network: 10.2.0.0/16 }
    set: { pool: reporting }
  - match: { sql: '(?i)from "?ledger_', tag: { route: "/reports/*" } }
    set: { source: reports }

# Names for pools, by what identifies them: user, database, application_name, options, owner, client_network.
pools:
  - name: web
    match: { owner: django, user: app }

# Networks that set pools apart; without any, all clients are in one.
clientNetworks:
  - { name: web, prefix: 10.1.0.0/16 }

# Comment tags that are counted by, and those that are context of one request and never are.
dimensionKeys: [route, controller, action, app, caller, job]
contextKeys: [traceparent, request_id]

# How long counts are kept, by how finely; and the most the file may take.
retention: { minutes: 24h, hours: 30d, days: 400d, size: 2GiB }
\`\`\`

A rule may match \`application_name\`, \`user\`, \`database\`, \`client_network\` (10.1.0.0/16, or a name from \`clientNetworks\`), \`tag\` (a
map), \`fingerprint\` and \`sql\`, and set \`source\` (a built-in one or a name of yours), \`pool\` and \`tags\`. All that a rule matches must hold. \`sql\`
is a regular expression in [RE2's syntax](https://github.com/google/re2/wiki/Syntax), found anywhere in the normalised text as \`show\` prints
it, without literals. A pool belongs to a connection: a rule that sets one matches connections alone (not \`tag\`, \`fingerprint\` or \`sql\`).

SIGHUP to \`run\` or \`observe\` reads rules and client networks again without a pause: they hold for what comes from then on. A file with a
fault changes nothing and is told in the log.

At SIGHUP \`run\` and \`relay\` also take certificates, upstreams, caps of connections and the drain timeout for new sessions, \`observe\` on or off and
the log level at once; \`run\` starts its observer again for what else concerns it. What a reload cannot change (\`listen\`, \`health\`, \`socket\`, \`relays\`; of \`observe\`
all but rules and client networks) stays as it was, and the log names each such option that differs.
`;
