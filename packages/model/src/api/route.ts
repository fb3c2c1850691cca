import { z } from 'zod';
import type { Permission } from '../fleet/roles.ts';

/**
 * One route of the REST API as data: the server implements it, the client calls it, OpenAPI and the tests of who may do
 * what are made from it.
 */
export interface Route {
  /** One sentence without a full stop: what it does. */
  readonly summary: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With parameters as `:name`. */
  readonly path: `/${string}`;
  /** Null: anybody may, without a token. `self`: everybody with a token. */
  readonly permission: Permission | 'self' | null;
  /**
   * In which cluster it must be allowed: the one that parameter `cluster` names, the one that the named thing belongs to,
   * or in all (null). `some`: in one at least, and what is told is of those alone.
   */
  readonly scope: 'cluster' | 'thing' | 'some' | null;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Of success. Null: nothing is told, with 204. */
  readonly reply: z.ZodType | null;
  readonly status: 200 | 201 | 202 | 204;
  /** `page`: the reply is a page of such things. `events`: server-sent events. `lines`: a JSON object a line. */
  readonly form?: 'page' | 'events' | 'lines' | 'text';
  /** The reply has an ETag; a write may say `If-Match` with it, and must where this is `required`. */
  readonly etag?: 'sent' | 'required';
  /** A write that takes an `Idempotency-Key`: asked again with it within a day, it is answered the same and nothing more is done. */
  readonly idempotent?: true;
}

/** What every list takes. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  /** `next` of the page before. */
  after: z.string().max(500).optional(),
});

/** A page of things; `next` is null on the last one. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}

/** RFC 9457, with the words of the failure table. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  /** Of the failure table. */
  code: z.string(),
  /** What to do next. */
  next: z.string(),
  instance: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
  /** Where the request was wrong: a JSON pointer and what is wrong there. */
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});
export type Problem = z.infer<typeof Problem>;

/** Keeps the types of each route's own schemas. */
export function routesOf<const Routes extends Readonly<Record<string, Route>>>(routes: Routes): Routes {
  return routes;
}
