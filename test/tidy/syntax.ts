// Splits a source into code and comments, and finds its functions, without a parser.
// It is enough syntax for the tidy tests.
// Invariant: `code` has the length and the line ends of the source; strings, regular expressions and comments are
// blank in it. It relies on the formatter: a quote that is not closed on its line is text of JSX.
// Not here: what is allowed (the tests).

import { textOf } from './sources.js';

export interface Comment {
  /** 1 = the file's first. */
  readonly line: number;
  readonly text: string;
}

export interface Syntax {
  readonly code: string;
  /** One for each line of a comment, with its slashes and stars. */
  readonly comments: readonly Comment[];
}

const REGEX_MAY_FOLLOW = /(?:^|[=([{,;:!&|?+\-*%~^<>]|\b(?:return|typeof|case|of|in|delete|void|await|yield|new))\s*$/;

export function syntaxOf(source: string): Syntax {
  const code = source.split('');
  const comments: Comment[] = [];
  const blank = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (code[i] !== '\n') code[i] = ' ';
  };
  /** Brace depths at which a template literal goes on. */
  const templates: number[] = [];
  let depth = 0;
  let at = source.startsWith('#!') ? source.indexOf('\n') : 0;
  blank(0, at);

  const template = (from: number): number => {
    let i = from;
    while (i < source.length && source[i] !== '`' && !source.startsWith('${', i)) i += source[i] === '\\' ? 2 : 1;
    if (source.startsWith('${', i)) templates.push(depth++);
    const end = i + (source[i] === '`' ? 1 : 2);
    blank(from, end);
    return end;
  };

  while (at < source.length) {
    const char = source[at];
    let end = at + 1;
    if (source.startsWith('//', at) || source.startsWith('/*', at)) {
      const closes = char + source[at + 1] === '//' ? source.indexOf('\n', at) : source.indexOf('*/', at) + 2;
      end = closes < 2 ? source.length : closes;
      const line = source.slice(0, at).split('\n').length;
      const texts = source.slice(at, end).split('\n');
      for (const [i, text] of texts.entries()) comments.push({ line: line + i, text });
      blank(at, end);
    } else if (char === "'" || char === '"') {
      end = stringEnd(source, at);
      blank(at, end);
    } else if (char === '`') {
      blank(at, at + 1);
      end = template(at + 1);
    } else if (char === '/' && REGEX_MAY_FOLLOW.test(code.slice(Math.max(0, at - 40), at).join(''))) {
      end = regexEnd(source, at);
      blank(at, end);
    } else if (char === '{') depth++;
    else if (char === '}' && templates.at(-1) === depth - 1) {
      depth = templates.pop()!;
      blank(at, at + 1);
      end = template(at + 1);
    } else if (char === '}') depth--;
    at = end;
  }
  return { code: code.join(''), comments };
}

function stringEnd(source: string, from: number): number {
  let i = from + 1;
  while (i < source.length && source[i] !== source[from] && source[i] !== '\n') i += source[i] === '\\' ? 2 : 1;
  return source[i] === source[from] ? i + 1 : from + 1;
}

function regexEnd(source: string, from: number): number {
  let inClass = false;
  for (let i = from + 1; i < source.length && source[i] !== '\n'; i++) {
    if (source[i] === '\\') i++;
    else if (source[i] === '[') inClass = true;
    else if (source[i] === ']') inClass = false;
    else if (source[i] === '/' && !inClass) return i + 1;
  }
  return from + 1;
}

export interface FunctionLines {
  /** Its name, or what stands before its arrow. */
  readonly name: string;
  readonly line: number;
  /** From its head to its closing brace. */
  readonly lines: number;
}

const CONTROL =
  /^(?:\}?\s*(?:if|else|for|while|do|switch|try|catch|finally|with|class|interface|namespace|enum)\b|export (?:default )?(?:abstract )?(?:class|interface|enum)\b|declare\b)/;
const HEAD_OF_FUNCTION = /=>\s*$|\)\s*(?::[^;]*)?$/;

/** Functions, methods and arrow functions with a body in braces. */
export function functionsOf({ code }: Syntax): FunctionLines[] {
  interface Open {
    readonly head: string;
    readonly headAt: number;
    readonly isFunction: boolean;
    /** Where the next head begins. */
    boundary: number;
    /** The last block, when it was a return type in braces: the function's body follows. */
    typed: Open | undefined;
  }
  const found: FunctionLines[] = [];
  const root: Open = { head: '', headAt: 0, isFunction: false, boundary: 0, typed: undefined };
  const stack = [root];
  for (let at = 0; at < code.length; at++) {
    const inside = stack.at(-1)!;
    const char = code[at];
    if (char === ';' || char === ',') {
      inside.boundary = at + 1;
      inside.typed = undefined;
    } else if (char === '{' || char === '(' || char === '[') {
      const own = code.slice(inside.boundary, at);
      const isReturnType = /\)\s*:\s*$/.test(own) && char === '{';
      const before = own.trim() === '' && char === '{' ? inside.typed : undefined;
      const head = before?.head ?? own.trim();
      const headAt = before?.headAt ?? inside.boundary + (own.length - own.trimStart().length);
      const isFunction = char === '{' && !isReturnType && HEAD_OF_FUNCTION.test(head) && !CONTROL.test(head);
      stack.push({ head, headAt, isFunction, boundary: at + 1, typed: undefined });
    } else if ((char === '}' || char === ')' || char === ']') && stack.length > 1) {
      const closed = stack.pop()!;
      const outside = stack.at(-1)!;
      if (char !== '}') continue;
      outside.boundary = at + 1;
      outside.typed = /\)\s*:\s*$/.test(closed.head) ? closed : undefined;
      if (!closed.isFunction) continue;
      const line = lineOf(code, closed.headAt);
      const name = /([#\w$]+)\s*(?:=\s*(?:async\s*)?)?[(<]/.exec(closed.head)?.[1] ?? closed.head.slice(0, 30);
      found.push({ name, line, lines: lineOf(code, at) - line + 1 });
    }
  }
  return found;
}

function lineOf(code: string, at: number): number {
  let line = 1;
  for (let i = code.indexOf('\n'); i >= 0 && i < at; i = code.indexOf('\n', i + 1)) line++;
  return line;
}

const syntaxes = new Map<string, Syntax>();

function syntaxIn(file: string): Syntax {
  let syntax = syntaxes.get(file);
  if (syntax === undefined) {
    syntax = syntaxOf(textOf(file));
    syntaxes.set(file, syntax);
  }
  return syntax;
}

export const commentsOf = (file: string): readonly Comment[] => syntaxIn(file).comments;
export const codeOf = (file: string): string => syntaxIn(file).code;
export const functionsIn = (file: string): readonly FunctionLines[] => functionsOf(syntaxIn(file));
