import { Failure } from '@holdfast/base';
import { routes, type RouteName } from '@holdfast/model/api';
import type { RoleName } from '@holdfast/model/fleet';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { makeApp } from '../api/app.ts';
import type { Handlers } from '../api/handler.ts';
import { clusterHandlers } from '../api/v1/clusters.ts';
import { nodeHandlers } from '../api/v1/nodes.ts';
import { policyHandlers } from '../api/v1/policies.ts';
import { auditor } from '../audit/auditor.ts';
import { makeAuthenticator } from '../auth/authenticator.ts';
import { makeLimiter } from '../auth/limiter.ts';
import { testContext, type TestContext } from './context.ts';
import { somebody } from './people.ts';

/** The API on a real store, asked without a network. */
export interface TestApi extends AsyncDisposable {
  readonly context: TestContext;
  readonly app: FastifyInstance;
  /** Ends it as a stop of the server does. */
  readonly stop: AbortController;
  /** The header `Authorization` of somebody with a role; in all clusters where none is named. */
  readonly as: (role: RoleName, cluster?: string) => Promise<string>;
  /** Asks as an admin, unless headers say otherwise. */
  readonly ask: (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD',
    url: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<LightMyRequestResponse>;
  /** Adds a cluster. @returns its id */
  readonly cluster: (name: string) => Promise<string>;
}

/**
 * The frame with the handlers of clusters, nodes and policies; all others fail, so that a request which comes to one of
 * them is seen to have been let in.
 *
 * @param own in place of those
 */
export async function testApi(
  own: Partial<Handlers> | ((context: TestContext) => Partial<Handlers>) = {},
): Promise<TestApi> {
  const context = await testContext();
  const stop = new AbortController();
  const gate = {
    connected: ({ seenAt }: { readonly seenAt: string | null }) =>
      seenAt !== null && context.clock.now().getTime() - Date.parse(seenAt) < 45_000,
  };
  const handlers = {
    ...Object.fromEntries((Object.keys(routes) as RouteName[]).map((name) => [name, letIn])),
    ...clusterHandlers(context, gate),
    ...nodeHandlers(context, gate),
    ...policyHandlers(context, () => {}),
    ...(typeof own === 'function' ? own(context) : own),
  } as unknown as Handlers;
  // Nobody is refused for asking too often, since the clock stands still.
  const limiter = { ...makeLimiter(context.clock), request: () => {}, refused: () => {} };
  const app = await makeApp({
    ...{ context, handlers, stopping: stop.signal },
    authenticator: makeAuthenticator(context, limiter),
    auditor: auditor(context),
  });
  const admin = await somebody(context, [{ role: 'admin', cluster: null }]);
  // What `inject` gives begins only when somebody waits for it.
  const ask: TestApi['ask'] = async (method, url, body, headers = {}) =>
    app.inject({
      ...{ method, url },
      headers: {
        authorization: admin,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return {
    ...{ context, app, stop, ask },
    as: (role, cluster) => somebody(context, [{ role, cluster: cluster ?? null }]),
    async cluster(name) {
      const made = await ask('POST', '/v1/clusters', { name });
      return made.json<{ id: string }>().id;
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      await context[Symbol.asyncDispose]();
    },
  };
}

async function letIn(): Promise<never> {
  throw new Failure('in-use', 'it was let in', { name: 'this' });
}
