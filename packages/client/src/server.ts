import { systemClock, type Clock } from '@holdfast/base';
import { routes, type Route, type RouteName, type Routes } from '@holdfast/model/api';
import type { Dispatcher } from 'undici';
import { ask, type Asking, type Connection } from './ask.ts';
import { failureOf } from './told-failure.ts';
import { follow } from './follow.ts';
import { transportTo, type Trust } from './trust.ts';

/** What a schema takes, and what it gives. */
type Sent<Schema> = Schema extends { readonly _input: infer Value } ? Value : never;
type Told<Schema> = Schema extends { readonly _output: infer Value } ? Value : undefined;
type Part<Name extends RouteName, Field extends string> =
  Routes[Name] extends Readonly<Record<Field, infer Schema>> ? Sent<Schema> : undefined;
/** A part that has to be given, one that may be left out, or none. */
type Given<Field extends string, Value> = [Value] extends [undefined]
  ? { readonly [Key in Field]?: undefined }
  : // oxlint-disable-next-line typescript/no-empty-object-type -- asks whether an empty object would do
    {} extends Value
    ? { readonly [Key in Field]?: Value }
    : { readonly [Key in Field]: Value };

/** What a route is called with. */
export type Call<Name extends RouteName> = Given<'params', Part<Name, 'params'>> &
  Given<'query', Part<Name, 'query'>> &
  Given<'body', Part<Name, 'body'>> & {
    /** The ETag of what is changed, as it was told. */
    readonly ifMatch?: string;
    /** A word that stands for this very request: asked again with it, nothing is done twice. */
    readonly idempotencyKey?: string;
    readonly signal?: AbortSignal;
  };

/** What a call without any part is. */
type Nothing = Readonly<Record<'params' | 'query' | 'body', undefined>>;

/** What a route answers with. */
export type Reply<Name extends RouteName> = Told<Routes[Name]['reply']>;

type PagedName = {
  [Name in RouteName]: Routes[Name] extends { readonly form: 'page' } ? Name : never;
}[RouteName];
type StreamName = {
  [Name in RouteName]: Routes[Name] extends { readonly form: 'events' } ? Name : never;
}[RouteName];
type LinesName = {
  [Name in RouteName]: Routes[Name] extends { readonly form: 'lines' } ? Name : never;
}[RouteName];
type CalledName = Exclude<RouteName, StreamName | LinesName>;
type Item<Name extends PagedName> = Reply<Name> extends { items: (infer One)[] } ? One : never;

/** How a server is reached. */
export interface ServerAddress extends Trust {
  /** As `https://holdfast.example:9443`. */
  readonly url: string;
  /** A token, or what has one. Absent: for routes that need none. */
  readonly token?: string | (() => string | Promise<string>);
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/**
 * A server's REST API as calls. What the server refuses is thrown as the Failure that it has had; beside that each throws
 * server-unreachable, server-untrusted and the reason of the signal.
 */
export interface ServerClient extends AsyncDisposable {
  /** Asks once; again where the request may be asked twice and was not answered. */
  call<Name extends CalledName>(
    name: Name,
    ...call: Nothing extends Call<Name> ? [call?: Call<Name>] : [call: Call<Name>]
  ): Promise<Reply<Name>>;
  /** The same, with the ETag of what is told; null where it has none. */
  callWithEtag<Name extends CalledName>(
    name: Name,
    call: Call<Name>,
  ): Promise<{ readonly reply: Reply<Name>; readonly etag: string | null }>;
  /** All things of a list, page by page. */
  pages<Name extends PagedName>(
    name: Name,
    ...call: Nothing extends Call<Name> ? [call?: Call<Name>] : [call: Call<Name>]
  ): AsyncGenerator<Item<Name>>;
  /** Things as they happen, until the last; a stream that breaks off is gone on with where it was. @param after the number of an event */
  events<Name extends StreamName>(name: Name, call: Call<Name>, after?: number): AsyncGenerator<Reply<Name>>;
  /** The whole of a long reply, thing by thing. */
  lines<Name extends LinesName>(name: Name, call?: Call<Name>): AsyncGenerator<Reply<Name>>;
}

/** Makes a client; nothing is sent before the first call, but for the CA where that is known by its hash. */
export async function connectServer(address: ServerAddress): Promise<ServerClient> {
  const { url, token, clock = systemClock, signal } = address;
  const dispatcher: Dispatcher = await transportTo(url, address, signal);
  const connection: Connection = { url, token, clock, dispatcher, signal };
  const calling = async (name: RouteName, call: Asking = {}) => {
    const { status, etag, text } = await ask(connection, name, call);
    const { reply, form }: Route = routes[name];
    if (status >= 300) throw failureOf(status, text);
    if (reply === null) return { reply: undefined, etag };
    return { reply: reply.parse(form === 'text' ? text : JSON.parse(text)), etag };
  };
  const client = {
    call: async (name: RouteName, call?: Asking) => (await calling(name, call)).reply,
    callWithEtag: calling,
    async *pages(name: RouteName, call: Asking = {}) {
      let after = call.query?.['after'];
      do {
        const query = { ...call.query, ...(after === undefined ? {} : { after }) };
        const page = (await calling(name, { ...call, query })).reply as {
          items: unknown[];
          next: string | null;
        };
        yield* page.items;
        after = page.next ?? undefined;
      } while (after !== undefined);
    },
    events: (name: RouteName, call: Asking, after?: number) => follow(connection, name, call, after),
    async *lines(name: RouteName, call: Asking = {}) {
      const { reply }: Route = routes[name];
      const { status, text } = await ask(connection, name, call);
      if (status >= 300) throw failureOf(status, text);
      for (const line of text.split('\n')) if (line !== '') yield reply!.parse(JSON.parse(line));
    },
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
  return client as unknown as ServerClient;
}
