import helmet from '@fastify/helmet';
import { Failure, isFailure } from '@holdfast/base';
import { routes, type RouteName } from '@holdfast/model/api';
import Fastify, {
  LogController,
  type FastifyError,
  type FastifyInstance,
  type FastifyRequest,
} from 'fastify';
import type { ServerOptions } from 'node:https';
import type { AnsweredRequest } from '../metrics/make-metrics.ts';
import { openApiDocument } from './openapi/index.ts';
import { problemOf, RequestRefused } from './problem.ts';
import { serveRoute, type RouteParts } from './route.ts';

/** What the HTTP server is made of. */
export interface AppParts extends RouteParts {
  /** Absent: plain HTTP, for tests. */
  readonly https?: ServerOptions;
  /** Told of each request that was answered; its route as it was declared, null where there is none. */
  readonly answered?: (request: AnsweredRequest) => void;
  /** What is served beside `/v1`: the agents' API, metrics. */
  readonly mounts?: readonly ((app: FastifyInstance) => void | Promise<void>)[];
}

const bodyLimit = 1024 * 1024;
/** Within which a request has to arrive whole; what answers it may take longer. */
const requestTimeoutMs = 30_000;
/**
 * Node ends what is late by both limits at once, and looks at no body while the one for the head is the longer: it is told
 * them when the server is made, since it compares them only then.
 */
const late = {
  headersTimeout: 20_000,
  requestTimeout: requestTimeoutMs,
  connectionsCheckingInterval: 5_000,
} as const;
/** Longer than proxies keep theirs, so that they never use one that is just being closed. */
const keepAliveMs = 75_000;

/** The HTTP server with every route of the route table; it does not listen yet. */
export async function makeApp(parts: AppParts): Promise<FastifyInstance> {
  const { context, https } = parts;
  const settings = {
    loggerInstance: context.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    forceCloseConnections: 'idle' as const,
    genReqId: () => Buffer.from(context.random(8)).toString('hex'),
    routerOptions: { maxParamLength: 500, caseSensitive: true },
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: never) =>
      tell(context, error, request, reply),
  };
  const app = (https === undefined
    ? Fastify({ ...settings, http: late } as never)
    : Fastify({ ...settings, https: { ...https, ...late } } as never)) as unknown as FastifyInstance;
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
    // What else runs under the names below it is not known here.
    strictTransportSecurity: { includeSubDomains: false },
  });
  // Before the routes: each takes those that are there when it is made.
  app.setNotFoundHandler((request) => {
    throw nothingThere(request);
  });
  app.setErrorHandler((error, request, reply) => tell(context, error, request, reply));
  takeJsonOnly(app);
  setHooks(app, parts);
  for (const name of Object.keys(routes) as RouteName[]) {
    const { method, path } = routes[name];
    app.route({ method, url: path, handler: serveRoute(name, parts) });
  }
  let document: string | undefined;
  app.get('/v1/openapi.json', (_request, reply) => {
    // The same at each request, and not needed before the first.
    document ??= JSON.stringify(openApiDocument(context.holdfast));
    return reply.type('application/json; charset=utf-8').send(document);
  });
  for (const mount of parts.mounts ?? []) await app.register(async (scope) => mount(scope));
  return app;
}

/** Bodies are JSON, and kept as they came, since a key for asking twice stands for their bytes. */
function takeJsonOnly(app: FastifyInstance): void {
  app.decorateRequest('rawBody');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body as string;
    (request as FastifyRequest & { rawBody?: string }).rawBody = text;
    if (text === '') return done(null, undefined);
    try {
      done(null, JSON.parse(text));
    } catch {
      done(new RequestRefused([{ pointer: '/body', detail: 'it is not JSON' }]));
    }
  });
}

function setHooks(app: FastifyInstance, { context, answered }: AppParts): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-request-id': request.id,
      'cache-control': 'no-store',
      'holdfast-version': context.holdfast,
    });
  });
  app.addHook('onResponse', async (request, reply) => {
    const { statusCode } = reply;
    const route = request.routeOptions.url ?? null;
    answered?.({ method: request.method, route, status: statusCode, seconds: reply.elapsedTime / 1_000 });
    const line = {
      request: request.id,
      method: request.method,
      route,
      status: statusCode,
      ms: Math.round(reply.elapsedTime),
      address: request.ip,
    };
    if (statusCode >= 500) context.log.warn(line, 'a request failed');
    else context.log.debug(line, 'answered');
  });
}

/** Tells an error, whichever it is, as a problem. */
function tell(
  context: AppParts['context'],
  error: unknown,
  request: FastifyRequest,
  reply: Parameters<Parameters<FastifyInstance['setErrorHandler']>[0]>[2],
) {
  const known = knownError(error);
  const { problem, headers } = problemOf(known, request.id);
  if (!isFailure(known)) {
    const { stack } = error instanceof Error ? error : new Error(String(error));
    context.log.error(
      { request: request.id, route: request.routeOptions?.url, stack },
      'a bug in the server',
    );
  }
  const allow = isFailure(known, 'method-unknown') ? { allow: String(known.details['allow']) } : {};
  return reply
    .code(problem.status)
    .headers({ ...headers, ...allow })
    .send(JSON.stringify(problem));
}

/** What the HTTP library finds wrong with a request, in the words of the failure table. */
function knownError(error: unknown): unknown {
  if (isFailure(error) || !(error instanceof Error)) return error;
  const { code, statusCode } = error as FastifyError;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Failure('body-too-large', error.message);
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return new Failure('media-type-unknown', error.message);
  if (code === 'FST_ERR_BAD_URL' || code === 'FST_ERR_MAX_PARAM_LENGTH')
    return new Failure('route-unknown', 'the path is not valid', { path: 'this path' });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new RequestRefused([{ pointer: '', detail: error.message }]);
  return error;
}

const patterns = Object.values(routes).map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`),
}));

function nothingThere({ url, method }: FastifyRequest): Failure {
  const path = url.split('?', 1)[0]!.slice(0, 200);
  const known = patterns.filter(({ pattern }) => pattern.test(path)).map((each) => each.method as string);
  if (known.length === 0)
    return new Failure('route-unknown', `there is no route ${method} ${path}`, { path });
  const allow = [...known, ...(known.includes('GET') ? ['HEAD'] : [])].toSorted().join(', ');
  return new Failure('method-unknown', `it knows ${allow}`, { path, method, allow });
}
