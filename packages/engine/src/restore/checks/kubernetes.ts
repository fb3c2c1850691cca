import { join } from 'node:path';
import { openFileSource, type ByteSource } from '@holdfast/etcd/bolt';
import { startSnapshotFacts } from '@holdfast/kube';
import { lookThrough } from './first-records.ts';
import type { Subject } from './request.ts';

type Looked = Pick<Subject, 'plan' | 'content' | 'context'>;

/**
 * Whether what is restored is the data of Kubernetes, by the first keys of it: API servers keep objects below /registry/
 * unless told otherwise, and where they have compacted in any case (kubernetes, apiserver/pkg/storage/etcd3/compact.go).
 * Null when that cannot be told cheaply, or from here.
 */
export async function kubernetesIn(subject: Looked): Promise<boolean | null> {
  const { source, members } = subject.plan;
  if (source.kind === 'quorum') return null;
  const survivor = source.kind === 'salvage' && members.find(({ name }) => name === source.member);
  if (survivor === undefined) return null;
  const open = survivor === false ? () => opened(subject) : () => databaseOf(survivor.dataDir);
  const looked = await lookThrough(open, source.revision, (key) =>
    key.startsWith('/registry/') || key === 'compact_rev_key' ? true : undefined,
  );
  return looked?.found ?? (looked?.all === true ? false : null);
}

/** The UIDs of the Kubernetes that a snapshot is of, and of the cluster that is restored; null: not known. */
export interface KubernetesUids {
  readonly snapshot: string | null;
  readonly cluster: string | null;
}

/**
 * The first as the manifest or the snapshot itself has it; the second as a database of a member on this machine has it, or
 * the repository of the cluster of that name.
 */
export async function kubernetesUids(
  subject: Looked & Pick<Subject, 'stored' | 'repository'>,
): Promise<KubernetesUids> {
  const { plan, stored, repository } = subject;
  const snapshot =
    stored?.manifest.cluster.kubernetesUid ?? (await uidIn(() => opened(subject), plan.source.revision));
  if (snapshot === null) return { snapshot, cluster: null };
  for (const { dataDir, sight } of plan.members) {
    if (sight.revision === null) continue;
    const cluster = await uidIn(() => databaseOf(dataDir), sight.revision);
    if (cluster !== null) return { snapshot, cluster };
  }
  const known = (await repository?.clusters())?.find(({ name }) => name === plan.cluster.name);
  return { snapshot, cluster: known?.kubernetesUid ?? null };
}

const kubeSystem = '/registry/namespaces/kube-system';

async function uidIn(open: () => Promise<ByteSource | undefined>, revision: number): Promise<string | null> {
  const looked = await lookThrough(open, revision, (key, value) => {
    if (key !== kubeSystem) return undefined;
    const taker = startSnapshotFacts();
    taker.take(Buffer.from(key), value);
    return taker.facts().uid ?? undefined;
  });
  return looked?.found ?? null;
}

async function opened({ content, context }: Looked): Promise<ByteSource | undefined> {
  return (await content())?.open(context.signal);
}

async function databaseOf(dataDir: string): Promise<ByteSource> {
  return openFileSource(join(dataDir, 'member', 'snap', 'db'));
}
