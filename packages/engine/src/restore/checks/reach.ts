import type { Finding, Subject } from './request.ts';

/** P13: every member can be seen, or a person vouches that it is off: a member that runs on splits the cluster. */
export function checkReach({ plan }: Subject): Finding {
  const unseen = plan.members.filter(({ sight }) => sight.running === null);
  const alone = unseen.filter(({ attested }) => attested === undefined);
  const evidence = {
    members: plan.members.map(({ name, sight, attested }) => ({
      name,
      running: sight.running,
      attested: attested ?? null,
    })),
  };
  if (alone.length > 0) {
    const names = alone.map(({ name }) => name).join(', ');
    return { outcome: 'failed', detail: `nobody can tell whether etcd of ${names} is off`, evidence };
  }
  if (unseen.length > 0) {
    const told = unseen.map(({ name, attested }) => `${attested?.by} says of ${name}: ${attested?.reason}`);
    return { outcome: 'warned', detail: told.join('; '), evidence };
  }
  return { outcome: 'passed', detail: 'every member can be seen', evidence };
}
