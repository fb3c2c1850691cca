import { Failure, formatBytes } from '@holdfast/base';
import type { RepositoryCheck, RepositoryRepair } from '@holdfast/engine';
import type { Repository } from '@holdfast/repository';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { aligned, table } from '../term/table.ts';
import { ago } from '../term/when.ts';
import { snapshotItem } from './snapshot.ts';

/** What a check of a repository found; a failure (exit 4) when something is wrong. */
export function checkAnswer(
  repository: Repository,
  check: RepositoryCheck,
  repair: RepositoryRepair | undefined,
): Answer {
  const { findings, clusters } = check;
  const why = findings.length === 1 ? findings[0]!.why : `${findings.length} findings; they are named above`;
  return {
    json: {
      apiVersion,
      kind: 'RepositoryCheck',
      repository: repository.location,
      id: repository.record.id,
      ok: findings.length === 0,
      ...checkItem(check),
      repair: repair ?? null,
    },
    names: clusters.flatMap(({ newestTrusted }) => newestTrusted?.name ?? []),
    text: (view) => checkText(repository.location, check, repair, view),
    ...(findings.length > 0 && {
      failure: new Failure('repository-damaged', why, { repository: repository.location }),
    }),
  };
}

function checkItem({ clusters, findings, leftovers, read }: RepositoryCheck) {
  return {
    clusters: clusters.map(({ cluster, snapshots, newestTrusted }) => ({
      cluster: cluster.name,
      clusterId: cluster.id,
      snapshots,
      newestTrusted: newestTrusted && snapshotItem(newestTrusted),
    })),
    findings,
    read: { snapshots: read.names, bytes: read.bytes },
    leftovers: leftovers.map(({ modifiedAt, lock, ...rest }) => ({
      ...rest,
      modifiedAt: modifiedAt.toISOString(),
      lock: lock && { mode: lock.mode, until: lock.until.toISOString() },
    })),
  };
}

function checkText(
  location: string,
  check: RepositoryCheck,
  repair: RepositoryRepair | undefined,
  view: View,
): string {
  const { clusters, findings, read } = check;
  const rows = clusters.map(({ cluster, snapshots, newestTrusted }) => [
    cluster.name,
    String(snapshots),
    newestTrusted === null ? view.style('bad', 'none') : newestTrusted.name,
    newestTrusted === null ? '-' : ago(newestTrusted.manifest.times.finishedAt, view.now),
    newestTrusted?.state ?? '-',
  ]);
  const nameOf = (id: string | null): string =>
    clusters.find(({ cluster }) => cluster.id === id)?.cluster.name ?? id ?? '';
  return [
    `${view.style('strong', location)}\n`,
    table(['CLUSTER', 'SNAPSHOTS', 'NEWEST TO BE TRUSTED', 'TAKEN', 'STATE'], rows),
    `Read again: ${read.names.length === 0 ? 'nothing' : `${read.names.join(', ')} (${formatBytes(read.bytes)})`}\n`,
    ...findings.map(({ kind, clusterId, snapshots, path, why }) => {
      const where = [nameOf(clusterId), ...snapshots].filter((each) => each !== '').join(' ');
      return `${view.style('bad', kind)} ${where}: ${why}${path === null ? '' : ` (${path})`}\n`;
    }),
    findings.length === 0 ? `${view.style('good', 'ok')} nothing is wrong\n` : '',
    leftoverText(check, view),
    repair === undefined ? '' : repairText(repair, nameOf),
  ].join('');
}

const kinds = {
  unfinished: 'unfinished save or removal',
  unclaimed: 'no manifest, nobody at work',
  claim: 'claim of an ended writer',
  stray: 'belongs to nobody',
} as const;

function leftoverText({ leftovers }: RepositoryCheck, view: View): string {
  if (leftovers.length === 0) return '';
  const rows = leftovers.map(({ key, kind, size, modifiedAt, busy, lock }) => [
    `  ${key}`,
    formatBytes(size),
    ago(modifiedAt.toISOString(), view.now),
    busy ? 'somebody is at work on it' : kinds[kind],
    lock === null ? '' : `locked until ${lock.until.toISOString()} (${lock.mode})`,
  ]);
  return `What belongs to no snapshot:\n${aligned(rows)}`;
}

function repairText(
  { uploads, cleared, completed, rebuilt }: RepositoryRepair,
  nameOf: (id: string | null) => string,
): string {
  return [
    `Removed: ${uploads} stale uploads, the remains of ${cleared.length} unfinished saves and removals\n`,
    ...completed.map(({ clusterId, name }) => `Completed: ${name} of ${nameOf(clusterId)} counts now\n`),
    ...rebuilt.map(
      ({ clusterId, names }) =>
        `Made anew: the record of what is committed in ${nameOf(clusterId)}: ${names.join(', ') || 'nothing'}\n`,
    ),
  ].join('');
}
