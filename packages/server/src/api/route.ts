import { Failure, isFailure } from '@holdfast/base';
import { routes, type Route, type RouteName } from '@holdfast/model/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Auditor } from '../audit/auditor.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import type { ServerContext } from '../context.ts';
import { auditEntry, isAudited, type Noted } from './audit-entry.ts';
import { versionAsked } from './etags.ts';
import type { Asked, Handlers } from './handler.ts';
import { keyAsked, onceByKey } from './idempotency.ts';
import { permit } from './permission.ts';
import { problemOf } from './problem.ts';
import { sendReply, storedReply } from './reply.ts';
import { checkPart } from './request-check.ts';

/** What the routes are served with. */
export interface RouteParts {
  readonly context: ServerContext;
  readonly handlers: Handlers;
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly auditor: Pick<Auditor, 'note'>;
  /** Aborted when the server ends, with a Failure server-stopping. */
  readonly stopping: AbortSignal;
}

/** A request as every handler gets it, its types aside. */
type AnyAsked = { -readonly [Key in keyof Asked<RouteName>]: unknown };
type AnyHandler = (asked: AnyAsked) => unknown;

/** What is known of a request so far; grows while it is let in. */
type Known = { -readonly [Key in keyof Noted]: Noted[Key] };

/** Serves one route as its data says: who may, what shape, once by a key, noted in the audit log, told by its schema. */
export function serveRoute(name: RouteName, parts: RouteParts) {
  const route: Route = routes[name];
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const params = request.params as Record<string, string>;
    const known: Known = {
      name,
      params,
      ...{ caller: undefined, address: request.ip, cluster: params['cluster'] ?? null },
      ...{ details: {}, of: undefined },
    };
    try {
      return await answer(route, parts, request, reply, known);
    } catch (error) {
      if (isRefusal(error)) await parts.auditor.note(auditEntry(known, 'refused', error));
      throw error;
    }
  };
}

function isRefusal(error: unknown): boolean {
  return isFailure(error, 'not-authenticated') || isFailure(error, 'not-allowed');
}

async function answer(
  route: Route,
  parts: RouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
  known: Known,
): Promise<FastifyReply> {
  const { context, authenticator } = parts;
  const { headers } = request;
  let missing: Error | undefined;
  if (route.permission !== null) {
    known.caller = await authenticator.authenticate(headers.authorization, request.ip);
    const permitted = await permit(context.store, route, known.params, known.caller);
    known.cluster = permitted.cluster;
    missing = permitted.missing;
  }
  const asked = askedOf(route, parts, request, reply, known);
  if (missing !== undefined) throw missing;
  const key = route.idempotent === true ? keyAsked(headers['idempotency-key']) : undefined;
  const work = (): Promise<unknown> => carryOut(route, parts, asked, known);
  if (key === undefined || known.caller === undefined)
    return sendReply(route, context, { request, reply, signal: asked.signal as AbortSignal }, await work());
  const { method, url, rawBody } = request as FastifyRequest & { readonly rawBody?: string };
  const keyed = { user: known.caller.user, key, request: [method, url, rawBody ?? ''] };
  const stored = await onceByKey(context, keyed, async () => storedReply(route, await work()));
  return reply.code(stored.status).headers(stored.headers).send(stored.body);
}

/** The request, checked. @throws Failure request-invalid, version-required, version-conflict */
function askedOf(
  route: Route,
  { stopping }: RouteParts,
  request: FastifyRequest,
  reply: FastifyReply,
  known: Known,
): AnyAsked {
  const gone = new AbortController();
  // Nobody is there to be told, so that this is no bug of whoever it ends.
  reply.raw.once('close', () => gone.abort(new Failure('interrupted', 'the client is gone')));
  const isWrite = route.method !== 'GET';
  const lastEvent = Number(request.headers['last-event-id'] ?? Number.NaN);
  return {
    params: checkPart('params', route.params, request.params),
    query: checkPart('query', route.query, { ...(request.query as object) }),
    body: isWrite ? checkPart('body', route.body, request.body ?? (route.body && {})) : undefined,
    caller: known.caller,
    ifMatch:
      isWrite && route.etag !== undefined
        ? versionAsked(request.headers['if-match'], route.etag === 'required')
        : null,
    address: request.ip,
    signal: AbortSignal.any([gone.signal, stopping]),
    lastEvent: Number.isSafeInteger(lastEvent) && lastEvent >= 0 ? lastEvent : null,
    note(details: Readonly<Record<string, unknown>>, of: { cluster?: string; of?: string } = {}) {
      known.details = { ...known.details, ...details };
      known.cluster = of.cluster ?? known.cluster;
      known.of = of.of ?? known.of;
    },
  };
}

/** Has the handler do it, and notes what came of it before anybody is told. */
async function carryOut(
  route: Route,
  { context, handlers, auditor }: RouteParts,
  asked: AnyAsked,
  known: Known,
): Promise<unknown> {
  const handler = handlers[known.name] as unknown as AnyHandler;
  if (!isAudited(known.name, route)) return handler(asked);
  let answered: unknown;
  try {
    answered = await handler(asked);
  } catch (error) {
    if (!isRefusal(error)) {
      await auditor
        .note(auditEntry(known, 'failed', error))
        .catch((cause: unknown) =>
          context.log.error({ ...problemOf(cause, '').problem }, 'the audit log could not be written'),
        );
    }
    throw error;
  }
  await auditor.note(auditEntry(known, 'allowed'));
  return answered;
}
