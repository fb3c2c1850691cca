import { Failure, formatBytes, formatDuration, isFailure } from '@holdfast/base';
import type { SaveReport } from '@holdfast/engine';
import type { EtcdClient } from '@holdfast/etcd/client';
import type { Repository, SnapshotEntry } from '@holdfast/repository';
import { withEtcd, withRepository } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { connect } from '../sources/etcd.ts';
import { openRepository } from '../sources/repository.ts';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { pairs } from '../term/table.ts';
import { verificationFailure } from '../view/evidence.ts';
import { snapshotItem, stateWords } from '../view/snapshot.ts';

interface SaveOptions {
  readonly name?: string;
  readonly endpoint?: string;
  readonly allowDegraded?: true;
  readonly verify: boolean;
}

export function addSave(parent: Verb): void {
  const verb = parent.command('save');
  withRepository(withEtcd(verb))
    .description('Save a snapshot of a live etcd cluster into a repository, and prove it.')
    .option('--name <name>', 'the name of the snapshot (default: on-demand-<member>-<unix time>)')
    .option('--allow-degraded', 'store it even without quorum or from an unhealthy member, marked degraded')
    .option('--no-verify', 'leave the proof for later; the snapshot is then stored, not verified')
    .example(
      'A cluster with TLS',
      'holdfast snapshot save --endpoints https://10.0.0.1:2379,https://10.0.0.2:2379 --repo /backup \\\n      --cacert ca.crt --cert client.crt --key client.key',
    )
    .example(
      'With a login',
      'holdfast snapshot save --endpoints http://10.0.0.1:2379 --repo /backup --user root --password-file pw',
    )
    .example('In a script', 'name=$(holdfast snapshot save --repo /backup -q)')
    .answers(save);
  verb.addOption(
    verb.createOption('--endpoint <url>', 'save from this member and no other').helpGroup('etcd:'),
  );
  verb.remark(
    'The member is a healthy follower that keeps up, before the leader. An empty or absent folder at --repo becomes a repository. Nothing is listed before it is whole and durable. Exit 0 means verified (with --no-verify: stored); exit 3 that the snapshot is stored and could not be proven in full.',
  );
}

async function save(session: Session, options: SaveOptions): Promise<Answer> {
  const { settings, io } = session;
  const { name, endpoint } = options;
  if (name === 'latest') throw new Failure('snapshot-name-invalid', 'it means the newest snapshot', { name });
  const client = await connect(settings, io, endpoint);
  try {
    const { saveSnapshot } = await import('@holdfast/engine');
    const report = await saveSnapshot(session.context, {
      client,
      repository: await repositoryFor(session, client),
      ...(settings.cluster !== undefined && { cluster: settings.cluster }),
      ...(name !== undefined && { name }),
      ...(endpoint !== undefined && { endpoint: client.endpoints[0]! }),
      allowDegraded: options.allowDegraded === true,
      verify: options.verify,
    });
    return saveAnswer(report);
  } finally {
    await client[Symbol.asyncDispose]();
  }
}

/** The repository, made when it is not there: but an etcd that does not answer shall not leave an empty one. */
async function repositoryFor(session: Session, client: EtcdClient): Promise<Repository> {
  try {
    return await openRepository(session);
  } catch (error) {
    if (!isFailure(error, 'repository-missing')) throw error;
    const { orAborted } = await import('@holdfast/engine');
    await orAborted(client.survey(), session.io.signal);
    return await openRepository(session, true);
  }
}

function saveAnswer({ snapshot, storedMs, durationMs }: SaveReport): Answer {
  const { manifest } = snapshot;
  const evidence = snapshot.evidence.at(-1);
  const failure = evidence && verificationFailure(evidence);
  return {
    json: {
      apiVersion,
      kind: 'SavedSnapshot',
      ...snapshotItem(snapshot),
      chosen: manifest.member,
      doubts: manifest.quorum.reasons,
      hashKv: manifest.hashKv,
      evidence: evidence ?? null,
      storedMs: Math.round(storedMs),
      durationMs: Math.round(durationMs),
    },
    names: [snapshot.name],
    text: (view) => saveText(snapshot, storedMs, durationMs, view),
    ...(failure && { failure }),
  };
}

function saveText(snapshot: SnapshotEntry, storedMs: number, durationMs: number, view: View): string {
  const { member, content, revision, hashKv, hashKvMissing, quorum } = snapshot.manifest;
  const checked = snapshot.evidence.length > 0 ? `, checked in ${formatDuration(durationMs - storedMs)}` : '';
  return `${view.style('good', 'saved')} ${snapshot.name} of cluster ${snapshot.cluster.name}\n${pairs(
    [
      ['state', stateWords(snapshot, view.style)],
      ['revision', String(revision)],
      ['size', formatBytes(content.size)],
      ['time', `stored in ${formatDuration(storedMs)}${checked}`],
      ['member', `${member.name} at ${member.endpoint}: ${member.why}`],
      ['doubts', quorum.reasons.length === 0 ? undefined : quorum.reasons.join('; ')],
      ['sha256', content.sha256],
      [
        'hashkv',
        hashKv === null ? `not known: ${hashKvMissing ?? 'the member gave none'}` : String(hashKv.hash),
      ],
      ['file', snapshot.path],
    ],
    '  ',
  )}`;
}
