import type { OldMember } from '@holdfast/model';
import { kubernetesUids, type KubernetesUids } from './kubernetes.ts';
import type { Finding, Subject } from './request.ts';

/** P2: what is to be restored belongs to this cluster. `clone` lets another one's snapshot pass with a warning. */
export async function checkRightCluster(subject: Subject): Promise<Finding> {
  const { plan, stored, clone } = subject;
  const ids = [...new Set(plan.members.flatMap(({ sight }) => sight.clusterId ?? []))];
  const mixed =
    ids.length > 1 ? `the members hold data of different etcd clusters: ${ids.join(', ')}` : undefined;
  if (plan.source.kind !== 'snapshot') {
    if (mixed !== undefined) return { outcome: 'failed', detail: mixed, evidence: { ids } };
    return {
      outcome: 'passed',
      detail: 'the data is that of the cluster itself',
      evidence: { ids, oldId: plan.cluster.oldId },
    };
  }
  const facts = await subject.facts();
  const etcdId = stored?.manifest.cluster.etcdId ?? null;
  const kubernetes = await kubernetesUids(subject);
  const known = { etcdId, oldId: plan.cluster.oldId, ids, kubernetes, clone: clone === true };
  const evidence = { ...known, members: facts?.members ?? [] };
  const { sure, why } = byKubernetes(kubernetes) ?? likeness(subject, facts?.members ?? [], etcdId);
  if (sure === 'same' && mixed === undefined) return { outcome: 'passed', detail: why, evidence };
  if (sure === 'same') return { outcome: 'warned', detail: `${why}; ${mixed}`, evidence };
  if (sure === 'likely') return { outcome: 'warned', detail: why, evidence };
  if (clone !== true) return { outcome: 'failed', detail: why, evidence };
  return { outcome: 'warned', detail: `${why}; that is wanted`, evidence };
}

interface Likeness {
  readonly sure: 'same' | 'likely' | 'other';
  readonly why: string;
}

/** The UID of a Kubernetes outlives every restore, so where both are known nothing else matters. */
function byKubernetes({ snapshot, cluster }: KubernetesUids): Likeness | undefined {
  if (snapshot === null || cluster === null) return undefined;
  return snapshot === cluster
    ? { sure: 'same', why: `snapshot and cluster are of the Kubernetes ${cluster}` }
    : { sure: 'other', why: `the snapshot is of the Kubernetes ${snapshot}, the cluster is ${cluster}` };
}

/** etcd's own cluster id ends with a restore, so another one alone proves nothing; names and addresses then decide. */
function likeness({ plan, stored }: Subject, listed: readonly OldMember[], etcdId: string | null): Likeness {
  if (etcdId !== null && etcdId === plan.cluster.oldId) {
    return { sure: 'same', why: `snapshot and members have etcd's cluster id ${etcdId}` };
  }
  const differs =
    etcdId !== null && plan.cluster.oldId !== null
      ? `the snapshot was taken from etcd cluster ${etcdId}, the members belong to ${plan.cluster.oldId}`
      : etcdId === null && stored !== undefined
        ? "the snapshot does not tell etcd's cluster id"
        : 'nothing on the members tells their cluster id';
  const members = [...plan.members, ...(plan.staying ?? [])];
  const twins = listed.filter(({ name, peerUrls }) =>
    members.some((each) => each.name === name && each.peerUrls.some((url) => peerUrls.includes(url))),
  );
  if (twins.length > 0) {
    const names = twins.map(({ name }) => name).join(', ');
    const why = `${differs}, but the snapshot lists ${names} at the same addresses`;
    // Addresses are used again; only where no id contradicts are they enough.
    return { sure: etcdId === null || plan.cluster.oldId === null ? 'same' : 'likely', why };
  }
  if (stored !== undefined && stored.cluster.name === plan.cluster.name) {
    return { sure: 'likely', why: `${differs}; in the repository it belongs to ${stored.cluster.name}` };
  }
  const namesakes = listed.filter(({ name }) => name !== '' && members.some((each) => each.name === name));
  if (namesakes.length > 0 && namesakes.length === listed.length && plan.cluster.oldId === null) {
    return { sure: 'likely', why: `${differs}; the snapshot lists the same names at other addresses` };
  }
  const names = listed.map(({ name }) => name).join(', ');
  return {
    sure: 'other',
    why: `${differs}; the snapshot lists ${names === '' ? 'no member' : names}, which is another cluster`,
  };
}
