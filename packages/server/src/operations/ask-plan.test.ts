import type { Operation } from '@holdfast/model/fleet';
import { expect, test } from 'vitest';
import { isOver } from './is-over.ts';
import { finishing, leading, restoreWorld } from './testing/restore-world.ts';
import { cluster, person } from './testing/world.ts';

const isDone = ({ state }: Operation): boolean => isOver(state);

test('a restore from a folder that the server does not read is led by the node that saved there', async () => {
  await using world = await restoreWorld(leading(() => finishing));
  const at = world.clock.now().toISOString();
  const spec = { name: 'own', path: '/backup', readByServer: false };
  await world.store.repositories.create({
    ...{ name: 'own', spec, secretNames: [], sealed: null, createdAt: at },
  });
  const script = world.script;
  world.script = (stored, of) =>
    stored.order.kind === 'save'
      ? {
          outcome: 'done',
          result: {
            outcome: 'ok',
            failure: null,
            snapshot: 'mine',
            storedIn: ['own'],
            note: '',
            warnings: [],
          },
        }
      : script(stored, of);
  const { operations } = world.start();
  const save = { cluster, policy: null, repositories: ['own'], name: null, scheduledFor: null };
  const saved = await world.until((await operations.save(person, save)).id, isDone);
  expect(saved.state).toBe('succeeded');
  // It would not be chosen by its name.
  world.node(saved.node!, { name: 'z-last' });
  for (const snapshot of ['mine', 'latest', undefined]) {
    const request = {
      scope: 'none' as const,
      attest: [],
      skips: [],
      clone: false,
      restartNodes: true,
      repository: 'own',
    };
    const plan = await operations.plan(person, {
      cluster,
      request: { ...request, ...(snapshot !== undefined && { snapshot }) },
    });
    expect(plan.input['leader']).toBe(saved.node);
  }
});
