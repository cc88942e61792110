// A command for tests of exec: sends statements where its environment says, or ends in a way.
// Not here: what is expected of it (exec.test.ts).

import postgres from 'postgres';

const [what, ...rest] = process.argv.slice(2);
// As drivers do: a whole address first, else host and port.
const host = process.env.DB_HOST ?? process.env.PGHOST;
const port = Number(process.env.DB_PORT ?? process.env.PGPORT);
const sql = process.env.DATABASE_URL
  ? postgres(process.env.DATABASE_URL, { max: 1, onnotice: () => {} })
  : postgres({ host, port, user: 'postgres', database: 'postgres', max: 1, onnotice: () => {} });

if (what === 'send') {
  for (const text of rest) await sql.unsafe(text);
  await sql.end();
} else if (what === 'exit') {
  process.exitCode = Number(rest[0]);
} else if (what === 'environment') {
  await sql`select 1`;
  await sql.end();
  process.stdout.write(JSON.stringify(process.env));
} else if (what === 'wait') {
  await sql`select 1`;
  process.on('SIGTERM', () => process.exit(Number(rest[0])));
  process.stdout.write('waiting\n');
  setInterval(() => {}, 1_000);
} else if (what === 'die') {
  await sql`select 1`;
  await sql.end();
  process.kill(process.pid, rest[0]);
}
