import type { Finding, Subject } from './request.ts';

/** P6: whether etcd asks for a login afterwards, and whether there is one to be used. */
export async function checkLogin(subject: Subject): Promise<Finding> {
  const { plan, connect } = subject;
  const facts = await subject.facts();
  await using client = connect(plan.members.flatMap(({ clientUrls }) => clientUrls));
  const user = client.user ?? null;
  const evidence = { auth: facts?.auth ?? null, user };
  if (facts?.auth !== true) {
    const detail =
      facts === undefined
        ? 'logins stay as they are in the cluster'
        : 'the snapshot has authentication switched off';
    return { outcome: 'passed', detail, evidence };
  }
  if (user === null) {
    const detail =
      'the snapshot has authentication switched on, so the cluster asks for a login; no user is configured, so nothing can be proven after the restore without one';
    return { outcome: 'warned', detail, evidence };
  }
  const root = user === 'root' ? '' : ', which must have the root role in the snapshot';
  return {
    outcome: 'passed',
    detail: `the snapshot has authentication switched on; user ${user} is configured${root}`,
    evidence,
  };
}
