import { Failure } from '@holdfast/base';
import { clusterNamePattern, type ClusterDescription } from '@holdfast/model';
import { withEndpoints } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import type { Answer } from '../term/answer.ts';
import { table } from '../term/table.ts';
import { fallbackName } from './restore-request.ts';

export function addDiscover(parent: Verb): void {
  const verb = parent.command('discover');
  withEndpoints(verb)
    .description(
      'Describe the etcd members of a cluster that run on this machine, as a file that a restore reads.',
    )
    .option('--name <name>', 'what the cluster is called', fallbackName)
    .example('Look', 'holdfast restore discover')
    .example('One of several clusters', 'holdfast restore discover --endpoints http://127.0.0.1:2379')
    .example('Keep it, before it is needed', 'holdfast restore discover --name prod -o yaml > prod.yaml')
    .remark(
      'Members are found by their processes. Those that do not run, and those of other machines, are not found: add them to the file by hand. Keep the file where it survives the machine.',
    )
    .answers(discover);
}

async function discover(session: Session, { name }: { readonly name: string }): Promise<Answer> {
  if (!clusterNamePattern.test(name)) {
    throw new Failure('usage', '--name must be one word of letters, digits and . _ -');
  }
  session.io.signal.throwIfAborted();
  const { discoverCluster } = await import('@holdfast/agent');
  return descriptionAnswer(await discoverCluster(name, session.settings.endpoints));
}

function descriptionAnswer(description: ClusterDescription): Answer {
  const rows = description.members.map(({ name, clientUrls, peerUrls, dataDir, walDir, run }) => [
    name,
    clientUrls.join(','),
    peerUrls.join(','),
    walDir === undefined ? dataDir : `${dataDir} (log: ${walDir})`,
    run.driver === 'systemd' ? run.unit : 'a process',
  ]);
  return {
    json: { ...description },
    names: description.members.map(({ name }) => name),
    text: () => table(['MEMBER', 'CLIENTS', 'PEERS', 'DIRECTORY', 'RUN BY'], rows),
  };
}
