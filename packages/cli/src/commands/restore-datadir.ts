import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import type { RestoreDatadirOptions, RestoreDatadirReport } from '@holdfast/engine';
import { parseInitialCluster } from '@holdfast/model';
import { Option } from 'commander';
import { withFrom, withRepository, wholeNumber } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import {
  asItIs,
  openFileOrArchive,
  openForeignSource,
  type OpenedSource,
} from '../sources/datadir-source.ts';
import { placeWord } from '../sources/foreign.ts';
import { placeFlags, wayFlags } from '../sources/places.ts';
import { openRepository } from '../sources/repository.ts';
import { selectedSnapshot } from '../sources/selected.ts';
import type { Answer } from '../term/answer.ts';
import { peerUrls, restoreAnswer, type OtherMember } from '../view/restore.ts';

interface DatadirOptions {
  readonly snapshot?: string;
  readonly file?: string;
  readonly from?: string;
  readonly dataDir: string;
  readonly walDir?: string;
  readonly name: string;
  readonly initialCluster: string;
  readonly initialAdvertisePeerUrls: string;
  readonly initialClusterToken?: string;
  readonly bump: boolean;
  readonly bumpRevision?: number;
  readonly skipHashCheck?: true;
}

export function addRestoreDatadir(parent: Verb): void {
  const verb = parent.command('datadir');
  withFrom(withRepository(verb))
    .description(
      "Build one member's data directory from a snapshot, with no etcd tool. Existing data is never touched.",
    )
    .addOption(
      new Option(
        '--snapshot <snapshot>',
        'a stored one: exact name, latest or latest~N; with --from its name or path there',
      ).conflicts('file'),
    )
    .addOption(
      new Option(
        '--file <file>',
        'a snapshot file of etcdctl, etcdutl, `snapshot export`, or an archive of another system',
      ),
    )
    .requiredOption('--data-dir <dir>', 'the new data directory, absent or empty')
    .requiredOption('--name <member>', 'the name of this member')
    .requiredOption('--initial-cluster <members>', 'every member: m1=https://10.0.0.1:2380,m2=…')
    .requiredOption('--initial-advertise-peer-urls <urls>', 'the peer URLs of this member')
    .option(
      '--initial-cluster-token <token>',
      'the same for every member of one restore (default: a new random one)',
    )
    .option('--wal-dir <dir>', 'the write-ahead log, where it lies outside of the data directory')
    .addOption(
      new Option(
        '--bump-revision <n>',
        'how far revisions are moved on, and the old ones marked compacted',
      ).argParser(wholeNumber(1)),
    )
    .option('--no-bump', 'leave revisions as they are: watchers may then miss that time went back')
    .option(
      '--skip-hash-check',
      'take a db copied off a disk, which has no hash; its whole tree is checked instead',
    )
    .example(
      'The only member, from the newest snapshot',
      'holdfast restore datadir --snapshot latest --repo /backup --data-dir /var/lib/etcd \\\n      --name m1 --initial-cluster m1=https://10.0.0.1:2380 \\\n      --initial-advertise-peer-urls https://10.0.0.1:2380',
    )
    .example(
      'From a file',
      'holdfast restore datadir --file etcd.db --data-dir /var/lib/etcd \\\n      --name m1 --initial-cluster m1=https://10.0.0.1:2380 \\\n      --initial-advertise-peer-urls https://10.0.0.1:2380',
    )
    .example(
      'From what RKE left',
      'holdfast restore datadir --from /opt/rke/etcd-snapshots --snapshot daily --data-dir /var/lib/etcd \\\n      --name m1 --initial-cluster m1=https://10.0.0.1:2380 \\\n      --initial-advertise-peer-urls https://10.0.0.1:2380',
    )
    .remark(
      'A snapshot that is damaged is refused, and latest passes over it. Every member of the new cluster is restored from the same snapshot with the same token; the commands for the others are printed. A token that was never used keeps old members that still run from mixing in. A sealed snapshot is opened on its way there: nothing else of it is written. Until the last moment nothing is at --data-dir that an etcd would start from, and after a failure nothing is left.',
    )
    .answers(restoreMember);
}

async function restoreMember(session: Session, options: DatadirOptions): Promise<Answer> {
  const { cwd } = session.io;
  const { name, initialCluster, walDir, initialClusterToken } = options;
  const bump = bumpOf(options);
  await using opened = await sourceOf(session, options);
  const { source } = opened;
  const { restoreDatadir } = await import('@holdfast/engine');
  const report = await restoreDatadir(session.context, {
    source,
    dataDir: resolve(cwd, options.dataDir),
    ...(walDir !== undefined && { walDir: resolve(cwd, walDir) }),
    name,
    initialCluster,
    peerUrls: peerUrls(options.initialAdvertisePeerUrls),
    ...(initialClusterToken !== undefined && { token: initialClusterToken }),
    ...(bump !== undefined && { bump }),
    skipHashCheck: options.skipHashCheck === true,
  });
  for (const warning of [...opened.notes, ...report.warnings]) session.warn(warning);
  const others = parseInitialCluster(initialCluster)
    .filter((member) => member.name !== name)
    .map((member): OtherMember => {
      const words = wordsFor(session, options, opened.path ?? report.source.label, report, member);
      return { name: member.name, words };
    });
  return restoreAnswer(report, others);
}

/** Undefined: the engine's default, which is to move. */
function bumpOf({ bump, bumpRevision }: DatadirOptions): RestoreDatadirOptions['bump'] {
  if (bump) return bumpRevision === undefined ? undefined : { by: bumpRevision, markCompacted: true };
  if (bumpRevision === undefined) return null;
  throw new Failure('usage', '--bump-revision and --no-bump exclude each other');
}

async function sourceOf(session: Session, options: DatadirOptions): Promise<OpenedSource> {
  const { file, snapshot, from } = options;
  if (file !== undefined) {
    if (from !== undefined) throw new Failure('usage', '--from and --file exclude each other');
    return await openFileOrArchive(session, resolve(session.io.cwd, file));
  }
  if (snapshot === undefined) throw new Failure('usage', 'either --snapshot or --file is needed');
  if (from !== undefined) return await openForeignSource(session, from, snapshot);
  const repository = await openRepository(session);
  const { showSnapshot } = await import('@holdfast/engine');
  const selected = await selectedSnapshot(session, repository, snapshot, 'restore');
  return asItIs({ repository, snapshot: await showSnapshot(session.context, repository, selected) });
}

/** The command that restores another member of the same cluster; `latest` may mean another one by then. */
function wordsFor(
  session: Session,
  options: DatadirOptions,
  which: string,
  { cluster: { token } }: RestoreDatadirReport,
  member: { readonly name: string; readonly peerUrls: readonly string[] },
): string[] {
  return [
    ['holdfast', 'restore', 'datadir'],
    whichWords(session, options, which),
    ['--data-dir', resolve(session.io.cwd, options.dataDir)],
    options.walDir === undefined ? [] : ['--wal-dir', resolve(session.io.cwd, options.walDir)],
    ['--name', member.name, '--initial-cluster', options.initialCluster],
    ['--initial-advertise-peer-urls', member.peerUrls.join(',')],
    ['--initial-cluster-token', token],
    options.bumpRevision === undefined ? [] : ['--bump-revision', String(options.bumpRevision)],
    options.bump ? [] : ['--no-bump'],
    options.skipHashCheck === true ? ['--skip-hash-check'] : [],
  ].flat();
}

function whichWords(session: Session, { file, from }: DatadirOptions, which: string): string[] {
  const { cwd } = session.io;
  if (file !== undefined) return ['--file', resolve(cwd, file)];
  if (from !== undefined)
    return ['--from', placeWord(session, from), '--snapshot', which, ...wayFlags(session, from)];
  const { cluster } = session.settings;
  const ofCluster = cluster === undefined ? [] : ['--cluster', cluster];
  return ['--snapshot', which, ...placeFlags(session), ...ofCluster];
}
