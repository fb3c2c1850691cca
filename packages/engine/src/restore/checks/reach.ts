import type { PlannedMember } from '@holdfast/model';
import { formerMembersLeft, type FormerMember } from './former-members.ts';
import type { Finding, Subject } from './request.ts';

/**
 * P13: every member can be seen, or a person vouches that it is off, and none that the cluster had is forgotten: a member
 * that runs on splits the cluster.
 */
export async function checkReach(subject: Subject): Promise<Finding> {
  const { plan } = subject;
  const unseen = plan.members.filter(({ sight }) => sight.running === null);
  // A cluster that runs on needs its other members.
  const left = plan.way === 'replace' ? [] : await formerMembersLeft(subject);
  const evidence = {
    members: plan.members.map(({ name, sight, attested }) => ({
      name,
      running: sight.running,
      attested: attested ?? null,
    })),
    notFenced: left,
  };
  const faults = [...plan.members.flatMap(faultOf), ...left.map(leftWords)];
  if (faults.length > 0) return { outcome: 'failed', detail: faults.join('; '), evidence };
  if (unseen.length > 0) {
    const told = unseen.map(({ name, attested }) => `${attested?.by} says of ${name}: ${attested?.reason}`);
    return { outcome: 'warned', detail: told.join('; '), evidence };
  }
  return { outcome: 'passed', detail: 'every member can be seen', evidence };
}

/** An etcd that answers from where no step can be carried out would run on. */
function faultOf({ name, sight, attested }: PlannedMember): string[] {
  const { running, answers, data, dataFault } = sight;
  const why = dataFault === '' ? '' : `: ${dataFault}`;
  if (attested !== undefined) return answers ? [`etcd of ${name} answers, and is said to be off`] : [];
  if (running === null) return [`nobody can tell whether etcd of ${name} is off${why}`];
  return running && data === 'unknown' ? [`etcd of ${name} runs and cannot be stopped from here${why}`] : [];
}

function leftWords({ id, name, peerUrls, described }: FormerMember): string {
  const who = `${name === '' ? `member ${id}` : name} (${peerUrls.join(', ')})`;
  return described
    ? `the cluster had ${who}, the description has it elsewhere, and there something still listens`
    : `the cluster had ${who} too, which the description does not name, so nobody stops it`;
}
