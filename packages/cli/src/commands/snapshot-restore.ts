import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import { Option } from 'commander';
import { wholeNumber } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { openFileOrArchive, type OpenedSource } from '../sources/datadir-source.ts';
import type { Answer } from '../term/answer.ts';
import { peerUrls, restoreAnswer } from '../view/restore.ts';

interface RestoreOptions {
  readonly dataDir?: string;
  readonly walDir?: string;
  readonly name: string;
  readonly initialCluster: string;
  readonly initialAdvertisePeerUrls: string;
  readonly initialClusterToken?: string;
  readonly bumpRevision?: number;
  readonly skipHashCheck?: true;
}

/** `etcdutl snapshot restore` with its own flags, for hands and scripts that know them. */
export function addSnapshotRestore(parent: Verb): void {
  parent
    .command('restore')
    .description('Restore a snapshot file with the flags of `etcdutl snapshot restore`, and safer defaults.')
    .argument('<file>', 'a snapshot file, or an archive of K3s, RKE, Alauda or gzip with one in it')
    .option('--data-dir <dir>', 'the new data directory (default: the name with .etcd)')
    .option('--wal-dir <dir>', 'the write-ahead log, where it lies outside of the data directory')
    .option('--name <member>', 'the name of this member', 'default')
    .option('--initial-cluster <members>', 'every member', 'default=http://localhost:2380')
    .option('--initial-advertise-peer-urls <urls>', 'the peer URLs of this member', 'http://localhost:2380')
    .option('--initial-cluster-token <token>', 'the same for every member (default: made from the snapshot)')
    .addOption(
      new Option('--bump-revision <n>', 'how far revisions are moved on; 0 leaves them').argParser(
        wholeNumber(0),
      ),
    )
    .option('--mark-compacted', 'accepted; done whenever revisions are moved on')
    .option(
      '--skip-hash-check',
      'take a db copied off a disk, which has no hash; its whole tree is checked instead',
    )
    .option('--initial-memory-map-size <bytes>', 'accepted and ignored: nothing is mapped')
    .example(
      'As with etcdutl',
      'holdfast snapshot restore etcd.db --name m1 --data-dir /var/lib/etcd \\\n      --initial-cluster m1=https://10.0.0.1:2380 --initial-advertise-peer-urls https://10.0.0.1:2380',
    )
    .remark(
      "Unlike etcdutl it moves revisions on and marks the old ones compacted unless --bump-revision 0 is given, and its token is never etcd's default. The token follows from the snapshot's SHA-256 and --initial-cluster, so members restored one by one from the same file fit together. Restoring the same file twice gives the same token: stop the members of the first attempt before the second, or give a new token.",
    )
    .answers(restore);
}

async function restore(session: Session, options: RestoreOptions, given: string): Promise<Answer> {
  const { cwd } = session.io;
  const { name, initialCluster, walDir, bumpRevision } = options;
  const file = resolve(cwd, given);
  await using opened = await openFileOrArchive(session, file);
  const { source } = opened;
  const { restoreDatadir } = await import('@holdfast/engine');
  const report = await restoreDatadir(session.context, {
    source,
    dataDir: resolve(cwd, options.dataDir ?? `${name}.etcd`),
    ...(walDir !== undefined && { walDir: resolve(cwd, walDir) }),
    name,
    initialCluster,
    peerUrls: peerUrls(options.initialAdvertisePeerUrls),
    token: options.initialClusterToken ?? (await tokenFor(opened, file, initialCluster)),
    ...(bumpRevision !== undefined && {
      bump: bumpRevision === 0 ? null : { by: bumpRevision, markCompacted: true },
    }),
    skipHashCheck: options.skipHashCheck === true,
  });
  for (const warning of [...opened.notes, ...report.warnings]) session.warn(warning);
  return restoreAnswer(report, []);
}

async function tokenFor(
  { imageSha256 }: OpenedSource,
  file: string,
  initialCluster: string,
): Promise<string> {
  const { agreedToken } = await import('@holdfast/engine');
  try {
    return await agreedToken(imageSha256 === undefined ? { file } : { imageSha256 }, initialCluster);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new Failure('restore-plan-invalid', cause.message, {}, { cause });
  }
}
