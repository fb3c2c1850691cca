import type { Gateway } from '@holdfast/test-servers';
import type { Step } from './history.ts';
import { Model } from './model.ts';

/** Plays a history to a real etcd and to the model. */
export async function play(gateway: Gateway, steps: readonly Step[]): Promise<Model> {
  const model = new Model();
  for (const step of steps) {
    await playStep(gateway, step, model);
    model.play(step);
  }
  return model;
}

async function playStep(gateway: Gateway, step: Step, model: Model): Promise<void> {
  switch (step.do) {
    case 'put':
      await gateway.put(step.key, step.value, step.lease);
      return;
    case 'delete':
      await gateway.deleteRange(step.key, step.end);
      return;
    case 'txn':
      await gateway.txn(step.changes.map((change) => ('put' in change ? change : { delete: change.delete })));
      return;
    case 'grant':
      await gateway.leaseGrant(36_000, step.lease);
      return;
    case 'revoke':
      await gateway.leaseRevoke(step.lease);
      return;
    case 'compact': {
      const revision = model.compactionOf(step);
      if (revision !== undefined) await gateway.compact(revision);
      return;
    }
    case 'defragment':
      await gateway.defragment();
  }
}
