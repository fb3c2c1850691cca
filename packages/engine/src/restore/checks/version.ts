import { otherKubernetes } from './other-kubernetes.ts';
import type { Finding, Subject } from './request.ts';

/**
 * P4: the etcd that will run understands the data: it has the snapshot's minor version or the next one. Where the version of
 * Kubernetes is wanted back as well, what a person has to see to of it is told; where it is not, that it is another.
 */
export async function checkVersion(subject: Subject): Promise<Finding> {
  const found = await ofEtcd(subject);
  const other = await otherKubernetes(subject);
  if (other === undefined) return withOpen(subject, found);
  const parts = other.now.join(', ');
  return {
    outcome: found.outcome === 'passed' ? 'warned' : found.outcome,
    detail: `${found.detail}; the data is that of Kubernetes ${other.saved}, and ${parts}, which stays: --scope kubernetesVersion brings the old one back`,
    evidence: { ...found.evidence, kubernetes: other },
  };
}

function withOpen(subject: Subject, { outcome, detail, evidence }: Finding): Finding {
  const open = (subject.plan.changes ?? []).filter(({ kind, applies }) => kind === 'version' && !applies);
  if (open.length === 0) return { outcome, detail, ...(evidence && { evidence }) };
  const parts = open.map(
    ({ at, what, from, to }) => `${what} of ${at} from ${from ?? 'what it is'} to ${to}`,
  );
  return {
    outcome: outcome === 'passed' ? 'warned' : outcome,
    detail: `${detail}; a person has to bring ${parts.join(', ')}`,
    evidence: { ...evidence, byHand: parts },
  };
}

async function ofEtcd(subject: Subject): Promise<Finding> {
  const { plan, stored } = subject;
  if (plan.source.kind !== 'snapshot') {
    return { outcome: 'passed', detail: 'the data stays with the etcd that wrote it' };
  }
  const facts = await subject.facts();
  const data = facts?.position.storageVersion ?? facts?.position.clusterVersion ?? null;
  const version = data ?? stored?.manifest.versions.etcd ?? null;
  const members = plan.members.filter(({ role }) => role === 'member');
  const found = members.map(({ name, sight }) => ({ name, version: sight.version }));
  const evidence = { snapshot: version, members: found };
  const from = version === null ? undefined : minorOf(version);
  if (version === null || from === undefined) {
    return { outcome: 'warned', detail: 'the snapshot does not say which etcd it is from', evidence };
  }
  const wrong = found.filter((each) => {
    const to = each.version === null ? undefined : minorOf(each.version);
    return to !== undefined && to !== from && to !== from + 1;
  });
  if (wrong.length > 0) {
    const programs = wrong.map((each) => `${each.name} has etcd ${each.version}`).join(', ');
    const detail = `the data is that of etcd ${version}, and ${programs}; it needs 3.${from} or 3.${from + 1}`;
    return { outcome: 'failed', detail, evidence };
  }
  const unknown = found.filter((each) => each.version === null).map(({ name }) => name);
  if (unknown.length > 0) {
    const detail = `the data is that of etcd ${version}; which etcd ${unknown.join(', ')} will run could not be seen`;
    return { outcome: 'warned', detail, evidence };
  }
  const programs = [...new Set(found.map((each) => each.version))];
  return {
    outcome: programs.length > 1 ? 'warned' : 'passed',
    detail: `the data is that of etcd ${version}, the members run ${programs.join(' and ')}`,
    evidence,
  };
}

/** The figure that counts for the form of the data: 3.5.12 is 5. */
function minorOf(version: string): number | undefined {
  const minor = /^3\.(\d+)/.exec(version)?.[1];
  return minor === undefined ? undefined : Number(minor);
}
