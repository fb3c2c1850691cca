import { randomUUID } from 'node:crypto';
import { ClusterSpec } from '@holdfast/model/fleet';
import { Option } from 'commander';
import { onceMore, wholeNumber, withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { withFleet } from '../remote/connection.ts';
import type { Answer } from '../term/answer.ts';
import { fleetClusterAnswer } from '../view/fleet-cluster.ts';

interface AddOptions {
  readonly description: string;
  readonly distribution: ClusterSpec['distribution'];
  readonly in?: readonly string[];
  readonly approvals: number;
}

export function addClusterAdd(parent: Verb): void {
  const verb = parent.command('add');
  verb
    .description('Add a cluster to a server. Its nodes join afterwards, with `cluster join`.')
    .argument('<name>', 'its name, also in the repositories')
    .option('--description <text>', 'what it is, for people', '')
    .addOption(
      new Option('--distribution <kind>', 'how its etcd is run')
        .choices([...ClusterSpec.shape.distribution.unwrap().options])
        .default('etcd'),
    )
    .option(
      '--in <repo>',
      'a repository of the server that its snapshots are in; may be repeated, the first is asked first',
      onceMore,
    )
    .addOption(
      new Option('--approvals <n>', 'how many other people have to allow a restore')
        .argParser(wholeNumber(0))
        .default(0, '0'),
    )
    .example('With one repository', 'holdfast cluster add prod --distribution kubeadm --in main')
    .answers(add);
  withServer(verb);
}

async function add(session: Session, options: AddOptions, name: string): Promise<Answer> {
  const { description, distribution, approvals, in: repositories = [] } = options;
  const body = { name, description, distribution, approvals, repositories: [...repositories] };
  return await withFleet(session, async ({ client }) =>
    fleetClusterAnswer(
      await client.call('createCluster', { body, idempotencyKey: randomUUID() }),
      [],
      'added',
    ),
  );
}
