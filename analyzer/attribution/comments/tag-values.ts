// Values of comment tags as they may be kept: without the ids and tokens that a path may hold.
//
//   /reset/MQ/bx2k9q-1f3d5c7b9a0e2d4f6a8b0c2d/?next=/a   ►   /reset/MQ/{id}/
//
// Instrumentation should send the route's pattern. Some send the path, which makes a tag set of every request and may
// hold what lets its reader in: the token of a link, a session's id.
// Invariant: bounded work; a value without such a segment is returned as it is. A short id is not recognised.
// Not here: which tags are kept (tag-set.ts).

const PLACEHOLDER = '{id}';

/** Nothing behind it is looked at or kept. */
const READ_CHARS_MAX = 1_000;

/** A number is an id between slashes alone. */
export function keptTagValue(value: string): string {
  const read = value.length > READ_CHARS_MAX ? value.slice(0, READ_CHARS_MAX) : value;
  if (!read.includes('/')) return isToken(read) ? PLACEHOLDER : read;
  // A query string, not the quantifier of a route's expression.
  const query = read.search(/[?#][\w.%~[\]-]*(?:=|$)/);
  const path = query === -1 ? read : read.slice(0, query);
  return path.replace(/[^/]+/g, (segment) => (isNumber(segment) || isToken(segment) ? PLACEHOLDER : segment));
}

/** 42, 2024-01-15, 17:05. */
function isNumber(segment: string): boolean {
  return /^[\d:.-]*\d[\d:.-]*$/.test(segment);
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
/** A JSON Web Token begins with {" in Base64. */
const JWT = /^eyJ[\w-]+\.[\w-]+\./;
/** Anything else is a pattern: <int:pk>, (?P<year>[0-9]{4}), :id. */
const PLAIN = /^[\w.~%+=,;-]+$/;

/** A UUID, a mail address, or a part that mixes letters and digits as no word does. */
function isToken(segment: string): boolean {
  if (segment.length < 10) return false;
  if (UUID.test(segment) || ADDRESS.test(segment) || JWT.test(segment)) return true;
  if (!PLAIN.test(segment)) return false;
  const parts = segment.split(/[._~%+=,;-]/);
  // A token of 64 signs has two that set parts apart.
  return parts.some(isMixed) || parts.filter((part) => part.length >= 6 && hasAllKinds(part)).length > 1;
}

/** Digits in two places, or hexadecimal digits in a long row, or letters of both cases around a digit. */
function isMixed(part: string): boolean {
  if (part.length < 10 || !/\d/.test(part) || !/[a-z]/i.test(part)) return false;
  if (/^[0-9a-f]{12,}$/i.test(part)) return true;
  if (/\d[a-z]+\d/i.test(part)) return true;
  return part.length >= 20 && hasAllKinds(part);
}

function hasAllKinds(part: string): boolean {
  return /\d/.test(part) && /[a-z]/.test(part) && /[A-Z]/.test(part);
}
