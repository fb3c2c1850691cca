import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import type { PlanRequest } from '@holdfast/engine';
import type { ClusterDescription } from '@holdfast/model';
import type { Session } from '../session.ts';
import { readClusterFile } from '../sources/cluster-file.ts';
import { selectedSnapshot } from '../sources/selected.ts';
import type { RequestOptions } from './restore-options.ts';
import type { RestorePorts } from './restore-ports.ts';

/**
 * Mistakes that the command line alone shows, before anything is looked at.
 *
 * @throws Failure `usage`
 */
export function refuseContradictions(options: RequestOptions): void {
  const wrong = contradiction(options);
  if (wrong !== undefined) throw new Failure('usage', wrong);
}

function contradiction(options: RequestOptions): string | undefined {
  const { way, bump, bumpRevision, strategy, seed, survivor } = options;
  const hasSource = options.snapshot !== undefined || options.file !== undefined;
  const vouches = (options.attestOff?.length ?? 0) + (options.skip?.length ?? 0) > 0;
  const reason = options.reason?.trim() ?? '';
  if (!bump && bumpRevision !== undefined) return '--bump-revision and --no-bump exclude each other';
  if (seed !== undefined && strategy === 'all') return '--seed and --strategy all exclude each other';
  if (vouches && reason === '')
    return '--attest-off and --skip need --reason: it is recorded with the restore';
  if (!vouches && options.reason !== undefined)
    return '--reason is for --attest-off and --skip, and neither is given';
  if (options.replace !== undefined && way !== 'replace') return '--replace needs --way replace';
  if (survivor !== undefined && way !== 'salvage') return '--survivor needs --way salvage';
  if (hasSource && (way === 'salvage' || way === 'replace'))
    return `--way ${way} takes no --snapshot and no --file`;
  if (way === 'replace' && (!bump || bumpRevision !== undefined)) return '--way replace moves no revisions';
  if (way === 'replace' && (strategy ?? seed) !== undefined) return '--way replace has no --strategy';
  if (way === 'replace' && options.initialClusterToken !== undefined) return '--way replace keeps the token';
  if (options.clone === true && !hasSource && way !== 'snapshot')
    return '--clone needs --snapshot, --file or --way snapshot';
  return undefined;
}

/**
 * Names that no member has; of parts of the control plane, only that they are off is said.
 *
 * @throws Failure `usage`
 */
export function refuseStrangers(
  options: RequestOptions,
  { members, controlPlane }: ClusterDescription,
): void {
  const known = members.map(({ name }) => name);
  const all = [...known, ...controlPlane.map(({ name }) => name)];
  const { seed, survivor, members: fresh, attestOff, replace } = options;
  const named: [flag: string, names: readonly (string | undefined)[]][] = [
    ['--seed', [seed]],
    ['--survivor', [survivor]],
    ['--replace', replace ?? []],
    ['--members', fresh ?? []],
    ['--attest-off', attestOff ?? []],
  ];
  for (const [flag, names] of named) {
    const here = flag === '--attest-off' ? all : known;
    const strange = names.find((name) => name !== undefined && !here.includes(name));
    if (strange === undefined) continue;
    throw new Failure('usage', `${flag} names ${strange}, and the cluster has ${here.join(', ')}`);
  }
  if (fresh === undefined) return;
  if (seed !== undefined && !fresh.includes(seed)) {
    throw new Failure('usage', `--seed names ${seed}, which is not among --members`);
  }
  const off = attestOff?.find((name) => fresh.includes(name));
  if (off !== undefined) {
    throw new Failure('usage', `--attest-off names ${off}, which is to be of the new cluster`);
  }
}

/** The described cluster: that of the file, or that of what runs on this machine, which is said. */
export async function describedCluster(
  session: Session,
  clusterFile: string | undefined,
): Promise<ClusterDescription> {
  if (clusterFile !== undefined) return await readClusterFile(resolve(session.io.cwd, clusterFile));
  const { discoverCluster } = await import('@holdfast/agent');
  const { description, notes } = await discoverCluster(
    session.settings.cluster ?? fallbackName,
    session.settings.endpoints,
  );
  const found = [...description.members, ...description.controlPlane].map(({ name }) => name).join(', ');
  for (const note of notes) session.warn(note);
  session.warn(`no --cluster-file: taken as cluster ${description.name} is what runs here: ${found}`);
  return description;
}

/** What a cluster is called that nobody gave a name. */
export const fallbackName = 'etcd';

/** What the engine makes a plan from. */
export async function planRequest(
  session: Session,
  options: RequestOptions,
  description: ClusterDescription,
  ports: RestorePorts,
): Promise<PlanRequest> {
  const { way, survivor, strategy, seed, members, initialClusterToken: token, reason = '' } = options;
  const bump = bumpOf(options);
  const { thisUser } = await import('@holdfast/engine');
  const { nodes, connect, repository } = ports;
  const named = await snapshotOf(session, options, ports);
  return {
    description,
    nodes,
    connect,
    ...(repository !== undefined && { repository }),
    ...named,
    ...(options.file !== undefined && { file: resolve(session.io.cwd, options.file) }),
    ...(way !== 'auto' && { way }),
    ...(survivor !== undefined && { survivor }),
    ...(strategy !== undefined && { strategy }),
    ...(seed !== undefined && { seed }),
    ...(options.replace !== undefined && { replace: [...new Set(options.replace)] }),
    ...(members !== undefined && { members: [...members] }),
    ...(token !== undefined && { token }),
    ...(bump !== undefined && { bump }),
    attest: (options.attestOff ?? []).map((member) => ({ member, reason })),
    skips: [...new Set(options.skip)].map((check) => ({ check, reason })),
    ...(options.scope !== undefined && { scope: options.scope }),
    clone: options.clone === true,
    by: thisUser(),
  };
}

/** Undefined: the engine's default, which is to move. */
function bumpOf({ bump, bumpRevision }: RequestOptions): PlanRequest['bump'] {
  if (!bump) return null;
  return bumpRevision === undefined ? undefined : { by: bumpRevision, markCompacted: true };
}

async function snapshotOf(
  session: Session,
  { snapshot }: RequestOptions,
  { repository }: RestorePorts,
): Promise<Pick<PlanRequest, 'snapshot' | 'repositoryCluster'>> {
  const { cluster } = session.settings;
  const known = cluster === undefined ? {} : { repositoryCluster: cluster };
  if (snapshot === undefined) return known;
  if (repository === undefined) throw new Failure('usage', '--snapshot needs --repo');
  const selected = await selectedSnapshot(session, repository, snapshot, 'restore');
  return {
    snapshot: selected.name,
    ...(selected.cluster !== undefined && { repositoryCluster: selected.cluster }),
  };
}
