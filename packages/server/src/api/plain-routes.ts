import { Failure } from '@holdfast/base';
import { isAllowed } from '@holdfast/model/fleet';
import type { FastifyInstance } from 'fastify';
import type { Authenticator } from '../auth/authenticator.ts';
import type { ServerContext } from '../context.ts';

/** What is told beside the REST API. */
export interface PlainParts {
  readonly context: ServerContext;
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly stopping: AbortSignal;
  /** PEM. */
  readonly ca: string;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  /** Whether the metrics are told without a token. */
  readonly metricsOpen: boolean;
}

/** Whether the server lives, whether it can be asked, its CA, and its metrics. */
export function mountPlainRoutes(app: FastifyInstance, parts: PlainParts): void {
  const { context, ca, metrics } = parts;
  app.get('/healthz', (_request, reply) => reply.type('text/plain').send('ok\n'));
  app.get('/readyz', async (_request, reply) => {
    parts.stopping.throwIfAborted();
    await context.store.ping();
    return reply.type('text/plain').send('ok\n');
  });
  app.get('/v1/ca', (_request, reply) => reply.type('application/x-pem-file').send(ca));
  app.get('/metrics', async (request, reply) => {
    if (!parts.metricsOpen) {
      const { authorization } = request.headers;
      const { grants } = await parts.authenticator.authenticate(authorization, request.ip);
      if (!isAllowed(grants, 'view', null)) {
        const permission = 'view';
        throw new Failure('not-allowed', 'metrics tell of all clusters', { permission, cluster: null });
      }
    }
    return reply.type(metrics.contentType).send(await metrics.text());
  });
}
