import { Failure, formatBytes } from '@holdfast/base';
import type { FleetAlert, FleetCluster, FleetNode } from '@holdfast/model/fleet';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { pairs, table } from '../term/table.ts';
import { ago, moment } from '../term/when.ts';

const healthTones = { healthy: 'good', degraded: 'doubtful', lost: 'bad', unknown: 'doubtful' } as const;

/** The clusters of a server. */
export function fleetClustersAnswer(items: readonly FleetCluster[]): Answer {
  return {
    json: { apiVersion, kind: 'ClusterList', items },
    names: items.map(({ name }) => name),
    text: (view) =>
      items.length === 0
        ? 'No cluster yet. `holdfast cluster add` adds one.\n'
        : table(
            ['NAME', 'ID', 'DISTRIBUTION', 'HEALTH', 'NODES', 'ETCD', 'REPOSITORIES'],
            items.map(({ name, id, distribution, status, repositories }) => [
              name,
              id,
              distribution,
              view.style(healthTones[status.health], status.health),
              nodesWords(status),
              status.etcdVersion ?? '-',
              repositories.join(',') || '-',
            ]),
          ),
  };
}

function nodesWords({ nodes }: FleetCluster['status']): string {
  return `${nodes.connected}/${nodes.total}`;
}

/** Whether every cluster could be brought back; a failure (exit 3) when one could not, or not well. */
export function fleetStatusAnswer(clusters: readonly FleetCluster[], alerts: readonly FleetAlert[]): Answer {
  const worrying = clusters.filter((each) => stateOf(each) !== 'ok');
  const why =
    clusters.length === 0
      ? 'the server has no cluster'
      : worrying.map((each) => `${each.name}: ${reasons(each, alerts).join('; ')}`).join('. ');
  return {
    json: { apiVersion, kind: 'FleetStatus', clusters, alerts },
    names: clusters.map(({ name }) => name),
    text: (view) => statusText(clusters, alerts, view),
    ...((clusters.length === 0 || worrying.length > 0) && { failure: new Failure('attention-needed', why) }),
  };
}

function stateOf({ status }: FleetCluster): 'ok' | 'attention' | 'none' {
  if (status.newestVerified === null) return 'none';
  return status.health === 'healthy' && status.alerts === 0 && status.busy === null ? 'ok' : 'attention';
}

/** Why a cluster is not ok; alerts come with what is to be done. */
function reasons({ id, status }: FleetCluster, alerts: readonly FleetAlert[]): string[] {
  const { health, newestVerified, busy } = status;
  const words = {
    healthy: [],
    degraded: ['not every member is in quorum'],
    lost: ['its quorum is lost'],
    unknown: ['no agent tells how it is'],
  } as const;
  return [
    ...words[health],
    ...(newestVerified === null ? ['no verified snapshot'] : []),
    ...(busy === null ? [] : [`${busy} changes it now`]),
    ...alerts.filter(({ cluster }) => cluster === id).map(({ what, next }) => `${what} ${next}`.trim()),
  ];
}

function statusText(clusters: readonly FleetCluster[], alerts: readonly FleetAlert[], view: View): string {
  if (clusters.length === 0) return 'No cluster yet. `holdfast cluster add` adds one.\n';
  const tone = { ok: 'good', attention: 'doubtful', none: 'bad' } as const;
  const head = ['CLUSTER', 'STATE', 'HEALTH', 'NODES', 'VERIFIED', 'SNAPSHOTS', 'ALERTS'];
  const rows = clusters.map((each) => {
    const { health, newestVerified, snapshots, alerts: count, busy } = each.status;
    const state = stateOf(each);
    return [
      each.name,
      view.style(tone[state], state),
      view.style(healthTones[health], health),
      nodesWords(each.status),
      newestVerified === null ? '-' : ago(newestVerified.at, view.now),
      String(snapshots),
      String(count),
      ...(view.wide ? [newestVerified?.name ?? '-', newestVerified?.repository ?? '-', busy ?? '-'] : []),
    ];
  });
  const marks = clusters.flatMap((each) =>
    reasons(each, alerts).map((why) => `  ${view.style('doubtful', '!')} ${each.name}: ${why}\n`),
  );
  return table(view.wide ? [...head, 'NEWEST VERIFIED', 'IN', 'BUSY'] : head, rows) + marks.join('');
}

/** A cluster with its nodes. */
export function fleetClusterAnswer(
  cluster: FleetCluster,
  nodes: readonly FleetNode[],
  head?: string,
): Answer {
  return {
    json: { apiVersion, kind: 'Cluster', ...cluster, nodes },
    names: [cluster.name],
    text: (view) =>
      `${head === undefined ? '' : `${view.style('good', head)} `}${clusterText(cluster, view)}${nodesText(nodes, view)}`,
  };
}

function clusterText(cluster: FleetCluster, view: View): string {
  const { name, id, description, distribution, repositories, approvals, status } = cluster;
  const { newestVerified } = status;
  return `${view.style('strong', name)} (${id})\n${pairs(
    [
      ['description', description === '' ? undefined : description],
      ['health', view.style(healthTones[status.health], status.health)],
      ['distribution', distribution],
      ['etcd', status.etcdVersion ?? undefined],
      ['kubernetes', status.kubernetesVersion ?? undefined],
      ['repositories', repositories.join(', ') || 'none'],
      ['approvals', approvals === 0 ? undefined : `${approvals} for a restore`],
      [
        'verified',
        newestVerified === null
          ? 'no snapshot'
          : `${newestVerified.name} in ${newestVerified.repository}, ${ago(newestVerified.at, view.now)}`,
      ],
      ['snapshots', String(status.snapshots)],
      ['busy', status.busy ?? undefined],
      ['alerts', String(status.alerts)],
      ['added', moment(cluster.createdAt, view.utc)],
    ],
    '  ',
  )}`;
}

function nodesText(nodes: readonly FleetNode[], view: View): string {
  if (nodes.length === 0) return '';
  const head = ['  NODE', 'ID', 'AGENT', 'SEEN', 'MEMBERS', 'ETCD', 'DB'];
  const rows = nodes.map((node) => {
    const members = node.inventory?.members ?? [];
    const bytes = members[0]?.dbBytes ?? null;
    return [
      `  ${node.name}`,
      node.id,
      node.connected ? view.style('good', 'connected') : view.style('bad', 'away'),
      node.connected ? 'now' : node.seenAt === null ? 'never' : ago(node.seenAt, view.now),
      members.map(({ description }) => description.name).join(',') || '-',
      members.map(etcdWords).join(',') || '-',
      bytes === null ? '-' : formatBytes(bytes),
    ];
  });
  const notes = nodes.flatMap(({ name, inventory }) =>
    (inventory?.notes ?? []).map((note) => `  ${view.style('doubtful', '!')} ${name}: ${note}\n`),
  );
  return table(head, rows) + notes.join('');
}

function etcdWords(member: NonNullable<FleetNode['inventory']>['members'][number]): string {
  if (!member.answers) return member.running === false ? 'stopped' : 'no answer';
  if (!member.inQuorum) return 'no quorum';
  return member.isLeader ? 'leader' : member.isLearner ? 'learner' : 'follower';
}
