import type { z } from 'zod';
import { RequestRefused, type RequestFaults } from './problem.ts';

/** The parts of a request that a route's data describes. */
export type RequestPart = 'params' | 'query' | 'body' | 'headers';

const mostFaults = 20;
/** Deeper than anything that is asked for; what recurses over it stays far from the end of the stack. */
const deepest = 64;

/**
 * Checks a part of a request by its schema; without one nothing may be there.
 *
 * @throws Failure request-invalid, with the pointer of each fault
 */
export function checkPart(part: RequestPart, schema: z.ZodType | undefined, value: unknown): unknown {
  const unfit = unfitIn(value, `/${part}`, 0);
  if (unfit !== undefined) throw new RequestRefused([unfit]);
  if (schema === undefined) {
    const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    if (value === undefined || (names.length === 0 && !Array.isArray(value))) return undefined;
    if (names.length === 0) throw new RequestRefused([{ pointer: `/${part}`, detail: 'nothing goes here' }]);
    throw new RequestRefused(names.slice(0, mostFaults).map((name) => unknownField(`/${part}`, name)));
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RequestRefused(
    parsed.error.issues.flatMap((issue) => faultsOf(part, issue)).slice(0, mostFaults),
  );
}

function faultsOf(part: RequestPart, issue: z.core.$ZodIssue): RequestFaults {
  const pointer = pointerTo([part, ...issue.path]);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField(pointer, key));
  return [{ pointer, detail: issue.message }];
}

function unknownField(below: string, name: string): RequestFaults[number] {
  return { pointer: `${below}${pointerTo([name.slice(0, 100)])}`, detail: 'there is no such field' };
}

/** RFC 6901. */
export function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** What no part of the server can do anything with: characters that a database has no place for, and endless nesting. */
function unfitIn(value: unknown, pointer: string, depth: number): RequestFaults[number] | undefined {
  if (depth > deepest) return { pointer: pointer.slice(0, 200), detail: 'it is nested too deeply' };
  if (typeof value === 'string') {
    return value.includes('\0') ? { pointer, detail: 'it holds the character NUL' } : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, each] of Object.entries(value)) {
    const below = `${pointer}${pointerTo([key.slice(0, 100)])}`;
    if (key === '__proto__' || key.includes('\0'))
      return { pointer: below, detail: 'no field has this name' };
    const unfit = unfitIn(each, below, depth + 1);
    if (unfit !== undefined) return unfit;
  }
  return undefined;
}
