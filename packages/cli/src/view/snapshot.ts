import { formatBytes } from '@holdfast/base';
import { storedBytes } from '@holdfast/model';
import type { SnapshotEntry } from '@holdfast/repository';
import type { View } from '../term/answer.ts';
import type { Style } from '../term/style.ts';
import { ago } from '../term/when.ts';

/** A stored snapshot as machines get it: the short form that lists are made of. */
export function snapshotItem(entry: SnapshotEntry) {
  const { manifest } = entry;
  return {
    name: entry.name,
    cluster: entry.cluster.name,
    clusterId: entry.cluster.id,
    takenAt: manifest.times.finishedAt,
    revision: manifest.revision,
    size: manifest.content.size,
    storedSize: storedBytes(entry.manifest),
    sha256: manifest.content.sha256,
    etcd: manifest.versions.etcd,
    member: manifest.member.name,
    state: entry.state,
    quorum: manifest.quorum.state,
    trust: entry.trust,
    pinned: entry.pin !== null,
    pinnedUntil: entry.pin?.until ?? null,
    unwantedSince: entry.unwanted?.since ?? null,
    verifiedAt: verifiedAt(entry) ?? null,
    path: entry.path,
  };
}

/** When the newest verification that passed was made. */
function verifiedAt(entry: SnapshotEntry): string | undefined {
  return entry.evidence.findLast((each) => each.outcome === 'passed')?.at;
}

/** The state in words: how far it is proven, and what else one has to know before relying on or deleting it. */
export function stateWords(entry: SnapshotEntry, style: Style): string {
  const tone = { stored: 'doubtful', verified: 'good', damaged: 'bad' } as const;
  return [
    style(tone[entry.state], entry.state),
    ...(entry.manifest.quorum.state === 'degraded' ? [style('doubtful', 'degraded')] : []),
    ...(entry.trust.trusted ? [] : [style('bad', 'untrusted')]),
    ...(entry.pin === null ? [] : ['pinned']),
    ...(entry.unwanted === null ? [] : [style('doubtful', 'unwanted')]),
  ].join(', ');
}

export const columns = ['NAME', 'CLUSTER', 'TAKEN', 'REVISION', 'SIZE', 'STATE'] as const;
export const wideColumns = [...columns, 'VERIFIED', 'STORED', 'TRUST', 'MEMBER', 'ETCD', 'SHA-256'] as const;

/** The cells of {@link columns} or {@link wideColumns}. */
export function snapshotRow(entry: SnapshotEntry, view: View): string[] {
  const { manifest } = entry;
  const verified = verifiedAt(entry);
  return [
    entry.name,
    entry.cluster.name,
    ago(manifest.times.finishedAt, view.now),
    String(manifest.revision),
    formatBytes(manifest.content.size),
    stateWords(entry, view.style),
    ...(view.wide
      ? [
          verified === undefined ? '-' : ago(verified, view.now),
          formatBytes(storedBytes(entry.manifest)),
          trustWord(entry),
          manifest.member.name || '-',
          manifest.versions.etcd,
          manifest.content.sha256,
        ]
      : []),
  ];
}

/** Who vouches for it, in a word or two. */
function trustWord({ trust }: SnapshotEntry): string {
  if (!trust.trusted) return 'no';
  return trust.by.length === 0
    ? 'unsigned'
    : trust.by.map(({ name, keyid }) => (name === keyid ? `${keyid.slice(0, 15)}…` : name)).join(',');
}
