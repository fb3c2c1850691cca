import type { RouteName, Routes } from '@holdfast/model/api';
import type { z } from 'zod';
import type { Caller } from '../auth/caller.ts';

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
type Field<Route, Name extends string> =
  Route extends Readonly<Record<Name, infer Schema>> ? Parsed<Schema> : undefined;

/** A request that was let in and checked. */
export interface Asked<Name extends RouteName> {
  readonly params: Field<Routes[Name], 'params'>;
  readonly query: Field<Routes[Name], 'query'>;
  readonly body: Field<Routes[Name], 'body'>;
  /** Undefined only where the route needs no token. */
  readonly caller: Caller;
  /** The version that `If-Match` names; null: none was sent, or `*`. */
  readonly ifMatch: number | null;
  readonly address: string;
  /** Aborted when the client is gone, or the server ends. */
  readonly signal: AbortSignal;
  /** `Last-Event-ID`, of streams. */
  readonly lastEvent: number | null;
  /** What the audit log is to have beside route, caller and parameters; and of which cluster it is, where params do not tell. */
  readonly note: (
    details: Readonly<Record<string, unknown>>,
    of?: { readonly cluster?: string; readonly of?: string },
  ) => void;
}

type ReplyBody<Name extends RouteName> = Routes[Name]['reply'] extends z.ZodType
  ? z.input<Routes[Name]['reply']>
  : undefined;

/** What a handler returns: the reply's body; with its version where there is an ETag; a stream of them; or a text. */
type Answered<Name extends RouteName> = Routes[Name] extends { readonly form: 'events' | 'lines' }
  ? AsyncIterable<ReplyBody<Name>>
  : Routes[Name] extends { readonly etag: string }
    ? { readonly body: ReplyBody<Name>; readonly version: number }
    : ReplyBody<Name>;

/** Implements a route: everything that a route's data says (who may, shapes, ETag, idempotency, audit) is seen to before. */
type Handler<Name extends RouteName> = (asked: Asked<Name>) => Promise<Answered<Name>> | Answered<Name>;

/** Handlers of some routes; those of all of them together implement the API. */
export type Handlers<Names extends RouteName = RouteName> = { readonly [Name in Names]: Handler<Name> };
