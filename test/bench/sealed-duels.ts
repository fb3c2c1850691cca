import { join } from 'node:path';
import type { EtcdCluster } from '@holdfast/test-servers';
import type { BenchDatabase } from './database.ts';
import type { Duel } from './duel.ts';
import { onlyMember, tlsFlags } from './duels.ts';
import { measure, type Run } from './measure.ts';
import { holdfast, thenRemove } from './ours.ts';
import type { SealedTools } from './sealed-tools.ts';

/** As a person seals what etcdctl has saved: one program after the other, and what was plain is removed. $1: the file. */
const sealIt = `
  "$ZSTD" -q -3 -T0 --rm "$1"
  "$AGE" -R "$RECIPIENTS" -o "$1.zst.age" "$1.zst"
  rm "$1.zst"`;
const saveAndSeal = `file=$1 endpoint=$2; shift 2
  "$ETCDCTL" snapshot save "$file" "--endpoints=$endpoint" --command-timeout=600s "$@"
  set -- "$file"${sealIt}`;
const upload = `"$RCLONE" copyto "$file.zst.age" "$REMOTE"`;
const restoreIt = `file=$1 dir=$2; shift 2
  "$RCLONE" copyto "$REMOTE" "$file.zst.age"
  "$AGE" -d -i "$IDENTITY" -o "$file.zst" "$file.zst.age"
  "$ZSTD" -q -d --rm "$file.zst" -o "$file"
  "$ETCDUTL" snapshot restore "$file" --data-dir "$dir" "$@"`;

/** Save, compress and seal to a local disk: ours in one stream, and nothing plain gets on a disk. */
export function sealedSaveDuel(cluster: EtcdCluster, tools: SealedTools, folder: string): Duel {
  let made = 0;
  const file = join(folder, 'theirs.db');
  return {
    what: 'snapshot save, sealed',
    theirs: 'etcdctl, zstd -3 -T0, age',
    atMost: 1,
    ours: async () => {
      // Another address each time: where one repository was seen, no other one is taken.
      const repo = join(folder, `sealed-repository-${++made}`);
      await initSealed(tools, repo);
      return await thenRemove(saveSealed(cluster, tools, repo), repo);
    },
    reference: async () =>
      await thenRemove(
        script(saveAndSeal, [file, cluster.endpoints[0]!, ...tlsFlags(cluster)], {
          ...tools.theirs,
          RECIPIENTS: tools.recipients,
        }),
        `${file}.zst.age`,
      ),
  };
}

/** The same into a bucket; theirs uploads the sealed file at the end, with the standard client. */
export function sealedS3SaveDuel(cluster: EtcdCluster, tools: SealedTools, folder: string): Duel {
  const file = join(folder, 'theirs.db');
  const theirs = 'saved/theirs';
  let made = 0;
  return {
    what: 'snapshot save, sealed, S3',
    theirs: 'etcdctl, zstd, age, rclone',
    atMost: 1,
    ours: async () => {
      const ours = `saved/ours-${++made}`;
      await initSealed(tools, tools.url(ours));
      return await thenPurge(tools, ours, saveSealed(cluster, tools, tools.url(ours)));
    },
    reference: async () => {
      const run = script(`${saveAndSeal}\n${upload}`, [file, cluster.endpoints[0]!, ...tlsFlags(cluster)], {
        ...tools.theirs,
        RECIPIENTS: tools.recipients,
        REMOTE: tools.rclone(`${theirs}/snapshot.age`),
      });
      return await thenPurge(tools, theirs, thenRemove(run, `${file}.zst.age`));
    },
  };
}

/** Where the bucket keeps what the restore duel restores, stored by either side in its own way. */
export const keptInBucket = { ours: 'kept/ours', theirs: 'kept/theirs' } as const;

/** Stores a snapshot in the bucket for the restore duel: ours from the cluster, theirs from the file. */
export async function storeInBucket(
  cluster: EtcdCluster,
  database: BenchDatabase,
  tools: SealedTools,
  folder: string,
): Promise<void> {
  const oursUrl = tools.url(keptInBucket.ours);
  await initSealed(tools, oursUrl);
  await saveSealed(cluster, tools, oursUrl);
  const file = join(folder, 'kept.db');
  await thenRemove(
    script(`file=$1; cp "$2" "$file"${sealIt}\n${upload}`, [file, database.snapshot], {
      ...tools.theirs,
      RECIPIENTS: tools.recipients,
      REMOTE: tools.rclone(`${keptInBucket.theirs}/snapshot.age`),
    }),
    `${file}.zst.age`,
  );
}

/** From the bucket to a data directory; ours bumps the revision too. */
export function sealedRestoreDuel(tools: SealedTools, folder: string): Duel {
  const [ours, theirs, file] = [join(folder, 'ours.etcd'), join(folder, 'theirs.etcd'), join(folder, 'r.db')];
  const from = ['--repo', tools.url(keptInBucket.ours), '--identity-file', tools.identity];
  return {
    what: 'restore datadir, sealed, S3',
    theirs: 'rclone, age, zstd, restore',
    atMost: 1,
    ours: async () =>
      await thenRemove(
        holdfast(
          ['restore', 'datadir', '--snapshot', 'latest', ...from, '--data-dir', ours, ...onlyMember],
          tools.ours,
        ),
        ours,
      ),
    reference: async () =>
      await thenRemove(
        script(restoreIt, [file, theirs, ...onlyMember], {
          ...tools.theirs,
          IDENTITY: tools.identity,
          REMOTE: tools.rclone(`${keptInBucket.theirs}/snapshot.age`),
        }),
        theirs,
        file,
        `${file}.zst.age`,
      ),
  };
}

/** A repository that is sealed and signed. Not measured: it is made once in its life. */
async function initSealed({ recipients, signing, ours }: SealedTools, repo: string): Promise<void> {
  const keys = ['--recipients-file', recipients, '--signing-key', signing];
  await holdfast(['repo', 'init', '--repo', repo, ...keys], ours);
}

async function saveSealed(cluster: EtcdCluster, { signing, ours }: SealedTools, repo: string): Promise<Run> {
  const from = ['--endpoints', cluster.endpoints[0]!, ...tlsFlags(cluster)];
  const how = ['--no-verify', '--companions', 'none', '--signing-key', signing];
  return await holdfast(['snapshot', 'save', ...how, ...from, '--repo', repo], ours);
}

async function script(text: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Run> {
  return await measure('sh', ['-c', `set -e; ${text}`, 'sh', ...args], env);
}

async function thenPurge(tools: SealedTools, path: string, run: Promise<Run>): Promise<Run> {
  try {
    return await run;
  } finally {
    tools.purge(path);
  }
}
