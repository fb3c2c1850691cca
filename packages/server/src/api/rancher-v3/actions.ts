import { isFailure } from '@holdfast/base';
import { isSnapshotName, snapshotNameFault } from '@holdfast/model';
import { restoreScopes, type Operation, type RestoreScope } from '@holdfast/model/fleet';
import { z } from 'zod';
import type { Caller } from '../../auth/caller.ts';
import type { ServerContext } from '../../context.ts';
import type { Operations } from '../../operations/operations.ts';
import type { StoredCluster } from '../../store/clusters.ts';
import { backupsOf, type Backup } from './backup.ts';
import { PlainRefusal, RancherError } from './error.ts';
import { backupNamed, findCluster, readBackups } from './read.ts';

/** What the actions work with. */
export interface ActionParts {
  readonly context: ServerContext;
  readonly operations: Operations;
}

const letters = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * `backupEtcd`, and a POST to the collection.
 *
 * @param filename what the snapshot is to be called; as Rancher calls it when absent
 * @throws RancherError, Failure
 */
export async function beginBackup(
  { context, operations }: ActionParts,
  caller: Caller,
  cluster: StoredCluster,
  filename?: string,
): Promise<Backup> {
  const name = filename ?? (await newName(context, cluster));
  const operation = await operations.save(
    { by: caller.name, trigger: 'api' },
    { cluster: cluster.id, policy: null, repositories: null, name, scheduledFor: null },
  );
  return backupsOf(cluster.id, { snapshots: [], saves: [operation], repositories: [] })[0]!;
}

/** As Rancher names what it makes: `<cluster>-m<l|s>-<5 letters>_<RFC 3339>`, manual, local or in S3. */
async function newName(
  { store, clock, random }: ServerContext,
  { id, spec }: StoredCluster,
): Promise<string> {
  const repository = await store.repositories.get(spec.repositories[0] ?? '');
  const where = repository?.spec.s3 === undefined ? 'l' : 's';
  const part = Array.from(random(5), (byte) => letters[byte % letters.length]).join('');
  return `${id}-m${where}-${part}_${clock
    .now()
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')}`;
}

/** @throws RancherError InvalidCharacters: what can be no snapshot's name */
export function filenameOf(text: string): string {
  const name = text.replace(/\.zip$/, '');
  if (isSnapshotName(name)) return name;
  throw new RancherError('InvalidCharacters', `filename: ${snapshotNameFault(name) ?? ''}`, 'filename');
}

/** Both spellings: document 000 has the field of the Go type, Rancher's wire the other. */
const RestoreInput = z.object({
  etcdBackupId: z.string().nullish(),
  etcdBackupName: z.string().nullish(),
  restoreRkeConfig: z.string().nullish(),
});

/**
 * `restoreFromEtcdBackup`: refused here where it cannot come to anything; what the plan's checks find wrong later ends the
 * operation, before anything was touched.
 *
 * @throws PlainRefusal, RancherError, Failure
 */
export async function beginRestore(
  { context, operations }: ActionParts,
  caller: Caller,
  cluster: StoredCluster,
  body: string,
): Promise<Operation> {
  const input = RestoreInput.safeParse(parsed(body));
  if (!input.success) throw new PlainRefusal('failed to parse request content');
  const { etcdBackupId, etcdBackupName, restoreRkeConfig } = input.data;
  const scope = scopeOf(restoreRkeConfig ?? '');
  const id = etcdBackupId || etcdBackupName || '';
  const backup = await backupOf(context, cluster, id);
  const source = storedWith(cluster, backup, id, scope);
  const request = {
    ...{ repository: source.repository, snapshot: backup.snapshot, scope, way: 'snapshot' as const },
    ...{ attest: [], skips: [], clone: false, restartNodes: true },
  };
  try {
    const asker = { by: caller.name, trigger: 'api' as const };
    return await operations.planAndRestore(asker, { cluster: cluster.id, request });
  } catch (error) {
    if (isFailure(error, 'cluster-busy'))
      throw new RancherError('Conflict', `${error.message}: ${error.why}`);
    throw error;
  }
}

/** @returns undefined where it is not JSON */
export function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The match is that of Rancher, whatever the case; but an unknown word is refused, not taken for nothing. */
function scopeOf(word: string): RestoreScope {
  if (word === '') return 'none';
  const scope = restoreScopes.find((each) => each.toLowerCase() === word.toLowerCase());
  if (scope !== undefined) return scope;
  const known = restoreScopes.slice(1).join(', ');
  throw new RancherError('InvalidOption', `restoreRkeConfig is empty or one of ${known}`, 'restoreRkeConfig');
}

async function backupOf({ store }: ServerContext, cluster: StoredCluster, id: string): Promise<Backup> {
  const colon = id.indexOf(':');
  if (colon < 1 || colon === id.length - 1) throw new RancherError('InvalidFormat', `invalid input id ${id}`);
  const of = await findCluster(store, id.slice(0, colon));
  if (of === undefined || of.id !== cluster.id) {
    const why = `snapshot [${id}] is not a backup of cluster [${cluster.spec.name}]`;
    throw new RancherError('InvalidReference', why, 'etcdBackupId');
  }
  const backup = backupNamed(await readBackups(store, cluster.id), id.slice(colon + 1));
  if (backup === undefined) throw new RancherError('NotFound', `etcdbackup ${id} not found`);
  if (backup.state === 'active') return backup;
  const state = backup.state === 'failed' ? `has failed: ${backup.message}` : 'is not complete yet';
  throw new RancherError('InvalidState', `etcdbackup ${id} ${state}`, 'etcdBackupId');
}

/** The stored copy that is restored from: in the order of the cluster's repositories. */
function storedWith(
  cluster: StoredCluster,
  backup: Backup,
  id: string,
  scope: RestoreScope,
): Backup['stored'][number] {
  const usable = backup.stored.filter(({ isDamaged }) => !isDamaged);
  const [source] = cluster.spec.repositories.flatMap(
    (repository) => usable.find((each) => each.repository === repository) ?? [],
  );
  if (source === undefined) {
    const why = `restoring S3 backups with no cluster level S3 configuration is not supported ${id}`;
    throw new RancherError('MethodNotAllow', why);
  }
  if (scope !== 'none' && backup.kubernetesVersion === null) {
    const why = `unable to restore RKE config, backup contains no cluster object: ${id}`;
    throw new RancherError('MethodNotAllow', why);
  }
  return source;
}
