import { Failure } from '@holdfast/base';
import type { FleetNode } from '@holdfast/model/fleet';
import { clusterNamed } from '../../clusters/cluster-named.ts';
import type { ServerContext } from '../../context.ts';
import type { Gate } from '../../gate/gate.ts';
import type { StoredNode } from '../../store/nodes.ts';
import type { Handlers } from '../handler.ts';
import { pageFrom } from '../paging.ts';

/** The nodes of clusters. They come by joining; here they are looked at and removed. */
export function nodeHandlers(
  { store }: Pick<ServerContext, 'store'>,
  gate: Pick<Gate, 'connected'>,
): Handlers<'listNodes' | 'getNode' | 'deleteNode'> {
  const view = ({ inventoryHash: _hash, ...node }: StoredNode): FleetNode => ({
    ...node,
    connected: gate.connected(node),
  });
  return {
    async listNodes({ params, query }) {
      const { id } = await clusterNamed(store, params.cluster);
      const { items, next } = pageFrom(await store.nodes.ofCluster(id), (node) => node.id, query);
      return { items: items.map(view), next };
    },
    async getNode({ params: { node } }) {
      const found = await store.nodes.get(node);
      if (found === undefined) throw unknownNode(node);
      return view(found);
    },
    async deleteNode({ params: { node }, note }) {
      const found = await store.nodes.get(node);
      if (found === undefined || !(await store.nodes.remove(node))) throw unknownNode(node);
      // Its agent may be waiting for an answer, and is not let in any more.
      store.bell.ring('node', node);
      store.bell.ring('cluster', found.cluster);
      note({ name: found.name });
      return undefined;
    },
  };
}

function unknownNode(node: string): Failure {
  return new Failure('node-unknown', 'it never joined, or was removed', { node });
}
