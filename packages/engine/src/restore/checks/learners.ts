import type { Finding, Subject } from './request.ts';

/** P5: learners in the snapshot's member list, and etcd versions that are known to have spoiled data. */
export async function checkLearners(subject: Subject): Promise<Finding> {
  const { plan, stored } = subject;
  const facts = await subject.facts();
  const learners = (facts?.members ?? []).filter(({ isLearner }) => isLearner).map(({ name }) => name);
  const members = plan.members.filter(({ role }) => role === 'member');
  const written = stored?.manifest.versions.etcd;
  const versions = [
    ...new Set([written, ...members.map(({ sight }) => sight.version)].flatMap((each) => each ?? [])),
  ];
  const doubts = [
    ...learners.map((name) => `the snapshot lists ${name === '' ? 'a member' : name} as a learner`),
    ...versions.flatMap((version) => faultsOf(version).map((fault) => `etcd ${version} ${fault}`)),
  ];
  const evidence = { learners, versions };
  if (doubts.length === 0) {
    return {
      outcome: 'passed',
      detail: 'no learner is listed, and no faulty version of etcd is seen',
      evidence,
    };
  }
  const detail = `${doubts.join('; ')}. The new member list is made from the plan and holds no learner`;
  return { outcome: 'warned', detail, evidence };
}

/** etcd's own warnings: etcd-io/etcd issues 13766 (3.5.0 to 3.5.2) and 19557 (3.5.1 to 3.5.19). */
function faultsOf(version: string): string[] {
  const patch = /^3\.5\.(\d+)/.exec(version)?.[1];
  if (patch === undefined) return [];
  return [
    ...(Number(patch) <= 2 ? ['can lose what it has told to be written, when it is killed'] : []),
    ...(Number(patch) >= 1 && Number(patch) <= 19
      ? ['can keep a promoted member as a learner in its database, which 3.6 then reads']
      : []),
  ];
}
