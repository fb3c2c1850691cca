import { Failure } from '@holdfast/base';
import type { SaveReport } from '@holdfast/engine';
import type { EtcdClient } from '@holdfast/etcd/client';
import { Option } from 'commander';
import { companionsRootOf, withCompanions, type CompanionsOptions } from '../program/companions-options.ts';
import { withEtcd, withRepositories, withStateDir } from '../program/options.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import { connect } from '../sources/etcd.ts';
import { queueFlags } from '../sources/places.ts';
import { openQueue } from '../sources/queue.ts';
import {
  addressOf,
  isMissing,
  openRepositories,
  withMissingMade,
  type OpenedRepository,
} from '../sources/repository.ts';
import type { SnapshotOptions } from '../remote/snapshots.ts';
import type { Answer } from '../term/answer.ts';
import { saveAnswer } from '../view/save.ts';
import { makeDueCopies } from './due-copies.ts';

interface SaveOptions extends CompanionsOptions {
  readonly name?: string;
  readonly endpoint?: string;
  readonly allowDegraded?: true;
  readonly preUpgrade?: true;
  readonly verify: boolean;
  readonly readBack: 'full' | 'none';
  readonly dropLocal?: true;
}

export function addSave(parent: Verb): void {
  const verb = parent.command('save');
  withStateDir(withRepositories(withEtcd(verb)))
    .description('Save a snapshot of a live etcd cluster into one repository or several, and prove it.')
    .option('--name <name>', 'the name of the snapshot (default: on-demand-<member>-<unix time>)')
    .option('--allow-degraded', 'store it even without quorum or from an unhealthy member, marked degraded')
    .option(
      '--pre-upgrade',
      'it is taken before a change of the cluster: no retention removes it, only a person does',
    )
    .option('--no-verify', 'leave the proof for later; the snapshot is then stored, not verified')
    .addOption(
      new Option('--read-back <how>', 'read again what was stored encoded, before it counts')
        .choices(['full', 'none'])
        .default('full'),
    )
    .option('--drop-local', 'remove the copy on this machine once all other required ones are stored')
    .example(
      'A cluster with TLS',
      'holdfast snapshot save --endpoints https://10.0.0.1:2379,https://10.0.0.2:2379 --repo /backup \\\n      --cacert ca.crt --cert client.crt --key client.key',
    )
    .example(
      'With a login',
      'holdfast snapshot save --endpoints http://10.0.0.1:2379 --repo /backup --user root --password-file pw',
    )
    .example('In two repositories', 'holdfast snapshot save --repo /backup --repo s3://backups/prod')
    .example(
      'Before an upgrade, which goes on only if it is proven',
      'holdfast snapshot save --pre-upgrade && kubeadm upgrade apply v1.36.0',
    )
    .example('In a script', 'name=$(holdfast snapshot save --repo /backup -q)')
    .example(
      'A cluster of a server, by one of its nodes',
      'holdfast snapshot save --server https://holdfast.example:9443 --cluster prod',
    )
    .answers(save);
  withCompanions(verb, 'keep with it what else a restore needs of this node, where it is sealed');
  verb.addOption(
    verb.createOption('--endpoint <url>', 'save from this member and no other').helpGroup('etcd:'),
  );
  overServer(verb, { takes: ['repo', 'name', 'preUpgrade'] }, async (session, options: SnapshotOptions) => {
    const remote = await import('../remote/snapshots.ts');
    return withFleet(session, (fleet) => remote.saveSnapshot(fleet, options));
  });
  verb.remark(
    'The member is a healthy follower that keeps up, before the leader. An empty or absent folder at --repo becomes a repository. Nothing is listed before it is whole and durable. Exit 0 means verified (with --no-verify or --read-back none: stored); exit 3 that the snapshot is stored and could not be proven in full, or is missing in a required repository.',
  );
  verb.remark(
    'Each repository has its own result. A copy that failed waits in a queue (`holdfast queue list`), and is made by the next save or by `holdfast queue run`. A save makes a few that are due after it has answered, for half a minute at most.',
  );
}

async function save(session: Session, options: SaveOptions): Promise<Answer> {
  const { settings, io, context } = session;
  const { name, endpoint } = options;
  const companionsRoot = companionsRootOf(options);
  if (name === 'latest') throw new Failure('snapshot-name-invalid', 'it means the newest snapshot', { name });
  const client = await connect(settings, io, endpoint);
  const stored: string[] = [];
  try {
    const { saveSnapshot } = await import('@holdfast/engine');
    const opened = await repositoriesFor(session, client);
    const report = await saveSnapshot(context, {
      client,
      destinations: opened.map((each) => ({
        ...each,
        at: addressOf(session, each.name),
        dropLocal: options.dropLocal === true && isLocal(each),
      })),
      ...(settings.cluster !== undefined && { cluster: settings.cluster }),
      ...(name !== undefined && { name }),
      ...(endpoint !== undefined && { endpoint: client.endpoints[0]! }),
      ...(options.preUpgrade === true && { trigger: 'pre-upgrade', base: 'pre-upgrade' }),
      ...(companionsRoot !== undefined && { companionsRoot }),
      allowDegraded: options.allowDegraded === true,
      verify: options.verify,
      readBack: options.readBack,
      queue: await openQueue(session),
      onStored: (name, place) => stored.push(`${name} is stored in ${place}`),
    });
    for (const warning of report.warnings) session.warn(warning);
    return { ...savedHere(session, report), afterwards: () => makeDueCopies(session) };
  } catch (error) {
    // Elsewhere an interrupted command has done nothing; here somebody has to know the name.
    if (session.io.signal.aborted) for (const each of stored) session.warn(`${each}, and stays there`);
    throw error;
  } finally {
    await client[Symbol.asyncDispose]();
  }
}

function savedHere(session: Session, report: SaveReport): Answer {
  return saveAnswer(report, {
    list: ['holdfast', 'queue', 'list', ...queueFlags(session, false)],
    run: ['holdfast', 'queue', 'run', ...queueFlags(session, true)],
  });
}

/** The repositories, made where they are not there: but an etcd that does not answer shall not leave empty ones. */
async function repositoriesFor(session: Session, client: EtcdClient): Promise<OpenedRepository[]> {
  const { orAborted } = await import('@holdfast/engine');
  const { signal } = session.io;
  const opened = await orAborted(openRepositories(session), signal);
  // What a signal has cut off looks as if it had failed.
  signal.throwIfAborted();
  const failures = opened.flatMap((each) =>
    each.repository instanceof Failure && !isMissing(each) ? [each.repository] : [],
  );
  if (failures.length === opened.length) throw failures[0]!;
  if (!opened.some(isMissing)) return opened;
  await orAborted(client.survey(), signal);
  return await withMissingMade(session, opened);
}

function isLocal({ repository }: OpenedRepository): boolean {
  return !(repository instanceof Failure) && repository.storage.localPath('any') !== undefined;
}
