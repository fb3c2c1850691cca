import type { ServerContext } from '../../context.ts';
import { clustersSeen } from '../clusters-seen.ts';
import type { Handlers } from '../handler.ts';

/** The route that tells of alerts; those that are of no cluster are for who may see all clusters. */
export function alertHandlers({
  context: { store },
}: {
  readonly context: ServerContext;
}): Handlers<'listAlerts'> {
  return {
    listAlerts: async ({ query: { cluster, ...asked }, caller }) => {
      const seen = clustersSeen(caller);
      const clusters =
        cluster === undefined ? seen : [cluster].filter((each) => seen?.includes(each) ?? true);
      const { items, next } = await store.alerts.list({ ...asked, clusters });
      return { items: [...items], next };
    },
  };
}
