import { systemClock } from '@holdfast/base';
import { connectEtcd } from '@holdfast/etcd/client';
import type { MemberSight, RestorePlan } from '@holdfast/model';
import { expect, test } from 'vitest';
import type { VerbContext } from '../../context.ts';
import { planOf, sightOf } from '../checks/test-plan.ts';
import type { StepEvidence } from '../node.ts';
import { performClusterStep } from './index.ts';

const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.0.0' };
const salvage = { kind: 'salvage', member: 'm1', size: 1, revision: 61 } as const;

function asked(): never {
  throw new Error('a check only looks');
}

async function check(changes: Partial<RestorePlan>, sight: MemberSight): Promise<StepEvidence> {
  return await performClusterStep(context, {
    plan: planOf({ source: salvage, way: 'salvage', ...changes }),
    kind: 'check',
    member: undefined,
    found: () => undefined,
    nodes: () => ({
      observe: async () => Promise.resolve(sight),
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
    endOfStep: AbortSignal.timeout(10_000),
  });
}

test('what is seen now counts, not what the plan saw', async () => {
  expect((await check({}, sightOf()))['checks']).toHaveLength(11);
  await expect(check({}, sightOf({ data: 'damaged', running: null }))).rejects.toMatchObject({
    code: 'restore-refused',
    why: expect.stringMatching(/^P1 integrity: .*; P13 reach: /) as string,
    details: { cluster: 'prod', checks: 'P1, P13' },
  });
});

test('what a person lets be skipped does not stop it', async () => {
  const skips = [{ check: 'P13', reason: 'the rack is gone' }];
  const { checks } = await check({ skips }, sightOf({ running: null }));
  expect(checks).toContainEqual(expect.objectContaining({ id: 'P13', outcome: 'skipped' }));
});
