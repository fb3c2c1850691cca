import type { FastifyInstance } from 'fastify';
import { makeAlerts } from './alerts/make-alerts.ts';
import { mountAgentApi } from './api/agent-v1/index.ts';
import { makeApp } from './api/app.ts';
import type { Handlers } from './api/handler.ts';
import { mountPlainRoutes } from './api/plain-routes.ts';
import { mountRancherV3 } from './api/rancher-v3/index.ts';
import { alertHandlers } from './api/v1/alerts.ts';
import { auditHandlers } from './api/v1/audit.ts';
import { clusterHandlers } from './api/v1/clusters.ts';
import { joinTokenHandlers } from './api/v1/join-tokens.ts';
import { nodeHandlers } from './api/v1/nodes.ts';
import { operationHandlers } from './api/v1/operations.ts';
import { peopleHandlers } from './api/v1/people.ts';
import { policyHandlers } from './api/v1/policies.ts';
import { receiverHandlers } from './api/v1/receivers.ts';
import { repositoryHandlers } from './api/v1/repositories.ts';
import { restoreHandlers } from './api/v1/restores.ts';
import { saveHandlers } from './api/v1/saves.ts';
import { snapshotHandlers } from './api/v1/snapshots.ts';
import { auditor as makeAuditor } from './audit/auditor.ts';
import { makeAuthenticator } from './auth/authenticator.ts';
import { makeLimiter } from './auth/limiter.ts';
import type { Passwords } from './auth/password.ts';
import { makeCatalogue } from './catalogue/make-catalogue.ts';
import { fleetOpener } from './catalogue/open-fleet.ts';
import { clusterNamed } from './clusters/cluster-named.ts';
import { describeCluster } from './clusters/describe.ts';
import type { ServerContext } from './context.ts';
import { makeGate } from './gate/gate.ts';
import { keepHouse } from './housekeeping.ts';
import { makeMetrics } from './metrics/make-metrics.ts';
import { makeOperations } from './operations/make-operations.ts';
import type { Authority } from './pki/authority.ts';
import type { ServerTls } from './pki/server-tls.ts';
import { makeScheduler } from './scheduler/scheduler.ts';

/** What the parts of the server are made of. */
export interface Composition {
  readonly context: ServerContext;
  readonly authority: Authority;
  readonly tls: ServerTls;
  readonly passwords: Passwords;
  readonly stopping: AbortSignal;
  readonly metricsOpen: boolean;
  /** Milliseconds. */
  readonly standInAfterMs: number;
  /** Where proxies and a default region are looked for. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** The server: what answers, and what goes on by itself until its signal. */
export interface Composed {
  readonly app: FastifyInstance;
  readonly runs: readonly ((signal: AbortSignal) => Promise<void>)[];
}

/** Puts the parts of the server together; nothing runs and nobody is let in yet. */
export async function compose(composition: Composition): Promise<Composed> {
  const { authority, tls, passwords, stopping, variables } = composition;
  const metrics = makeMetrics(composition.context);
  const context = { ...composition.context, store: metrics.store };
  const { store, clock } = context;
  const gate = makeGate(context, composition);
  const open = fleetOpener(context, variables);
  const catalogue = makeCatalogue(context, { open });
  const operations = makeOperations(context, {
    nodesOf: (cluster) => gate.nodesOf(cluster),
    describe: async (id) => {
      const cluster = await clusterNamed(store, id);
      return describeCluster(cluster, await store.nodes.ofCluster(id), (node) => gate.connected(node));
    },
    refresh: (...asked) => catalogue.refresh(...asked),
  });
  const scheduler = makeScheduler(context, () => operations.nudge());
  const limiter = makeLimiter(clock);
  const authenticator = makeAuthenticator(context, limiter);
  const auditor = makeAuditor(context);
  const alerts = makeAlerts(context, metrics);
  const handlers: Handlers = {
    ...clusterHandlers(context, gate),
    ...nodeHandlers(context, gate),
    ...policyHandlers(context, () => scheduler.wake()),
    ...joinTokenHandlers({ context, authority }),
    ...peopleHandlers({ context, limiter, passwords }),
    ...auditHandlers(context),
    ...operationHandlers({ context, operations }),
    ...restoreHandlers({ context, operations }),
    ...saveHandlers({ context, operations }),
    ...repositoryHandlers({ context, catalogue, open, variables }),
    ...snapshotHandlers({ context, catalogue }),
    ...alertHandlers({ context }),
    ...receiverHandlers({ context }),
  };
  const { metricsOpen } = composition;
  const plain = { context, authenticator, stopping, metrics, metricsOpen, ca: authority.certificate };
  const app = await makeApp({
    ...{ context, handlers, authenticator, auditor, stopping },
    answered: (request) => metrics.answered(request),
    https: tls.options,
    mounts: [
      (scope) => mountPlainRoutes(scope, plain),
      (scope) => mountAgentApi(scope, { context, gate, authority, auditor, limiter }),
      (scope) => mountRancherV3(scope, { context, operations, authenticator, auditor }),
    ],
  });
  return {
    app,
    runs: [
      (signal) => gate.run(signal),
      (signal) => operations.run(signal),
      (signal) => scheduler.run(signal),
      (signal) => catalogue.run(signal),
      (signal) => alerts.run(signal),
      (signal) => authenticator.run(signal),
      (signal) => auditor.run(signal),
      (signal) => tls.run(app.server as never, signal),
      (signal) => keepHouse(context, signal),
    ],
  };
}
