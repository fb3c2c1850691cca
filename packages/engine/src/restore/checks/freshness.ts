import { formatDuration, limits } from '@holdfast/base';
import { compareLogs, survivorsOf } from '@holdfast/model';
import type { Finding, Subject } from './request.ts';

/** P3: how old it is, whether a quorum stood behind it, and what would be lost. */
export function checkFreshness(subject: Subject): Finding {
  const { plan } = subject;
  const { revisions, since, objects, why } = plan.loss;
  const evidence = { source: plan.source.kind, revision: plan.source.revision, loss: plan.loss };
  if (plan.source.kind === 'quorum') {
    return { outcome: 'passed', detail: 'nothing is lost: the cluster runs on', evidence };
  }
  const doubts = plan.source.kind === 'salvage' ? [] : doubtsOfSnapshot(subject);
  const newer = plan.source.kind === 'salvage' ? newerThan(subject, plan.source.member) : undefined;
  if (newer !== undefined) return { outcome: 'failed', detail: newer, evidence };
  const lost = [
    ...(revisions === null ? [] : [`${revisions} revisions`]),
    ...(objects === null ? [] : [`${objects.created + objects.changed + objects.deleted} changed objects`]),
    ...(since === null ? [] : [`all changes since ${since}`]),
  ];
  const loss = lost.length === 0 ? `what would be lost cannot be told: ${why}` : `lost: ${lost.join(', ')}`;
  const stands = `it stands at revision ${plan.source.revision}`;
  const unknown = lost.length === 0 && plan.source.kind === 'snapshot';
  return {
    outcome: doubts.length > 0 || unknown ? 'warned' : 'passed',
    detail: [...doubts, stands, loss].join('; '),
    evidence,
  };
}

function doubtsOfSnapshot({ plan, stored, context }: Subject): string[] {
  if (plan.source.kind !== 'snapshot') return [];
  const { takenAt, revision } = plan.source;
  const age = takenAt === null ? null : context.clock.now().getTime() - Date.parse(takenAt);
  const quorum = stored?.manifest.quorum;
  const behind = plan.members.filter(
    ({ sight }) =>
      sight.revision !== null &&
      sight.revision < revision &&
      sight.clusterId !== null &&
      sight.clusterId === stored?.manifest.cluster.etcdId,
  );
  return [
    ...(takenAt === null ? ['nobody recorded when it was taken'] : []),
    ...(age !== null && age > limits.freshSnapshotMs ? [`it is ${formatDuration(age)} old`] : []),
    ...(quorum?.state === 'degraded' ? [`it is degraded: ${quorum.reasons.join('; ')}`] : []),
    ...behind.map(
      ({ name, sight }) => `the data of ${name} is older still, at revision ${sight.revision ?? 0}`,
    ),
  ];
}

/** Who of the same cluster has a log that goes further than the survivor's: it has what that one has, and more. */
function newerThan({ plan }: Subject, survivor: string): string | undefined {
  const survivors = survivorsOf(plan.members);
  const own = survivors.find(({ name }) => name === survivor)?.sight;
  if (own === undefined) return undefined;
  const furthest = survivors.find(
    ({ sight }) => sight.clusterId === own.clusterId && compareLogs(sight, own) > 0,
  );
  if (furthest === undefined) return undefined;
  const end = ({ lastIndex, term }: typeof own): string => `entry ${lastIndex ?? 0} of term ${term ?? 0}`;
  return `${furthest.name} has newer data than ${survivor}: its log ends with ${end(furthest.sight)} instead of ${end(own)}`;
}
