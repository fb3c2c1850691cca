import type { Clock } from '@holdfast/base';
import { routes, type Route, type RouteName } from '@holdfast/model/api';
import { request, type Dispatcher } from 'undici';
import { unreachable } from './trust.ts';

/** How requests are carried, and by whom they are made. */
export interface Connection {
  readonly url: string;
  readonly token: string | (() => string | Promise<string>) | undefined;
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal | undefined;
}

/** A call whose types are looked at already. */
export interface Asking {
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
  readonly ifMatch?: string;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

/** What was answered. */
export interface Answer {
  readonly status: number;
  readonly etag: string | null;
  readonly text: string;
}

const firstWaitMs = 250;
const longestWaitMs = 5_000;
const attempts = 5;

/**
 * Asks, and again where that does no harm: when nobody has answered, or the server is busy or just ending.
 *
 * @throws Failure server-unreachable, server-untrusted; the signal's reason
 */
export async function ask(connection: Connection, name: RouteName, call: Asking): Promise<Answer> {
  const route: Route = routes[name];
  const mayRepeat = route.method === 'GET' || call.idempotencyKey !== undefined;
  for (let attempt = 1; ; attempt += 1) {
    const isLast = !mayRepeat || attempt === attempts;
    let waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** (attempt - 1));
    try {
      const answered = await open(connection, name, call);
      const text = await answered.body.text();
      const { statusCode: status, headers } = answered;
      if (isLast || ![429, 502, 503, 504].includes(status))
        return { status, etag: headers['etag'] === undefined ? null : String(headers['etag']), text };
      const after = Number(headers['retry-after']);
      if (Number.isFinite(after)) waitMs = Math.max(waitMs, Math.min(after * 1_000, longestWaitMs));
    } catch (error) {
      signalOf(connection, call)?.throwIfAborted();
      const failure = unreachable(connection.url, error);
      if (isLast || failure.code === 'server-untrusted') throw failure;
    }
    await connection.clock.sleep(waitMs, signalOf(connection, call));
  }
}

/** Sends one request. @throws what the transport throws */
export async function open(
  { url, token, dispatcher, ...connection }: Connection,
  name: RouteName,
  call: Asking,
  headers: Readonly<Record<string, string>> = {},
): Promise<Dispatcher.ResponseData> {
  const { method, path, permission }: Route = routes[name];
  const target = new URL(pathOf(path, call), url);
  const signal = signalOf(connection, call);
  const bearer =
    permission === null || token === undefined
      ? undefined
      : typeof token === 'string'
        ? token
        : await token();
  return request(target, {
    method,
    dispatcher,
    headers: {
      accept: 'application/json, application/problem+json, */*',
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(call.ifMatch === undefined ? {} : { 'if-match': call.ifMatch }),
      ...(call.idempotencyKey === undefined ? {} : { 'idempotency-key': call.idempotencyKey }),
      ...headers,
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The signal of a call, and of the connection that it is made over. */
export function signalOf(connection: Pick<Connection, 'signal'>, call: Asking): AbortSignal | undefined {
  const signals = [connection.signal, call.signal].filter((signal) => signal !== undefined);
  return signals.length > 1 ? AbortSignal.any(signals) : signals[0];
}

function pathOf(path: string, { params = {}, query = {} }: Asking): string {
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const words = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value as string | number | boolean)]],
  );
  return words.length === 0 ? filled : `${filled}?${new URLSearchParams(words).toString()}`;
}
