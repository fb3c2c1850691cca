import { formatDuration } from '@holdfast/base';
import type { NodeOutline } from '../store/nodes.ts';
import { after, type Condition, condition, critical } from './condition.ts';

/** Milliseconds without a word of an agent after which its node counts as gone. */
const goneMs = 120_000;
const dayMs = 24 * 3_600_000;
/** Milliseconds of skew: first a warning, then what spoils times, certificates and leases. */
const skew = { warningMs: 5_000, criticalMs: 60_000 };
/** Milliseconds before the end of a certificate. Agents renew theirs by themselves 10 days before: that is none yet. */
const ending = { warningMs: 14 * dayMs, ownWarningMs: 7 * dayMs, criticalMs: 3 * dayMs };

type Cluster = { readonly id: string; readonly name: string };

/** What is not well with the nodes of one cluster, as their agents tell, or do not. */
export function nodeConditions(cluster: Cluster, nodes: readonly NodeOutline[], now: Date): Condition[] {
  const heard = nodes.filter((node) => !isGone(node, now));
  return [
    ...nodes.filter((node) => isGone(node, now)).map((node) => gone(cluster, node, heard.length === 0)),
    ...nodes.flatMap((node) => certificates(cluster, node, now)),
    // What is told by who is not heard may be long over.
    ...heard.flatMap((node) => [...skewed(cluster, node, now), ...members(cluster, node, heard, now)]),
  ];
}

function isGone({ seenAt, joinedAt }: NodeOutline, now: Date): boolean {
  return now.getTime() - Date.parse(seenAt ?? joinedAt) > goneMs;
}

function gone(cluster: Cluster, { id, name, seenAt, joinedAt }: NodeOutline, all: boolean): Condition {
  return condition('node-gone', cluster.id, [id], {
    severity: all ? 'critical' : 'warning',
    since: after(seenAt ?? joinedAt, goneMs).toISOString(),
    what:
      `The agent of ${name} of ${cluster.name} ${seenAt === null ? 'was never heard' : `was last heard at ${seenAt}`}` +
      `${all ? ', and no other agent of the cluster is heard' : ''}.`,
    next: 'Look whether the machine runs, its agent on it, and whether it reaches this server.',
  });
}

function skewed(cluster: Cluster, { id, name, clockSkewMs }: NodeOutline, now: Date): Condition[] {
  const by = Math.abs(clockSkewMs ?? 0);
  if (by <= skew.warningMs) return [];
  const side = (clockSkewMs ?? 0) > 0 ? 'ahead of' : 'behind';
  const same = {
    since: now.toISOString(),
    what: `The clock of ${name} of ${cluster.name} is ${formatDuration(by)} ${side} that of the server.`,
    next: 'Mend the time synchronisation of the machine, or of the server if all nodes are off alike.',
  };
  return stages('clock-skew', cluster, [id], same, by > skew.criticalMs);
}

function certificates(cluster: Cluster, node: NodeOutline, now: Date): Condition[] {
  const { id, name, certificateNotAfter, inventory } = node;
  const own =
    certificateNotAfter === null
      ? []
      : ends(cluster, [id, 'agent'], certificateNotAfter, now, {
          of: `of the agent on ${name} of ${cluster.name}`,
          withinMs: ending.ownWarningMs,
          next: 'It renews by itself while its agent reaches the server; else make a new join token and join it again.',
        });
  const others = (inventory?.certificates ?? []).flatMap(({ of, notAfter }) =>
    ends(cluster, [id, of], notAfter, now, {
      of: `${of} on ${name} of ${cluster.name}`,
      withinMs: ending.warningMs,
      next: 'Renew it as the distribution does (kubeadm, k3s, rke2), and restart what has it open.',
    }),
  );
  return [...own, ...others];
}

function ends(
  cluster: Cluster,
  parts: readonly [string, ...string[]],
  notAfter: string,
  now: Date,
  { of, withinMs, next }: { readonly of: string; readonly withinMs: number; readonly next: string },
): Condition[] {
  const since = after(notAfter, -withinMs);
  if (since > now) return [];
  const isOver = Date.parse(notAfter) <= now.getTime();
  const what = `The certificate ${of} ${isOver ? 'ended' : 'ends'} at ${notAfter}.`;
  const worse = after(notAfter, -ending.criticalMs);
  return stages(
    'certificate-expiring',
    cluster,
    parts,
    { since: since.toISOString(), what, next },
    worse <= now,
    worse.toISOString(),
  );
}

/** The first stage, and the second one by itself when it has come to that. */
function stages(
  kind: Condition['kind'],
  cluster: Cluster,
  parts: readonly [string, ...string[]],
  same: { readonly since: string; readonly what: string; readonly next: string },
  isCritical: boolean,
  criticalSince = same.since,
): Condition[] {
  const first = condition(kind, cluster.id, parts, { ...same, severity: 'warning' });
  if (!isCritical) return [first];
  const worse = { ...same, since: criticalSince, severity: 'critical' } as const;
  return [first, condition(kind, cluster.id, [...parts, critical], worse)];
}

type Member = NonNullable<NodeOutline['inventory']>['members'][number];

function members(
  cluster: Cluster,
  { id, name, inventory }: NodeOutline,
  heard: readonly NodeOutline[],
  now: Date,
): Condition[] {
  return (inventory?.members ?? []).flatMap((member) => {
    const why = illness(member);
    if (why === null) return [];
    const hasQuorum = heard.some((node) => node.inventory?.members.some(({ inQuorum }) => inQuorum) === true);
    return [
      condition('member-unhealthy', cluster.id, [id, member.description.name], {
        severity: hasQuorum && member.alarms.length === 0 ? 'warning' : 'critical',
        since: now.toISOString(),
        what: `The etcd member ${member.description.name} on ${name} of ${cluster.name} ${why}.`,
        next: 'Look at its log. If quorum is lost: make the plan of a restore, which changes nothing.',
      }),
    ];
  });
}

function illness({ alarms, answers, inQuorum, running, isLearner }: Member): string | null {
  if (alarms.length > 0) return `has raised ${alarms.join(' and ')}`;
  if (running === false) return 'does not run';
  if (!answers) return 'does not answer';
  return inQuorum || isLearner ? null : 'is not in quorum';
}
