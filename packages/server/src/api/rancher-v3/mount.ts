import type { AuditEntry } from '@holdfast/model/fleet';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Auditor } from '../../audit/auditor.ts';
import type { Authenticator } from '../../auth/authenticator.ts';
import type { Caller } from '../../auth/caller.ts';
import type { ActionParts } from './actions.ts';
import { createBackup, getBackup, listBackups, removeBackup } from './backup-routes.ts';
import { actOnCluster, getCluster, listClusters, listClusterBackups } from './cluster-routes.ts';
import { errorReply, RancherError } from './error.ts';
import { apiRoot, schema, schemas } from './schemas.ts';

export interface RancherParts extends ActionParts {
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly auditor: Pick<Auditor, 'note'>;
}

/** What a route is given, and what it answers. */
export interface RancherAsked {
  readonly parts: RancherParts;
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** As it was sent; '' where nothing was. */
  readonly body: string;
  /** `https://host:port` as the client wrote it, and the whole address. */
  readonly base: string;
  readonly url: string;
  /** What resources name their actions: the header `X-API-Action-Links` changes it. */
  readonly actionsField: 'actions' | 'actionLinks';
  /** For the audit log: what is done, in which cluster and of what. */
  readonly note: (entry: Pick<AuditEntry, 'action' | 'cluster' | 'of'>) => void;
}
export interface RancherReply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
type RancherRoute = (asked: RancherAsked) => Promise<RancherReply> | RancherReply;
type Method = 'GET' | 'POST' | 'DELETE';

const routes: readonly (readonly [Method, string, RancherRoute])[] = [
  ['GET', '/v3', apiRoot],
  ['GET', '/v3/', apiRoot],
  ['GET', '/v3/schemas', schemas],
  ['GET', '/v3/schemas/:schema', schema],
  ['GET', '/v3/clusters', listClusters],
  ['GET', '/v3/clusters/:cluster', getCluster],
  ['POST', '/v3/clusters/:cluster', actOnCluster],
  ...['etcdBackups', 'etcdbackups'].flatMap(
    (word) =>
      [
        ['GET', `/v3/clusters/:cluster/${word}`, listClusterBackups],
        ['GET', `/v3/${word}`, listBackups],
        ['POST', `/v3/${word}`, createBackup],
        ['GET', `/v3/${word}/:id`, getBackup],
        ['DELETE', `/v3/${word}/:id`, removeBackup],
      ] as const,
  ),
];
const patterns = routes.map(([method, path]) => ({
  method,
  pattern: new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`),
}));

/** Serves `/v3` on the HTTP server. */
export function mountRancherV3(app: FastifyInstance, parts: RancherParts): void {
  app.setErrorHandler(async (error, request, reply) =>
    send(request, reply, toldError(parts, error, request)),
  );
  // As Rancher does: a body is JSON whatever its type is said to be, and the actions read it by themselves.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  const on = (method: string, path: string, route: RancherRoute): void => {
    app.route({ method, url: path, handler: (request, reply) => serve(parts, route, request, reply) });
  };
  for (const [method, path, route] of routes) on(method, path, route);
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
    for (const path of ['/v3/*', ...(method === 'GET' ? [] : ['/v3'])])
      on(method, path, (asked) => nothingThere(method, asked));
}

/** @throws RancherError MethodNotAllow, NotFound */
function nothingThere(method: string, { url }: RancherAsked): never {
  const path = url.replace(/^https?:\/\/[^/]*/, '').split('?', 1)[0]!;
  const known = patterns.filter(({ pattern }) => pattern.test(path)).map((each) => each.method);
  if (known.length === 0) throw new RancherError('NotFound', 'not found');
  const allow = [...new Set(known)].toSorted().join(', ');
  throw new RancherError('MethodNotAllow', `Method ${method} not supported`, undefined, { allow });
}

async function serve(
  parts: RancherParts,
  route: RancherRoute,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  let noted: Pick<AuditEntry, 'action' | 'cluster' | 'of'> | undefined;
  let caller: Caller | undefined;
  const tell = async (outcome: AuditEntry['outcome'], details: AuditEntry['details'] = {}): Promise<void> => {
    const who = { by: caller?.name ?? 'nobody', token: caller?.token ?? null, address: request.ip };
    const what = noted ?? { action: `rancher ${request.method}`, cluster: null, of: null };
    await parts.auditor.note({ ...who, ...what, outcome, details });
  };
  try {
    caller = await parts.authenticator.authenticate(request.headers.authorization, request.ip);
    const base = baseOf(request);
    const url = `${base}${request.url}`;
    const isRenamed = (request.headers['x-api-action-links'] ?? '') !== '';
    const answer = await route({
      ...{ parts, caller, base, url, query: queryOf(request) },
      body: typeof request.body === 'string' ? request.body : '',
      params: request.params as Record<string, string>,
      actionsField: isRenamed ? 'actionLinks' : 'actions',
      note: (entry) => void (noted = entry),
    });
    if (noted !== undefined) await tell('allowed');
    return await send(request, reply, answer);
  } catch (error) {
    const answer = toldError(parts, error, request);
    if (answer.status === 401 || answer.status === 403) await tell('refused', { status: answer.status });
    else if (noted !== undefined) await tell('failed', { status: answer.status });
    return send(request, reply, answer);
  }
}

function queryOf({ url }: FastifyRequest): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at));
}

/** Where links begin: as the client wrote it, unless that is no address. */
function baseOf({ protocol, host }: FastifyRequest): string {
  const base = `${protocol}://${host}`;
  const isAddress = /^[\w.:[\]-]+$/.test(host) && URL.canParse(base);
  return isAddress ? base : `${protocol}://localhost`;
}

function toldError(
  { context }: RancherParts,
  error: unknown,
  request: FastifyRequest,
): RancherReply & { readonly status: number } {
  const { statusCode } = error as { statusCode?: number };
  const isOfRequest = statusCode !== undefined && statusCode >= 400 && statusCode < 500;
  const known = isOfRequest ? new RancherError('InvalidBodyContent', (error as Error).message) : error;
  const answer = errorReply(known);
  if (answer.status >= 500)
    context.log.error(
      { request: request.id, stack: (error as Error).stack },
      "a request of Rancher's API failed",
    );
  return answer;
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, body, headers = {} }: RancherReply,
): Promise<FastifyReply> {
  const schemas = `${baseOf(request)}/v3/schemas`;
  return reply
    .code(status)
    .headers({ 'content-type': 'application/json', 'x-api-schemas': schemas, ...headers })
    .send(JSON.stringify(body));
}
