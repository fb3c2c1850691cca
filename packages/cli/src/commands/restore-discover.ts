import { Failure } from '@holdfast/base';
import { clusterNamePattern, runBy, type ClusterDescription } from '@holdfast/model';
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
      'Describe what runs on this machine of a cluster, etcds and their control plane, as a file that a restore reads.',
    )
    .option('--name <name>', 'what the cluster is called', fallbackName)
    .example('Look', 'holdfast restore discover')
    .example('One of several clusters', 'holdfast restore discover --endpoints http://127.0.0.1:2379')
    .example('Keep it, before it is needed', 'holdfast restore discover --name prod -o yaml > prod.yaml')
    .remark(
      'Members, and the kube-apiserver, controller manager and scheduler that use them, are found by their processes. Static pods, containers of Docker, K3s and RKE2 are found too. What does not run, or runs on another machine, is not: add it to the file by hand (docs/guides/hosts.md). Keep the file where it survives the machine.',
    )
    .answers(discover);
}

async function discover(session: Session, { name }: { readonly name: string }): Promise<Answer> {
  if (!clusterNamePattern.test(name)) {
    throw new Failure('usage', '--name must be one word of letters, digits and . _ -');
  }
  session.io.signal.throwIfAborted();
  const { discoverCluster } = await import('@holdfast/agent');
  const { description, notes } = await discoverCluster(name, session.settings.endpoints);
  for (const note of notes) session.warn(note);
  return descriptionAnswer(description);
}

function descriptionAnswer(description: ClusterDescription): Answer {
  const members = description.members.map((member) => {
    const { name, clientUrls, peerUrls, dataDir, walDir } = member;
    const place = walDir === undefined ? dataDir : `${dataDir} (log: ${walDir})`;
    return [name, clientUrls.join(','), peerUrls.join(','), place, runBy(member.run)];
  });
  const parts = description.controlPlane.map((part) => [
    part.name,
    part.component,
    part.urls.join(','),
    runBy(part.run),
  ]);
  return {
    json: { ...description },
    names: [...description.members, ...description.controlPlane].map(({ name }) => name),
    text: () =>
      `${table(['MEMBER', 'CLIENTS', 'PEERS', 'DIRECTORY', 'RUN BY'], members)}${
        parts.length === 0 ? '' : `\n${table(['CONTROL PLANE', 'COMPONENT', 'LISTENS', 'RUN BY'], parts)}`
      }`,
  };
}
