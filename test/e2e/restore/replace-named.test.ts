import { etcdOrSkip } from '@holdfast/test-servers';
import { expect, test } from 'vitest';
import { Lab } from './lab.ts';
import { outcomeOf } from './outcome.ts';

const { skip } = await etcdOrSkip('3.6');

/** Has the cluster believe that a member is corrupt, or no more. */
async function setAlarm(lab: Lab, action: 'ACTIVATE' | 'DEACTIVATE', memberID: bigint): Promise<void> {
  const gateway = lab.gateway(lab.members[0]!);
  await gateway.post('/v3/maintenance/alarm', { action, alarm: 'CORRUPT', memberID: String(memberID) });
  gateway.close();
}

test.skipIf(skip)('a member that answers and whose alarm says CORRUPT is replaced by name', async () => {
  await using lab = await Lab.make({ version: '3.6', members: 3 });
  await lab.start();
  const gateway = lab.gateway(lab.members[1]!);
  const { memberId } = await gateway.status();
  gateway.close();
  await setAlarm(lab, 'ACTIVATE', memberId);

  const request = ['--cluster-file', lab.clusterFile, '--way', 'replace', '--confirm', 'lab'];
  const bare = await lab.restore(['run', ...request]);
  expect([bare.status, bare.stderr]).toEqual([14, expect.stringMatching(/named with --replace/)]);
  const two = await lab.restore(['run', ...request, '--replace', 'm2', '--replace', 'm3']);
  expect([two.status, two.stderr]).toEqual([2, expect.stringMatching(/a quorum is 2/)]);

  const { status, stdout, stderr } = await lab.restore(['run', ...request, '--replace', 'm2']);
  expect(`${stderr} ${status}`).toMatch(/ 0$/);
  expect(stdout).toMatch(/etcdctl alarm disarm/);
  await setAlarm(lab, 'DEACTIVATE', memberId);
  expect(await outcomeOf(lab, lab.members)).toEqual({
    clusterIds: [lab.content.clusterId],
    names: ['m1', 'm2', 'm3'],
    learners: 0,
    keys: lab.content.atEnd,
    hashes: 1,
  });
});
