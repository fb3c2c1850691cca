import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { makePasswords } from '../auth/password.ts';
import { compose } from '../compose.ts';
import { openAuthority } from '../pki/authority.ts';
import { serverTls } from '../pki/server-tls.ts';
import { testContext, type OpenStore, type TestContext } from './context.ts';
import { inventoryOf } from './inventory.ts';
import { somebody } from './people.ts';

/** The server with all its parts on a real store, asked without a network; nothing of it goes on by itself. */
export interface WholeApp extends AsyncDisposable {
  readonly context: TestContext;
  readonly app: FastifyInstance;
  /** Asks as an admin, unless headers say otherwise, and never too often. A body that is a text is sent as it is. */
  readonly ask: (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<LightMyRequestResponse>;
  /** There is a new admin, where the one before may have logged out. */
  readonly renew: () => Promise<void>;
  /** A machine with a member of etcd, which is heard of now. */
  readonly node: (cluster: string, id: string, member: string) => Promise<void>;
}

export async function wholeApp(open?: OpenStore): Promise<WholeApp> {
  const context = await testContext(open);
  const { store, clock } = context;
  const authority = await openAuthority(context);
  const stop = new AbortController();
  const { app } = await compose({
    ...{ context, authority, metricsOpen: false, standInAfterMs: 60_000, variables: {} },
    passwords: makePasswords(context.random, 14),
    tls: await serverTls(context, authority, { advertised: [], files: null }),
    stopping: stop.signal,
  });
  const newAdmin = () => somebody(context, [{ role: 'admin', cluster: null }]);
  let admin = await newAdmin();
  return {
    ...{ context, app },
    async renew() {
      admin = await newAdmin();
    },
    async ask(method, url, body, headers = {}) {
      clock.advance(1_000);
      const isSent = body !== undefined;
      return app.inject({
        ...{ method, url },
        headers: {
          authorization: admin,
          ...(isSent ? { 'content-type': 'application/json' } : {}),
          ...headers,
        },
        ...(isSent ? { payload: typeof body === 'string' ? body : JSON.stringify(body) } : {}),
      });
    },
    async node(cluster, id, member) {
      const now = clock.now().toISOString();
      if ((await store.nodes.get(id)) === undefined)
        await store.nodes.create({ id, cluster, name: member, joinedAt: now, certificateNotAfter: null });
      await store.nodes.setInventory(id, inventoryOf(member, '10.0.0.1'), 'x');
      await store.nodes.seen([{ node: id, at: now, agentVersion: '0.1.0', clockSkewMs: 0 }]);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await app.close();
      await context[Symbol.asyncDispose]();
    },
  };
}
