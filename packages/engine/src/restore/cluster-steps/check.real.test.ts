import { systemClock } from '@holdfast/base';
import { connectEtcd } from '@holdfast/etcd/client';
import type { RestorePlan } from '@holdfast/model';
import { etcdOrSkip, startCluster } from '@holdfast/test-servers';
import { expect, test } from 'vitest';
import type { VerbContext } from '../../context.ts';
import { memberOf, planOf, sightOf } from '../checks/test-plan.ts';
import type { StepEvidence } from '../node.ts';
import { performClusterStep } from './index.ts';

const { skip } = await etcdOrSkip('3.6');
const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.0.0' };

function asked(): never {
  throw new Error('a check only looks');
}

async function check(plan: RestorePlan): Promise<StepEvidence> {
  return await performClusterStep(context, {
    plan,
    kind: 'check',
    member: undefined,
    found: () => undefined,
    nodes: ({ name }) => ({
      observe: async () =>
        Promise.resolve(plan.members.find((each) => each.name === name)?.sight ?? sightOf()),
      compare: asked,
      perform: asked,
      undo: asked,
      observeComponent: async () => Promise.resolve({ running: true, detail: 'it runs' }),
      performComponent: asked,
      undoComponent: asked,
      salvaged: asked,
      release: asked,
    }),
    connect: (endpoints) => connectEtcd({ endpoints, clock: systemClock }),
    endOfStep: AbortSignal.timeout(30_000),
  });
}

test.skipIf(skip)(
  'a cluster that has a quorum again is not replaced by what was planned without one',
  async () => {
    await using cluster = await startCluster({ version: '3.6' });
    const source = { kind: 'salvage', member: 'm1', size: 1, revision: 61 } as const;
    const clientUrls = [...cluster.endpoints];
    const members = [
      { ...memberOf('m1', 1), clientUrls, sight: sightOf({ inQuorum: false, answers: false }) },
    ];
    const refused = { code: 'restore-refused', why: expect.stringContaining('in a quorum again') as string };
    await expect(check(planOf({ way: 'salvage', source, members }))).rejects.toMatchObject(refused);
  },
);

test.skipIf(skip)('no member is replaced beside one that has left the quorum since', async () => {
  const source = { kind: 'quorum', size: 1, revision: 61 } as const;
  const { role: _, sight: __, ...stays } = memberOf('m2', 3);
  const staying = [{ ...stays, clientUrls: ['http://127.0.0.1:4'] }];
  await expect(
    check(planOf({ way: 'replace', source, members: [memberOf('m1', 1)], staying })),
  ).rejects.toMatchObject({
    code: 'restore-refused',
    why: 'm2 stays and is not in a quorum: plan anew',
  });
});
