// A server on which everything succeeds.
// Each statement is answered as completed, and transactions are followed. No SQL is run.
// Invariant: as many completions as the text has statements.
// Not here: faults (scripted-server.ts), what is seen of it (the tests).

import { splitStatements } from '../../analyzer/fingerprint/split.js';
import { lex } from '../../analyzer/sql/sql-lexer.js';
import { SqlTokens } from '../../analyzer/sql/tokens.js';
import { B } from './frames.js';
import { ScriptedServer, type ServerEnd } from './scripted-server.js';

interface Conversation {
  pending: Buffer;
  greeted: boolean;
  status: 'I' | 'T';
  statements: Map<string, string>;
  bound: string;
}

/** To be started and stopped as any scripted server. */
export function agreeableServer(): ScriptedServer {
  const conversations = new Map<ServerEnd, Conversation>();
  return new ScriptedServer({
    onData: (end, chunk) => {
      let it = conversations.get(end);
      if (it === undefined) {
        it = { pending: Buffer.alloc(0), greeted: false, status: 'I', statements: new Map(), bound: '' };
        conversations.set(end, it);
      }
      it.pending = Buffer.concat([it.pending, chunk]);
      const answers = answersTo(it);
      if (answers.length > 0) end.send(...answers);
    },
  });
}

function answersTo(it: Conversation): Buffer[] {
  if (!it.greeted && it.pending.length >= 4) {
    it.pending = it.pending.subarray(it.pending.readInt32BE(0));
    it.greeted = true;
  }
  const answers: Buffer[] = [];
  while (it.pending.length >= 5) {
    const end = 1 + it.pending.readInt32BE(1);
    if (it.pending.length < end) break;
    const code = String.fromCharCode(it.pending[0]);
    const fields = it.pending.toString('utf8', 5, end).split('\0');
    it.pending = it.pending.subarray(end);
    answers.push(...answer(it, code, fields));
  }
  return answers;
}

function answer(it: Conversation, code: string, [first, second]: string[]): Buffer[] {
  switch (code) {
    case 'Q':
      return [...completions(it, first), B.ready(it.status)];
    case 'P':
      it.statements.set(first, second);
      return [B.parseComplete()];
    case 'B':
      it.bound = it.statements.get(second) ?? '';
      return [B.bindComplete()];
    case 'E':
      return completions(it, it.bound);
    case 'S':
      return [B.ready(it.status)];
    default:
      return [];
  }
}

function completions(it: Conversation, sql: string): Buffer[] {
  const bytes = Buffer.from(sql);
  const tokens = new SqlTokens();
  lex(bytes, tokens);
  const parts = splitStatements(tokens);
  if (parts.length === 0) return [B.emptyQuery()];
  return parts.map(({ start, end }) => {
    lex(bytes.subarray(start, end), tokens);
    const word = tokens.text(0).toUpperCase();
    if (word === 'BEGIN' || word === 'START') it.status = 'T';
    const isWhole = !/^(\S+\s+)?ROLLBACK\b.*\bTO\b/is.test(tokens.text(0) + bytes.toString('utf8', start, end));
    if (word === 'COMMIT' || word === 'END' || (word === 'ROLLBACK' && isWhole)) it.status = 'I';
    return B.commandComplete(word);
  });
}
