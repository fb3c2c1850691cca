import { Failure } from '@holdfast/base';
import type { Operation } from '@holdfast/model/fleet';
import type { Tables } from '../store/store.ts';
import { checkFree } from './ask-restore.ts';
import { clusterOf } from './ask-save.ts';
import { newOperation, type Making } from './new-operation.ts';
import type { Asker } from './operations.ts';
import type { Candidate } from './ports.ts';
import { restartTargets, type RestartTarget } from './restart-targets.ts';

/**
 * A restart of nodes as a person asks for it.
 *
 * @param wanted `nodes`: those of the cluster; `only`: ids of those that are meant, null: all
 * @throws Failure cluster-unknown, cluster-busy with the holder, node-unknown, nothing-to-restart
 */
export async function restartOf(
  tables: Tables,
  asker: Asker,
  wanted: {
    readonly cluster: string;
    readonly nodes: readonly Candidate[];
    readonly only: readonly string[] | null;
  },
  making: Making,
): Promise<Operation> {
  const cluster = await clusterOf(tables, wanted.cluster);
  await checkFree(tables, cluster);
  const open = await tables.operations.open(cluster.id);
  const other = open.find(({ kind }) => kind === 'restart-nodes');
  if (other !== undefined)
    throw new Failure('cluster-busy', 'its nodes are being restarted', { holder: other.id });
  const { nodes, only } = wanted;
  const strange = only?.find((id) => !nodes.some(({ node }) => node === id));
  if (strange !== undefined)
    throw new Failure('node-unknown', `it is none of cluster ${cluster.spec.name}`, { node: strange });
  const meant = nodes.filter(({ node }) => only === null || only.includes(node));
  const targets = restartTargets(meant, null);
  if (targets.length === 0)
    throw new Failure('nothing-to-restart', whyNothing(meant), { cluster: cluster.id });
  return restartBy(asker, { cluster: cluster.id, targets, after: null }, making);
}

function whyNothing(nodes: readonly Candidate[]): string {
  return nodes.length === 0 ? 'it has no node' : `asked were ${nodes.map(({ name }) => name).join(', ')}`;
}

/** The restart of these nodes. @param of `after`: the restore that it follows */
export function restartBy(
  asker: Asker,
  {
    cluster,
    targets,
    after,
  }: {
    readonly cluster: string;
    readonly targets: readonly RestartTarget[];
    readonly after: string | null;
  },
  making: Making,
): Operation {
  return newOperation(
    asker,
    { kind: 'restart-nodes', cluster, input: { nodes: [...targets], after } },
    making,
  );
}
