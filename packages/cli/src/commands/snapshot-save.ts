import { withEtcd, withRepository } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { connect } from '../sources/etcd.ts';
import { openRepository } from '../sources/repository.ts';
import type { Answer } from '../term/answer.ts';

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
    'The member is a healthy follower that keeps up, before the leader. An empty or absent folder at --repo becomes a repository. Nothing is listed before it is whole and durable.',
  );
}

async function save(session: Session, options: SaveOptions): Promise<Answer> {
  const { settings, io } = session;
  const { endpoint } = options;
  await using client = await connect(settings, io, endpoint);
  const repository = await openRepository(session, true);
  const { saveSnapshot } = await import('@holdfast/engine');
  const saved = await saveSnapshot(session.context, {
    client,
    repository,
    ...(settings.cluster !== undefined && { cluster: settings.cluster }),
    ...(options.name !== undefined && { name: options.name }),
    ...(endpoint !== undefined && { endpoint: client.endpoints[0]! }),
    allowDegraded: options.allowDegraded === true,
    verify: options.verify,
  });
  return saveAnswer(saved);
}
