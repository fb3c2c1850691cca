import type { StoredOrder } from '../store/orders.ts';
import type { Following, Told } from './acts.ts';
import { inputOf, notesOf } from './inputs.ts';
import { foldRestore } from './restore-state.ts';
import { restartTargets } from './restart-targets.ts';
import type { View } from './view.ts';

/** What is told where nodes would be restarted, and there is nothing to restart. */
const nothing = {
  unknown: 'no node tells of anything that runs Kubernetes',
  plain: 'the cluster was added as plain etcd, and no node tells of a control plane of it',
};

/**
 * Whether the end of a restore is followed by a restart of the nodes: what runs there has seen a future that is no more; the
 * same after a rollback, where the restored cluster has served. Not where nothing was lost and nothing stood still, as when
 * members were replaced, nor twice, nor after what was kept has been released; nor where the etcd is not known to be that of
 * Kubernetes: a kubelet beside it may be of another cluster.
 *
 * @param last the order that has ended
 */
export function restartAfter(
  view: View,
  last: StoredOrder,
): { readonly follows: Following | null; readonly told: readonly Told[] } {
  const { operation, cluster, nodes } = view;
  const { plan, placement, restartNodes } = inputOf('restore', operation);
  if (!restartNodes || plan.way === 'replace' || last.order.input['verb'] === 'release' || !isNew(view))
    return { follows: null, told: [] };
  if (nodes.every(({ nodeParts }) => nodeParts.length === 0)) return noted(nothing.unknown);
  const isOfKubernetes =
    cluster.distribution !== 'etcd' || nodes.some(({ hasControlPlane }) => hasControlPlane);
  if (!isOfKubernetes) return noted(nothing.plain);
  const targets = restartTargets(nodes, { plan, placement });
  return { follows: targets.length === 0 ? null : { make: 'restart-nodes', targets }, told: [] };
}

/** Whether the nodes see other data now than when they were restarted for it last, or than ever. */
function isNew({ operation, journal }: View): boolean {
  const { state } = foldRestore(inputOf('restore', operation).plan, journal);
  if (state.outcome !== 'rolled-back') return notesOf(operation).restartNodes === undefined;
  return state.mayBeWritten || state.wasFinished;
}

function noted(why: string): { readonly follows: null; readonly told: readonly Told[] } {
  const note = `${why}, so no node is restarted: restart kubelets by hand where there are any`;
  return { follows: null, told: [{ type: 'note', data: { note } }] };
}
