import { formatBytes } from '@holdfast/base';
import type { FleetSnapshot } from '@holdfast/model/fleet';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { pairs, table } from '../term/table.ts';
import { ago, moment } from '../term/when.ts';

const columns = ['NAME', 'CLUSTER', 'TAKEN', 'REVISION', 'SIZE', 'STATE', 'REPOSITORY'] as const;
const wideColumns = [...columns, 'DRILLED', 'STORED', 'POLICY', 'MEMBER', 'ETCD', 'SHA-256'] as const;

/** The snapshots of a cluster as the server's catalogue has them. */
export function fleetSnapshotsAnswer(items: readonly FleetSnapshot[], cluster: string): Answer {
  return {
    json: { apiVersion, kind: 'SnapshotList', items },
    names: items.map(({ name }) => name),
    text: (view) =>
      items.length === 0
        ? `No snapshots of ${cluster} yet. \`holdfast snapshot save\` makes the first.\n`
        : table(
            view.wide ? wideColumns : columns,
            items.map((each) => row(each, cluster, view)),
          ),
  };
}

/** The state in words: how far it is proven, and what else one has to know before relying on it. */
export function fleetStateWords(each: FleetSnapshot, { style }: View): string {
  const tone = { stored: 'doubtful', verified: 'good', damaged: 'bad' } as const;
  return [
    style(tone[each.state], each.state),
    ...(each.degraded ? [style('doubtful', 'degraded')] : []),
    ...(each.trusted ? [] : [style('bad', 'untrusted')]),
    ...(each.pinned ? ['pinned'] : []),
    ...(each.missing ? [style('bad', 'missing')] : []),
  ].join(', ');
}

function row(each: FleetSnapshot, cluster: string, view: View): string[] {
  return [
    each.name,
    cluster,
    ago(each.finishedAt, view.now),
    String(each.revision),
    formatBytes(each.size),
    fleetStateWords(each, view),
    each.repository,
    ...(view.wide
      ? [
          each.drilledAt === null ? '-' : ago(each.drilledAt, view.now),
          formatBytes(each.storedBytes),
          each.policy ?? '-',
          each.member || '-',
          each.etcdVersion,
          each.sha256,
        ]
      : []),
  ];
}

/** All that the catalogue knows of a snapshot. */
export function fleetSnapshotAnswer(each: FleetSnapshot, cluster: string): Answer {
  return {
    json: { apiVersion, kind: 'Snapshot', ...each },
    names: [each.name],
    text: (view) => snapshotText(each, cluster, view),
  };
}

function snapshotText(each: FleetSnapshot, cluster: string, view: View): string {
  const drilled = each.drilledAt === null ? 'never' : moment(each.drilledAt, view.utc);
  return pairs([
    ['name', view.style('strong', each.name)],
    ['state', fleetStateWords(each, view)],
    ['cluster', `${cluster} (${each.cluster})`],
    ['repository', each.repository],
    ['taken', `${moment(each.finishedAt, view.utc)}, ${ago(each.finishedAt, view.now)}`],
    ['trigger', each.policy === null ? each.trigger : `${each.trigger}, policy ${each.policy}`],
    ['drilled', drilled],
    ['sealed', each.sealed ? 'yes' : 'no'],
    ['etcd', each.etcdVersion],
    ['kubernetes', each.kubernetesVersion ?? undefined],
    ['member', each.node === null ? each.member || undefined : `${each.member} on node ${each.node}`],
    ['revision', String(each.revision)],
    ['size', `${formatBytes(each.size)} (${each.size} bytes), ${formatBytes(each.storedBytes)} stored`],
    ['sha256', each.sha256],
  ]);
}
