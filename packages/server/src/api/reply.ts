import { Readable } from 'node:stream';
import type { Route } from '@holdfast/model/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StoredReply } from '../store/settings.ts';
import type { ServerContext } from '../context.ts';
import { etagOf } from './etags.ts';
import { begun, eventStream, jsonLines } from './event-stream.ts';
import { linkToNext } from './paging.ts';
import { problemOf } from './problem.ts';

/** A request that is being answered. */
export interface Answering {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly signal: AbortSignal;
}

const json = 'application/json; charset=utf-8';

/** A reply as it is kept for who asks again: only what the route's schema declares is in it. */
export function storedReply(route: Route, answered: unknown): NonNullable<StoredReply['reply']> {
  if (route.reply === null) return { status: 204, headers: {}, body: '' };
  const versioned = answered as { readonly body: unknown; readonly version: number };
  const told = route.reply.parse(route.etag === undefined ? answered : versioned.body);
  const headers: Record<string, string> = { 'content-type': json };
  if (route.etag !== undefined) headers['etag'] = etagOf(versioned.version);
  const id = (told as { readonly id?: unknown }).id;
  // Work that has only begun is an operation: there it can be followed.
  if (route.status === 202 && typeof id === 'string') headers['location'] = `/v1/operations/${id}`;
  return { status: route.status, headers, body: JSON.stringify(told) };
}

/** Tells what a handler has answered, in the form that the route's data says. */
export async function sendReply(
  route: Route,
  context: ServerContext,
  { request, reply, signal }: Answering,
  answered: unknown,
): Promise<FastifyReply> {
  const { form } = route;
  void reply.code(route.status);
  if (form === 'events' || form === 'lines')
    return sendStream(route, context, { request, reply, signal }, answered as AsyncIterable<unknown>);
  if (form === 'text')
    return reply.header('content-type', 'text/markdown; charset=utf-8').send(route.reply!.parse(answered));
  const { status, headers, body } = storedReply(route, answered);
  if (form === 'page') {
    const link = linkToNext(request.url, answered as { readonly next: string | null });
    if (link !== undefined) void reply.header('link', link);
  }
  return status === 204 ? reply.code(204).send() : reply.headers(headers).send(body);
}

async function sendStream(
  route: Route,
  context: ServerContext,
  { request, reply, signal }: Answering,
  items: AsyncIterable<unknown>,
): Promise<FastifyReply> {
  const isEvents = route.form === 'events';
  void reply.header('content-type', isEvents ? 'text/event-stream' : 'application/x-ndjson');
  // Proxies that gather what they pass on would keep events to themselves.
  if (isEvents) void reply.header('x-accel-buffering', 'no');
  if (request.method === 'HEAD') return reply.send('');
  if (!isEvents) return reply.send(Readable.from(jsonLines(await begun(items), route.reply!)));
  const told = (error: unknown): unknown => {
    const { problem } = problemOf(error, request.id);
    context.log.warn({ request: request.id, code: problem.code, error: String(error) }, 'a stream failed');
    return problem;
  };
  return reply.send(Readable.from(eventStream(items, route.reply!, context.clock, signal, told)));
}
