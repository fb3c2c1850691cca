import type { ComponentDescription, MemberDescription } from '@holdfast/model';
import type { FleetSnapshot } from '@holdfast/model/fleet';
import { stringify } from 'yaml';
import type { StoredCluster } from '../store/clusters.ts';
import type { StoredNode } from '../store/nodes.ts';
import type { StoredPolicy } from '../store/policies.ts';
import type { StoredRepository } from '../store/repositories.ts';
import type { DescribedCluster } from './describe.ts';
import { afterwardsOnNodes } from './runbook-afterwards.ts';
import { configurationFile, keyRows, repositoriesOf } from './runbook-repositories.ts';
import { commandLine, fenced, table } from './runbook-words.ts';

/** What a runbook is made of. */
export interface RunbookParts {
  readonly cluster: StoredCluster;
  readonly nodes: readonly StoredNode[];
  readonly described: DescribedCluster;
  readonly policies: readonly StoredPolicy[];
  readonly repositories: readonly StoredRepository[];
  /** The newest ones. */
  readonly snapshots: readonly FleetSnapshot[];
  readonly holdfast: string;
  readonly at: Date;
}

/**
 * How a cluster is brought back without this server, as Markdown: what has to be at hand, the two files that Holdfast is
 * given, and the commands for this very cluster. It names secrets and holds none.
 */
export function runbookOf(parts: RunbookParts): string {
  const { cluster, holdfast, at } = parts;
  const used = repositoriesOf(cluster, parts.policies, parts.repositories);
  const name = cluster.spec.name;
  return [
    `# How ${name} is brought back without the server`,
    `Made by Holdfast ${holdfast} on ${at.toISOString()} from what agents and repositories told. Print it, or keep it where it can be read when everything is down; have it made anew when nodes or repositories change.`,
    '## What has to be at hand',
    needs(used),
    '## The files',
    'On each machine that is worked on, as root, in `/root/holdfast`:',
    fenced('yaml', `# /root/holdfast/config.yaml\n${configurationFile(name, used)}`),
    ...clusterFile(parts),
    '## What can be brought back',
    snapshotTable(parts.snapshots),
    fenced('sh', commandLine(['holdfast', 'snapshot', 'list', ...ours])),
    '## Bringing it back',
    ...steps(parts, used[0]),
    '## Afterwards',
    afterwards(name),
    ...afterwardsOnNodes(cluster.spec.distribution, parts.nodes),
    ...notes(parts),
    '',
  ].join('\n\n');
}

const ours = ['--config', '/root/holdfast/config.yaml'];

function needs(used: readonly StoredRepository[]): string {
  const rows = [
    '- The program `holdfast` of this version or a newer one, on each machine that is worked on. It needs no network but to the repository.',
    '- A person who may become root there.',
    ...(used.length === 0
      ? ['- A repository: this cluster has none yet, so nothing can be brought back.']
      : []),
    ...keyRows(used),
  ];
  return rows.join('\n');
}

function clusterFile({ cluster, described }: RunbookParts): string[] {
  if (described.description === null)
    return [
      `No agent has told of a member yet. On a machine of the cluster \`holdfast restore discover --name ${cluster.spec.name} -o yaml\` writes the description.`,
    ];
  return [fenced('yaml', `# /root/holdfast/cluster.yaml\n${stringify(described.description)}`.trimEnd())];
}

function snapshotTable(snapshots: readonly FleetSnapshot[]): string {
  if (snapshots.length === 0)
    return 'The server knew no snapshot; the repositories may hold some all the same.';
  const rows = snapshots.map((each) => [
    `\`${each.name}\``,
    each.repository,
    each.missing ? 'missing' : each.state,
    each.finishedAt,
    String(each.revision),
    each.etcdVersion,
    each.sealed ? 'yes' : 'no',
  ]);
  const head = ['snapshot', 'repository', 'state', 'taken at', 'revision', 'etcd', 'sealed'];
  return `The newest ones that the server knew of:\n\n${table(head, rows)}`;
}

function steps(parts: RunbookParts, repository: StoredRepository | undefined): string[] {
  const { cluster, described, nodes, snapshots } = parts;
  const { description, placement } = described;
  if (repository === undefined) return ['There is no repository to bring it back from.'];
  const best = snapshots.find(({ state, missing }) => state === 'verified' && !missing);
  const options = [
    '--snapshot',
    best?.name ?? 'latest',
    ...ours,
    ...['--repo', best?.repository ?? repository.name, '--cluster', cluster.spec.name],
  ];
  if (description === null)
    return ['Once the description is written, as on one machine: `holdfast restore plan`.'];
  const machines = new Set(description.members.map(({ name }) => placement[name]));
  if (machines.size === 1) {
    const file = ['--cluster-file', '/root/holdfast/cluster.yaml'];
    const plan = commandLine(['holdfast', 'restore', 'plan', ...file, ...options]);
    const run = commandLine(['holdfast', 'restore', 'run', ...file, ...options]);
    return [
      'All of it is on one machine. There, first look, then do it; it asks for the name of the cluster, undoes itself where a step fails, and keeps the old data:',
      fenced('sh', `${plan}\n${run}`),
    ];
  }
  const nodeName = (item: string): string =>
    nodes.find(({ id }) => id === placement[item])?.name ?? 'a machine that is not known';
  const { members, controlPlane } = description;
  return [
    'It is on several machines, each of which is worked on by hand. Every step is done on all of them before the next one begins. `TOKEN` is one new word, the same everywhere, so that no old member finds its way back in.',
    `1. Stop the control plane.\n\n${acts('stop', controlPlane, nodeName)}`,
    `2. Stop etcd, and see that it is gone.\n\n${acts('stop', members, nodeName)}`,
    '3. Put the old data aside; nothing is deleted.',
    fenced('sh', members.map((member) => `# on ${nodeName(member.name)}\n${asideLines(member)}`).join('\n')),
    '4. Build each member from one and the same snapshot.',
    fenced(
      'sh',
      members.map((each) => `# on ${nodeName(each.name)}\n${datadir(each, members, options)}`).join('\n'),
    ),
    `5. Start etcd on all of them, one right after the other.\n\n${acts('start', members, nodeName)}`,
    `6. See that it has a leader and answers.\n\n${fenced('sh', commandLine(['holdfast', 'doctor', '--endpoints', members.map(({ clientUrls }) => clientUrls[0]!).join(',')]))}\n\nWhere etcd asks for a client certificate, \`--cacert\`, \`--cert\` and \`--key\` name it.`,
    `7. Start the control plane, API servers first.\n\n${acts('start', controlPlane, nodeName)}`,
  ];
}

function asideLines({ dataDir, walDir }: MemberDescription): string {
  return [dataDir, ...(walDir === undefined ? [] : [walDir])]
    .map((folder) => commandLine(['mv', folder, `${folder}.before`]))
    .join('\n');
}

function datadir(
  member: MemberDescription,
  all: readonly MemberDescription[],
  options: readonly string[],
): string {
  const initial = all.flatMap(({ name, peerUrls }) => peerUrls.map((url) => `${name}=${url}`)).join(',');
  const build = commandLine([
    ...['holdfast', 'restore', 'datadir', ...options, '--name', member.name],
    ...['--initial-cluster', initial, '--initial-advertise-peer-urls', member.peerUrls.join(',')],
    ...['--initial-cluster-token', 'TOKEN', '--data-dir', member.dataDir],
    ...(member.walDir === undefined ? [] : ['--wal-dir', member.walDir]),
  ]);
  const folders = [member.dataDir, ...(member.walDir === undefined ? [] : [member.walDir])];
  const owners = folders.map((folder) =>
    commandLine(['chown', '-R', `--reference=${folder}.before`, folder]),
  );
  return [build, ...owners].join('\n');
}

function acts(
  verb: 'stop' | 'start',
  things: readonly (MemberDescription | ComponentDescription)[],
  nodeName: (item: string) => string,
): string {
  if (things.length === 0) return 'The agents told of none.';
  const rows = things.map((thing) => {
    const how =
      thing.run.driver === 'systemd'
        ? `\`systemctl ${verb} ${thing.run.unit}\``
        : `${verb} it as it is run there (${thing.run.driver})`;
    return `- ${nodeName(thing.name)}: ${thing.name}, ${how}`;
  });
  return rows.join('\n');
}

function afterwards(name: string): string {
  return [
    `- Look at the nodes and at what runs: what was made after the snapshot is gone from ${name}, what was removed after it is back.`,
    '- Save again at once: `holdfast snapshot save`.',
    '- Keep what was put aside until everything was looked at; then it may go.',
    '- When the server is there again, agents that still have their certificate go on by themselves; with a new server they join again.',
  ].join('\n');
}

function notes({ described, nodes }: RunbookParts): string[] {
  const machines = nodes.map(({ name, id, inventory, seenAt }) => [
    name,
    id,
    inventory?.addresses.join(', ') ?? '',
    inventory?.driver ?? '',
    seenAt ?? 'never',
  ]);
  return [
    '## The machines',
    machines.length === 0
      ? 'None has joined.'
      : table(['node', 'id', 'addresses', 'run by', 'last heard'], machines),
    ...(described.notes.length === 0
      ? []
      : ['## What was not certain', described.notes.map((note) => `- ${note}`).join('\n')]),
  ];
}
