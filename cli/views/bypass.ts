// Reads and prints the sessions of a server that bypass pgwitness, for `pools --dsn`.
// Invariant: it says "cannot tell" rather than guess.
// Not here: comparing (own-queries/activity.ts), the pools (pools.ts).

import type { BypassReport } from '../../own-queries/activity.js';
import { OWN_NAMES } from '../../own-queries/own-names.js';
import type { Place } from '../reading/place.js';
import { count } from '../terminal/format.js';
import { oneLine, type Screen, styled, wrapped } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';

/** Twice the default flush interval: a session of the first look is stored before the second. */
const SETTLE_MS = 2_000;

export interface BypassView extends BypassReport {
  /** Our own connection to the server passed pgwitness. */
  readonly leadsThrough: boolean;
}

/** Throws UsageError for a faulty DSN, RuntimeError for a server that does not answer. */
export async function bypassOf(place: Place, dsn: string): Promise<BypassView> {
  const { parseDsn } = await import('../../own-queries/dsn.js');
  const { COMMAND_LIMITS, connectServer } = await import('../../own-queries/own-connection.js');
  const { compareActivity, readActivity } = await import('../../own-queries/activity.js');
  const address = parseDsn(dsn, { where: '--dsn', env: process.env });
  const connection = await connectServer(address, { ...COMMAND_LIMITS, applicationName: OWN_NAMES.pools });
  try {
    const before = await readActivity(connection);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const witnessed = await place.sessions();
    const compared = compareActivity(witnessed, { before, after: await readActivity(connection) });
    return { ...compared, leadsThrough: connection.isAmong(witnessed) };
  } finally {
    connection.close();
  }
}

export function bypassText(report: BypassView, screen: Screen): string {
  const text = sessionsText(report, screen);
  return report.leadsThrough ? `${text}\n${wrapped(LEADS_THROUGH, screen).join('\n')}` : text;
}

const LEADS_THROUGH =
  'The DSN leads through pgwitness, where its statements are tool. Give the address of the server itself.';

function sessionsText(report: BypassReport, screen: Screen): string {
  const { bypassing, serverSessions, matchedSessions, witnessedSessions } = report;
  const words = (text: string): string => wrapped(text, screen).join('\n');
  if (report.outcome === 'cannot tell')
    return words(`Sessions that bypass pgwitness: cannot tell, because ${report.reason}.`);
  const past = bypassing.reduce((sum, { connections }) => sum + connections, 0);
  const all = serverSessions === 1 ? '1 client session' : `${count(serverSessions)} client sessions`;
  const held = `The server has ${all}; ${count(matchedSessions)} of them come through pgwitness`;
  const others = witnessedSessions - matchedSessions;
  const elsewhere = others > 0 ? ` (it sees ${count(others)} more, of another server or just ended)` : '';
  if (past === 0) return words(`${held}${elsewhere}. None bypasses it.`);
  const table = renderTable(
    bypassing,
    [
      { title: 'connections', align: 'right', cell: (row) => count(row.connections) },
      { title: 'user', cell: (row) => oneLine(row.user) },
      { title: 'database', cell: (row) => oneLine(row.database) },
      { title: 'address', cell: (row) => oneLine(row.clientAddress) || 'not shown' },
      { title: 'application', flexible: true, cell: (row) => oneLine(row.applicationName) },
    ],
    screen,
  );
  const title = styled(past === 1 ? '1 bypasses it:' : `${count(past)} bypass it:`, { style: 'bold', screen });
  return `${words(`${held}${elsewhere}.`)}\n${title}\n${table}`;
}

export function bypassJson(report: BypassView): object {
  return {
    outcome: report.outcome,
    // The name that `outcome` had before.
    verdict: report.outcome,
    reason: report.reason,
    leads_through_pgwitness: report.leadsThrough,
    server_sessions: report.serverSessions,
    witnessed_sessions: report.witnessedSessions,
    matched_sessions: report.matchedSessions,
    bypassing: report.bypassing.map(({ user, database, applicationName, clientAddress, connections }) => ({
      user,
      database,
      application_name: applicationName,
      client_address: clientAddress,
      connections,
    })),
  };
}
