import type { PlannedMember } from '@holdfast/model';
import { controlPlaneFinding } from './control-plane.ts';
import { formerMembersLeft, type FormerMember } from './former-members.ts';
import type { Finding, Subject } from './request.ts';

/**
 * P13: every member and every part of the control plane can be seen, or a person vouches that it is off, and none that the
 * cluster had is forgotten: a member that runs on splits the cluster, an API server that runs on mixes the old data with
 * the new.
 */
export async function checkReach(subject: Subject): Promise<Finding> {
  const { plan } = subject;
  // A cluster that runs on needs its other members.
  const left = plan.way === 'replace' ? [] : await formerMembersLeft(subject);
  const control = await controlPlaneFinding(subject);
  const evidence = {
    members: plan.members.map(({ name, sight, attested }) => ({
      name,
      running: sight.running,
      attested: attested ?? null,
    })),
    controlPlane: plan.controlPlane.map(({ name, running, attested }) => ({
      name,
      running,
      attested: attested ?? null,
    })),
    notFenced: left,
  };
  const faults = [...plan.members.flatMap(faultOf), ...left.map(leftWords), ...control.faults];
  if (faults.length > 0) return { outcome: 'failed', detail: faults.join('; '), evidence };
  const unseen = plan.members.filter(({ sight }) => sight.running === null);
  const vouched = unseen.map(({ name, attested }) => `${attested?.by} says of ${name}: ${attested?.reason}`);
  const warnings = [...vouched, ...control.warnings];
  if (warnings.length > 0) return { outcome: 'warned', detail: warnings.join('; '), evidence };
  const parts = plan.controlPlane.length === 0 ? '' : ' and every part of the control plane';
  return { outcome: 'passed', detail: `every member${parts} can be seen`, evidence };
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
