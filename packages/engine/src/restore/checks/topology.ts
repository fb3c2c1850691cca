import { hostOf, isLoopback, whyCannotJoin, type MemberDescription } from '@holdfast/model';
import { portIsOpen } from '../../doctor/port.ts';
import type { Finding, Subject } from './request.ts';

/** P10: the members form a cluster that can work, at addresses that others reach and nobody else uses. */
export async function checkTopology(subject: Subject): Promise<Finding> {
  const { plan } = subject;
  const fresh = plan.members.filter(({ role }) => role === 'member');
  const members: readonly MemberDescription[] = [...fresh, ...(plan.staying ?? [])];
  const faults = [
    ...twice(
      'name',
      members.map(({ name }) => name),
    ),
    ...twice(
      'peer URL',
      members.flatMap(({ peerUrls }) => peerUrls),
    ),
    ...twice(
      'client URL',
      members.flatMap(({ clientUrls }) => clientUrls),
    ),
    ...unreachableHosts(members),
    ...cannotJoin(subject.plan),
    ...(await portsOfOthers(subject)),
  ];
  const evidence = {
    members: members.map(({ name, peerUrls, clientUrls }) => ({ name, peerUrls, clientUrls })),
  };
  if (faults.length > 0) return { outcome: 'failed', detail: faults.join('; '), evidence };
  const count = members.length === 1 ? '1 member' : `${members.length} members`;
  if (members.length % 2 === 0 || members.length > 7) {
    const why =
      members.length % 2 === 0
        ? `bear the loss of no more members than ${members.length - 1} would`
        : 'are more than etcd works well with';
    return { outcome: 'warned', detail: `${count} ${why}`, evidence };
  }
  return { outcome: 'passed', detail: `${count} at addresses of their own`, evidence };
}

/** A member that joins has to be told so, where its etcd is started. */
function cannotJoin({ way, strategy, seed, members }: Subject['plan']): string[] {
  return members.flatMap(({ name, role, run }) => {
    const joins = role === 'member' && (way === 'replace' || (strategy === 'seed' && seed !== name));
    const why = joins ? whyCannotJoin(run) : undefined;
    if (why === undefined) return [];
    const instead = way === 'replace' ? '' : ' (--strategy all needs no joining)';
    return [`${name} would have to join, and ${why}${instead}`];
  });
}

function twice(what: string, values: readonly string[]): string[] {
  const doubles = values.filter((value, index) => values.indexOf(value) !== index);
  return [...new Set(doubles)].map((value) => `the ${what} ${value} is given twice`);
}

/** A loopback address means another machine for each member, unless all live on one. */
function unreachableHosts(members: readonly MemberDescription[]): string[] {
  const hosts = members.flatMap(({ name, peerUrls, clientUrls }) =>
    [...peerUrls, ...clientUrls].map((url) => ({ name, url, host: hostOf(url) })),
  );
  const broken = hosts.filter(({ host }) => host === undefined);
  const unspecified = hosts.filter(({ host }) => host === '0.0.0.0' || host === '::');
  const peers = members.flatMap(({ name, peerUrls }) =>
    peerUrls.map((url) => ({ name, url, host: hostOf(url) })),
  );
  const local = peers.filter(({ host }) => host !== undefined && isLoopback(host));
  return [
    ...broken.map(({ name, url }) => `${name} has ${url}, which is no URL`),
    ...unspecified.map(({ name, url }) => `${name} has ${url}, which is no address that others reach`),
    ...(members.length > 1 && local.length < peers.length
      ? local.map(({ name, url }) => `${name} has the peer URL ${url}, which the others cannot reach`)
      : []),
  ];
}

/** Where the member's own etcd is off and its port is taken, something else would answer in its place. */
async function portsOfOthers({ plan, context }: Subject): Promise<string[]> {
  const off = plan.members.filter(({ role, sight }) => role === 'member' && sight.running === false);
  const looked = await Promise.all(
    off.flatMap(({ name, peerUrls, clientUrls }) =>
      [...new Set([...peerUrls, ...clientUrls])]
        .filter((url) => hostOf(url) !== undefined)
        .map(async (url) => ({ name, url, taken: await portIsOpen(url, context.clock) })),
    ),
  );
  return looked
    .filter(({ taken }) => taken)
    .map(({ name, url }) => `etcd of ${name} is off, and something else listens at ${url}`);
}
